/// The rest of an endless answer: what is put in goes out to the one connection that has it.
final class PeerFeed: Sendable, Equatable {
    private let state = Monitor<(bytes: [UInt8], isClosed: Bool)>(([], false))

    func put(_ text: String) { state.withLock { $0.bytes += Array(text.utf8) } }

    /// Ends the answer and the connection.
    func close() { state.withLock { $0.isClosed = true } }

    /// What was put in since the last time; nil once it is closed and empty.
    func take() -> [UInt8]? {
        state.withLock { state in
            defer { state.bytes = [] }
            return state.isClosed && state.bytes.isEmpty ? nil : state.bytes
        }
    }

    static func == (left: PeerFeed, right: PeerFeed) -> Bool { left === right }
}
