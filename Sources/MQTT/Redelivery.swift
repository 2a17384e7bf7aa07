internal import Glibc

/// Tells which messages of a resumed session the broker sends again.
///
/// libmosquitto passes no DUP flag on, but writes `Client ID received PUBLISH (d1, q1, …` to its log just before it hands a
/// message over. A line for each packet costs too much to listen for ever; since a broker repeats before it sends
/// anything new, listening ends when only new messages come.
struct Redelivery {
    /// So many new messages in a row end it.
    private static let newCountMax = 64

    private let prefix: [CChar]
    private var isListening = false
    private var isNextRepeated = false
    private var newCount = 0
    /// Whether the message taken last has ended it.
    private(set) var hasJustEnded = false

    init(clientID: String) { prefix = Array("Client \(clientID) received PUBLISH (d".utf8CString.dropLast()) }

    mutating func begin() {
        isListening = true
        newCount = 0
    }

    /// Takes a line of the library's log.
    mutating func hear(_ line: UnsafePointer<CChar>) {
        guard strncmp(line, prefix, prefix.count) == 0 else { return }
        isNextRepeated = line[prefix.count] == CChar(UInt8(ascii: "1"))
    }

    /// Whether the message that is being handed over was sent before.
    mutating func take(qos: Int32) -> Bool {
        hasJustEnded = false
        guard isListening else { return false }
        defer { isNextRepeated = false }
        // What is never repeated says nothing.
        guard qos > 0 else { return false }
        newCount = isNextRepeated ? 0 : newCount + 1
        hasJustEnded = newCount == Self.newCountMax
        isListening = !hasJustEnded
        return isNextRepeated
    }
}
