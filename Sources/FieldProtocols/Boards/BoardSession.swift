internal import JSONText

/// The commands to one board: what is sent when, what counts as the answer, when to try again and when to give up.
///
/// A state machine: time is given, bytes come out. An answer counts only from the side that was addressed; Side B's
/// word that it has forwarded something is not the answer (reference, section 1.7).
public struct BoardSession: ~Copyable {
    /// How patient the session is.
    public struct Limits: Sendable {
        /// Commands that may wait.
        public var queueMax = 64
        /// Frames under way at once; lines go one by one.
        public var inFlightMax = 2
        /// Milliseconds until a command is sent again or given up.
        public var answerWait: Int64 = 1500
        public var attemptMax = 3
        /// Milliseconds that readings which were asked for may precede their acknowledgement.
        public var acknowledgementWait: Int64 = 400

        public init() {}
    }

    private struct Entry {
        var command: BoardCommand
        /// Numbers of the frames it was sent in.
        var seqs: [UInt32] = []
        var answer: CommandForm.Answer?
        var attempts = 0
        var due: Int64 = 0
        /// The readings it asked for have come.
        var hasReadings = false
    }

    private let limits: Limits
    private var queue: [Entry] = []
    private var inFlight: [Entry] = []
    private var finished: [FinishedCommand] = []
    /// Of all frames that leave by this port.
    private var numbers: FrameNumbers
    private var traits = BoardTraits()

    /// - Parameter firstSeq: the number of the first frame; another one after a restart keeps late answers apart.
    public init(limits: Limits = Limits(), firstSeq: UInt32 = 1) {
        self.limits = limits
        numbers = FrameNumbers(first: firstSeq)
    }

    /// Whether nothing waits, is under way or is still to be told.
    public var isIdle: Bool { queue.isEmpty && inFlight.isEmpty && finished.isEmpty }
    public var pendingCount: Int { queue.count + inFlight.count }

    /// When `advance` has something to do even if nothing arrives; nil if only an event can change anything.
    public var nextDue: Int64? {
        let deadlines = queue.compactMap(\.command.deadline)
        return (inFlight.map(\.due) + deadlines).min()
    }

    /// Takes a command. An emergency goes to the front; what does not fit is refused with the next `advance`.
    public mutating func submit(_ command: BoardCommand) {
        if command.isEmergency {
            queue.insert(Entry(command: command), at: 0)
        } else if queue.count < limits.queueMax {
            queue.append(Entry(command: command))
        } else {
            finish(command, .refused, "too many commands are waiting for this board")
        }
    }

    /// Takes an answer of the board.
    public mutating func receive(_ answer: BoardAnswer, now: Int64) {
        guard let index = inFlight.firstIndex(where: { Self.concerns(answer, $0) }) else { return }
        let entry = inFlight[index]
        switch answer.kind {
        case .telemetry:
            inFlight[index].hasReadings = true
            inFlight[index].due = min(entry.due, now + limits.acknowledgementWait)
        case .receipt:
            inFlight.remove(at: index)
            finish(entry.command, .acknowledged, "the board has received it; it answers no more than that")
        case .hello, .acknowledgement:
            // Said by the other side, it means no more than that the command is on its way.
            if answer.success, answer.ackSeq != nil, let source = answer.source, source != entry.command.target {
                return
            }
            inFlight.remove(at: index)
            finish(entry.command, answer.success ? .acknowledged : .refused, answer.message, answer.raw)
        }
    }

    /// A board of the binary generation tells up to where our frames have arrived.
    public mutating func arrived(upTo seq: UInt32) { numbers.arrived(upTo: seq) }

    /// The frame that tells a side that everything up to `seq` is kept. It counts among the commands' frames, so it is made
    /// when it leaves.
    public mutating func receipt(
        upTo seq: UInt32, for side: MDPEndpoint, traits: BoardTraits, now: Int64
    ) -> [UInt8] {
        // Flagged as nothing but an acknowledgement, so that it is not answered in turn.
        let header = MDPHeader(type: .ack, seq: 0, ack: seq, flags: .isAck, source: .gateway, destination: side)
        let frame =
            numbers.frame(header, payload: [], isBinary: traits.speaksBinary, now: now)
            // The number that is acknowledged holds a line's end itself.
            ?? numbers.frame(header, payload: [], isBinary: true, now: now)
        return frame?.wire ?? []
    }

    /// Gives everything up: the port is gone.
    public mutating func abandon(reason: String) {
        for entry in inFlight + queue { finish(entry.command, .expired, reason) }
        inFlight = []
        queue = []
    }

    /// Does what is due: appends the bytes to write to `output` and returns the commands that are over.
    /// - Parameters:
    ///   - now: monotonic milliseconds.
    ///   - generation: what the board's decoder says; nil if not known yet.
    ///   - traits: what else it says.
    public mutating func advance(
        now: Int64, generation: LineGeneration?, traits: BoardTraits = BoardTraits(), into output: inout [UInt8]
    ) -> [FinishedCommand] {
        self.traits = traits
        settleDue(now: now, generation: generation, into: &output)
        expireQueued(now: now)
        var index = 0
        while index < queue.count {
            let entry = queue[index]
            guard let generation = usable(generation, for: entry.command) else {
                index += 1
                continue
            }
            let form = CommandForm(entry.command, for: generation, traits)
            guard isFree(for: form) || entry.command.isEmergency else { break }
            queue.remove(at: index)
            send(entry, as: form, now: now, into: &output)
        }
        defer { finished = [] }
        return finished
    }

