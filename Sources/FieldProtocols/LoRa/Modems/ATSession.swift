/// Sends the commands of a modem one after the other and finds out which line ends which. It decides; others write.
///
/// An event never ends a command: it may come between the command and its OK. What comes late, after a command was given
/// up, must not end the next one either: then nothing is sent until the line has been quiet for a while.
public struct ATSession: Sendable {
    /// A command on its way.
    public struct Command: Sendable, Equatable {
        /// Without its end of line: `AT+PRECV=65533`.
        public var text: String
        /// What the owner knows it by.
        public var tag: Int
        /// How long an answer may take.
        public var patienceMilliseconds: Int64

        public init(_ text: String, tag: Int, patience: Int64 = 3_000) {
            self.text = text
            self.tag = tag
            patienceMilliseconds = patience
        }
    }

    /// How a command ended.
    public enum Result: Sendable, Equatable {
        /// With the value of its answer, if it has one.
        case done(String?)
        case refused(String)
        case timedOut
    }

    /// What is to be done.
    public enum Action: Sendable, Equatable {
        /// With CR LF.
        case write([UInt8])
        case ended(tag: Int, Result)
    }

    private enum State: Sendable, Equatable {
        case idle
        case awaiting(Command, deadline: Int64, value: String?)
        /// Waiting for the line to be quiet.
        case settling(until: Int64)
        /// The modem is busy: the command is sent again.
        case holding(Command, until: Int64)
    }

    private let dialect: ModemDialect
    private var state = State.idle
    private var queue: [Command] = []
    private var busyCount = 0

    /// Commands that may wait.
    public static let queueCountMax = 64
    static let quietMilliseconds: Int64 = 1_000
    static let busyMilliseconds: Int64 = 500
    static let busyCountMax = 3

    public init(_ dialect: ModemDialect) { self.dialect = dialect }

    /// Whether nothing is being done and nothing waits.
    public var isIdle: Bool { state == .idle && queue.isEmpty }

    /// When `tick` is wanted (milliseconds of the monotonic clock).
    public var due: Int64? {
        switch state {
        case .idle: nil
        case .awaiting(_, let deadline, _): deadline
        case .settling(let until), .holding(_, let until): until
        }
    }

    /// Queues a command. False if too many wait.
    public mutating func submit(_ command: Command, at now: Int64) -> [Action] {
        guard queue.count < Self.queueCountMax else {
            return [.ended(tag: command.tag, .refused("too many commands wait"))]
        }
        queue.append(command)
        return next(now)
    }

    /// Takes a line that was read.
    public mutating func receive(_ line: ModemLine, at now: Int64) -> [Action] {
        guard case .awaiting(let command, let deadline, let value) = state else {
            if case .settling = state, line.isReply { state = .settling(until: now + Self.quietMilliseconds) }
            return []
        }
        switch line {
        case .done: return end(command, .done(value), now)
        case .refused(let word):
            if word == "AT_BUSY_ERROR", busyCount < Self.busyCountMax {
                busyCount += 1
                state = .holding(command, until: now + Self.busyMilliseconds)
                return []
            }
            return end(command, .refused(word), now)
        case .answer(let name, let answer):
            if dialect.ends(command.text, name, answer) { return end(command, .done(answer), now) }
            // An echo of the command is no answer.
            if command.text != "AT+\(name)=\(answer)" {
                state = .awaiting(command, deadline: deadline, value: answer)
            }
            return []
        case .packet, .signal, .content, .event, .started, .other: return []
        }
    }

    /// Does what is due.
    public mutating func tick(_ now: Int64) -> [Action] {
        guard let due, now >= due else { return [] }
        switch state {
        case .idle: return []
        case .awaiting(let command, _, _):
            busyCount = 0
            state = .settling(until: now + Self.quietMilliseconds)
            return [.ended(tag: command.tag, .timedOut)]
        case .settling:
            state = .idle
            return next(now)
        case .holding(let command, _):
            state = .awaiting(command, deadline: now + command.patienceMilliseconds, value: nil)
            return [.write(Array((command.text + "\r\n").utf8))]
        }
    }

    /// The modem has lost everything: all that waits is forgotten. Returns the tags of what was.
    public mutating func reset() -> [Int] {
        var tags = queue.map(\.tag)
        switch state {
        case .awaiting(let command, _, _), .holding(let command, _): tags.insert(command.tag, at: 0)
        case .idle, .settling: break
        }
        state = .idle
        queue = []
        busyCount = 0
        return tags
    }

    private mutating func end(_ command: Command, _ result: Result, _ now: Int64) -> [Action] {
        state = .idle
        busyCount = 0
        return [.ended(tag: command.tag, result)] + next(now)
    }

    private mutating func next(_ now: Int64) -> [Action] {
        guard state == .idle, !queue.isEmpty else { return [] }
        let command = queue.removeFirst()
        state = .awaiting(command, deadline: now + command.patienceMilliseconds, value: nil)
        return [.write(Array((command.text + "\r\n").utf8))]
    }
}

extension ModemLine {
    /// Whether only a command can have caused it.
    fileprivate var isReply: Bool {
        switch self {
        case .done, .refused, .answer: true
        case .packet, .signal, .content, .event, .started, .other: false
        }
    }
}
