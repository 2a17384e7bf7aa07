/// What a board said besides readings, in the order in which it said it.
public enum BoardEvent: Sendable, Equatable {
    /// The board told who it is.
    case hello(HelloFields)
    /// A ROM line with the reason of a reset (`POWERON`, `BROWNOUT` …; empty if none was given).
    case bootBanner(reason: String)
    /// The board answered a command.
    case answer(BoardAnswer)
    /// Something happened on the board; it is also in the batch as a note. The body is one JSON object.
    case event(kind: String, body: String)
    /// An observation with this many readings was added to the batch.
    case telemetry(Int)
    /// The board sends this frame again until it is told that it has arrived. `isAnswer`: the frame is an acknowledgement
    /// itself, to be answered once at most. `arrived`: up to where our frames have arrived; nil from boards that do not
    /// count them.
    case acknowledgementWanted(seq: UInt32, source: MDPEndpoint, isAnswer: Bool, arrived: UInt32?)
    /// Frames of the board are missing. The journal notes it with the next record.
    case sequenceGap(SequenceGap)
    /// A line that is not understood; unless withheld it is also in the batch as a note.
    case logLine(String)
    /// Bytes that should have been a frame, or a frame with a payload that cannot be used.
    case malformed(MDPError, byteCount: Int)
}

/// Who a board says it is. Reported ids are not unique (reference, section 1.10): they are attributes, never keys.
public struct HelloFields: Sendable, Equatable {
    /// The id the board was built with.
    public var reportedID: String?
    /// `side-a-mdp-2.1.0`, `mycobrain.sideA.bsec2` …
    public var firmware: String?
    /// Where the firmware's name does not hold it.
    public var version: String?
    public var role: String?
    public var sensors: [String] = []
    public var capabilities: [String] = []
    /// Whether it was said after a boot, not on request.
    public var isBoot: Bool
    /// The side that spoke; nil for boards that speak in lines.
    public var source: MDPEndpoint?
    /// The JSON object as it came, on one line.
    public var raw: String
}

/// A board's answer to a command, with everything it can be matched by.
public struct BoardAnswer: Sendable, Equatable {
    /// What sort of answer it is.
    public enum Kind: Sendable {
        /// Accepted or refused.
        case acknowledgement
        /// Readings that were asked for; an acknowledgement may follow.
        case telemetry
        /// The answer to `hello`.
        case hello
        /// Binary generation: everything up to `ackSeq` has arrived. Says nothing of what became of it.
        case receipt
    }

    /// What sort of answer it is.
    public var kind: Kind
    /// MDP: the number of the command.
    public var ackSeq: UInt32?
    /// MDP: the side that answers.
    public var source: MDPEndpoint?
    /// g3, g4: the id sent with the command.
    public var id: String?
    /// g2, g5: the name of the command, or what its answer is called.
    public var command: String?
    public var success: Bool
    /// The board's own words, possibly empty.
    public var message: String
    /// The answer as it came.
    public var raw: String

    public init(
        kind: Kind, ackSeq: UInt32? = nil, source: MDPEndpoint? = nil, id: String? = nil, command: String? = nil,
        success: Bool, message: String, raw: String
    ) {
        self.kind = kind
        self.ackSeq = ackSeq
        self.source = source
        self.id = id
        self.command = command
        self.success = success
        // Answers are stored and shown; keys and certificates are not.
        self.message = SecretTransfer.isPEM(message) ? "" : message
        self.raw = SecretTransfer.isPEM(raw) ? SecretTransfer.withheld : raw
    }
}

/// Numbers that a board gave to frames or lines which never arrived.
public struct SequenceGap: Sendable, Equatable {
    /// The first and the last number that are missing.
    public var from: UInt32
    public var to: UInt32
    /// The side whose counter it is; nil for boards that speak in lines.
    public var source: MDPEndpoint?

    /// How many are missing.
    public var count: Int64 { Int64(to) - Int64(from) + 1 }
}
