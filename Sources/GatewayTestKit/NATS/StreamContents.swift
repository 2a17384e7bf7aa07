public import NATS

/// What a JetStream stream holds, read from outside message by message.
public enum StreamContents {
    /// All messages of the stream, oldest first. Fails if the server does not answer for ten seconds.
    public static func read(_ stream: String, at url: String) throws -> [StoredMessage] {
        var messages: [StoredMessage] = []
        var failure: NATSError = .timedOut("not asked")
        let isRead = Eventually.holds {
            do throws(NATSError) {
                let connection = try NATSConnection(NATSSettings(), address: url, onArrival: {})
                guard let last = try connection.stream(stream)?.lastSequence else { return true }
                while UInt64(messages.count) < last {
                    // A message that is gone keeps its place.
                    let sequence = UInt64(messages.count) + 1
                    messages.append(
                        try connection.message(sequence, in: stream)
                            ?? StoredMessage(subject: "", sequence: sequence, id: nil, body: []))
                }
                return true
            } catch {
                failure = error
                return false
            }
        }
        guard isRead else { throw failure }
        return messages.filter { !$0.subject.isEmpty }
    }

    /// Waits until the stream holds `count` messages; whether it does.
    public static func reaches(
        _ count: UInt64, _ stream: String, at url: String, within limit: Duration = .seconds(30)
    ) -> Bool {
        var connection: NATSConnection?
        return Eventually.holds(within: limit) {
            do throws(NATSError) {
                let open: NATSConnection =
                    if let connection { connection } else {
                        try NATSConnection(NATSSettings(), address: url, onArrival: {})
                    }
                connection = open
                return try open.stream(stream)?.messages ?? 0 >= count
            } catch {
                connection = nil
                return false
            }
        }
    }
}
