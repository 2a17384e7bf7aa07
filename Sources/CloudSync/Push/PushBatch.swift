package import GatewayModel

/// Records of one lane that go out in one request, oldest first.
package struct PushBatch: Sendable, Equatable {
    /// The slot of its first record: names the batch while it is under way.
    package var slot: UInt64
    package var lastSlot: UInt64
    package var count: Int
    package var firstSeq: SequenceNumber
    package var lastSeq: SequenceNumber
    /// The share of the devices that it belongs to, and among how many.
    package var share = 0
    package var shares = 1

    /// Which of the machine's streams it belongs to.
    package var stream: Int { PushWindow.stream(of: slot) }
}
