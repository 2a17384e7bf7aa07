/// Where a streamed answer is written to. Valid until the body closure returns.
public struct ResponseStream: Sendable {
    /// Bytes that may wait in memory before a writer is held back.
    public static let unsentBytesMax = 256 * 1024

    private let sink: @Sendable ([UInt8]) async throws -> Void

    /// A stream into `sink`, so that a body can be tested without a server.
    public init(sink: @escaping @Sendable ([UInt8]) async throws -> Void) { self.sink = sink }

    /// Queues `bytes`; waits while more than `unsentBytesMax` have not been taken by the network. Pieces of 16 to 64 KiB
    /// are the fastest; nothing is copied on the way to the socket's thread.
    ///
    /// Throws `HTTPServerError.peerGone` when the client has left or takes nothing for too long, and `CancellationError`
    /// when the task was cancelled.
    public func write(_ bytes: [UInt8]) async throws { try await sink(bytes) }

    /// Sends text; waits while the client is slow, throws when it is gone.
    public func write(_ text: String) async throws { try await sink(Array(text.utf8)) }
}