    // MARK: - Sending

    /// Before anything is known, only frames that do no harm are sent: the question who is there, and the stop.
    private func usable(_ generation: LineGeneration?, for command: BoardCommand) -> LineGeneration? {
        if let generation { return generation }
        return command.isEmergency || command.name == "hello" || command.name == "ping" ? .g11 : nil
    }

    private func isFree(for form: CommandForm) -> Bool {
        switch form {
        case .frame: inFlight.count < limits.inFlightMax
        case .line, .packed: inFlight.isEmpty
        case .inexpressible: true
        }
    }

    private mutating func send(_ entry: Entry, as form: CommandForm, now: Int64, into output: inout [UInt8]) {
        var entry = entry
        switch form {
        case .inexpressible(let reason): return finish(entry.command, .refused, reason)
        case .line(let text, let answer):
            guard text.utf8.count <= Self.lineMax, !text.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D }) else {
                return finish(entry.command, .refused, "the command is longer than the board's line buffer")
            }
            entry.answer = answer
            output.append(contentsOf: text.utf8)
            output.append(0x0A)
        case .frame(let payload):
            guard writeFrame(payload, &entry, now, into: &output) else { return }
        case .packed(let payload, let answer):
            entry.answer = answer
            guard writeFrame(payload, &entry, isBinary: true, now, into: &output) else { return }
        }
        entry.attempts += 1
        entry.due = now + limits.answerWait
        inFlight.append(entry)
    }

    /// False if the command is over instead.
    private mutating func writeFrame(
        _ payload: [UInt8], _ entry: inout Entry, isBinary: Bool = false, _ now: Int64, into output: inout [UInt8]
    ) -> Bool {
        let header = MDPHeader(
            type: .command, seq: 0, flags: .ackRequested, source: .gateway, destination: entry.command.target)
        let frame = numbers.frame(header, payload: payload, isBinary: isBinary, again: entry.seqs.last, now: now)
        guard let frame else {
            finish(entry.command, .refused, "the command is longer than a board takes")
            return false
        }
        entry.seqs.append(frame.seq)
        // A lone delimiter flushes what may stand in the board's buffer.
        output.append(0)
        output.append(contentsOf: frame.wire)
        return true
    }

    /// The shortest line buffer of the firmware that takes JSON lines.
    private static let lineMax = 512

    private mutating func settleDue(now: Int64, generation: LineGeneration?, into output: inout [UInt8]) {
        let due = inFlight.filter { $0.due <= now }
        inFlight.removeAll { $0.due <= now }
        for entry in due {
            if entry.hasReadings {
                finish(entry.command, .acknowledged, "telemetry")
            } else if entry.answer == .noneButErrors {
                finish(entry.command, .acknowledged, "sent; this firmware answers only what it refuses")
            } else if entry.attempts < limits.attemptMax, entry.command.isRepeatable, !isOver(entry, now),
                let generation = usable(generation, for: entry.command)
            {
                send(entry, as: CommandForm(entry.command, for: generation, traits), now: now, into: &output)
            } else {
                let times = entry.attempts == 1 ? "once" : "\(entry.attempts) times"
                finish(entry.command, .expired, "no answer, sent \(times)")
            }
        }
    }

    private func isOver(_ entry: Entry, _ now: Int64) -> Bool { entry.command.deadline.map { $0 <= now } ?? false }

    private mutating func expireQueued(now: Int64) {
        for entry in queue where isOver(entry, now) {
            finish(entry.command, .expired, "not sent: the board could not take it in time")
        }
        queue.removeAll { entry in entry.command.deadline.map { $0 <= now } ?? false }
    }

    private mutating func finish(
        _ command: BoardCommand, _ outcome: FinishedCommand.Outcome, _ message: String, _ answer: String = ""
    ) {
        finished.append(FinishedCommand(id: command.id, outcome: outcome, message: message, answer: answer))
    }

    // MARK: - Matching

    private static func concerns(_ answer: BoardAnswer, _ entry: Entry) -> Bool {
        if let ackSeq = answer.ackSeq {
            // In the binary generation every frame says how far our count has come, which answers nothing.
            guard answer.kind == .receipt else { return entry.answer == nil && entry.seqs.contains(ackSeq) }
            // "Everything up to here": the result of a command comes by itself.
            return entry.answer == .receipt && entry.seqs.contains { $0 <= ackSeq }
        }
        switch entry.answer {
        case nil, .receipt: return false
        case .noneButErrors: return answer.id == nil && answer.command == nil && !answer.success
        case .byID: return answer.id == entry.command.id
        case .next: return answer.id == nil
        case .named(let names):
            // An error without a name can only mean the one command that is under way.
            guard let name = answer.command else { return answer.id == nil && !answer.success }
            return names.contains(name)
        }
    }
}
