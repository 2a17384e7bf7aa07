/// One event of a `text/event-stream` (WHATWG HTML, section 9.2).
public struct ServerSentEvent: Sendable, Equatable {
    /// `message` unless the server named it.
    public var name: String
    /// The data lines, joined by newlines.
    public var data: [UInt8]
    /// The last id that the server gave, with this event or an earlier one; empty if none.
    public var lastID: String

    public init(name: String = "message", data: [UInt8], lastID: String = "") {
        self.name = name
        self.data = data
        self.lastID = lastID
    }
}
