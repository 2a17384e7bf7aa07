internal import GatewayModel

/// What the `Nats-Msg-Id` of a stored message says: whose record it is, and how far its stream is told with it.
///
/// A record goes under its id, `<gateway>/<epoch>/<stream>/<seq>`; a gap as `<gateway>/<epoch>/<stream>/<from>-<to>`. An
/// attempt after the server took the id for a duplicate of something it has not stored adds `#<attempt>`.
struct PublishedID: Equatable {
    var gateway: String
    var epoch: String
    var stream: StreamName
    /// The record's number, or the first and the last one of the gap.
    var first: SequenceNumber
    var through: SequenceNumber

    /// Nil for an id that is not of this form: somebody else's.
    init?(_ text: String) {
        var rest = text[...]
        if let mark = rest.lastIndex(of: "#") {
            guard Self.number(rest[rest.index(after: mark)...]) != nil else { return nil }
            rest = rest[..<mark]
        }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 4, !parts[0].isEmpty, !parts[1].isEmpty,
            let stream = StreamName(rawValue: String(parts[2])),
            let range = Self.range(parts[3])
        else { return nil }
        gateway = String(parts[0])
        epoch = String(parts[1])
        self.stream = stream
        (first, through) = range
    }

    static func gap(_ gap: StreamGap, of stream: StreamName, gateway: String, epoch: String) -> String {
        "\(gateway)/\(epoch)/\(stream.rawValue)/\(gap.from)-\(gap.to)"
    }

    static func again(_ id: String, attempt: Int) -> String { attempt == 0 ? id : "\(id)#\(attempt)" }

    private static func range(_ text: Substring) -> (SequenceNumber, SequenceNumber)? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard let first = ends.first.flatMap(number), let last = ends.last.flatMap(number), ends.count <= 2,
            last >= first
        else { return nil }
        return (SequenceNumber(first), SequenceNumber(last))
    }

    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = Int64(text), number > 0
        else { return nil }
        return number
    }
}

/// The subjects of a gateway.
enum PublishedSubject {
    /// `mycogate.<gateway>.<stream>`.
    static func name(gateway: String, stream: StreamName) -> String { prefix(gateway: gateway) + stream.rawValue }

    /// What all subjects of the gateway begin with.
    static func prefix(gateway: String) -> String { "mycogate.\(token(gateway))." }

    /// A gateway's id as one token of a subject: a dot would divide it.
    static func token(_ gateway: String) -> String {
        gateway.split(separator: ".", omittingEmptySubsequences: false).joined(separator: "%2E")
    }

    /// Whether `pattern` (with `*` and `>`) takes `subject`.
    static func matches(_ pattern: String, _ subject: String) -> Bool {
        let wanted = pattern.split(separator: ".", omittingEmptySubsequences: false)
        let given = subject.split(separator: ".", omittingEmptySubsequences: false)
        for (index, token) in wanted.enumerated() {
            if token == ">" { return given.count > index }
            guard index < given.count, token == "*" || token == given[index] else { return false }
        }
        return wanted.count == given.count
    }
}
