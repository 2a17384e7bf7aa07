import FieldProtocols
import GatewayModel
import JSONText

/// The conversation with one board while its port is open: what is decoded, sent, acknowledged and asked again.
struct BoardTalk: PortTalk, ~Copyable {
    private var decoder = BoardDecoder()
    private var session: BoardSession
    private var ledger = ReceiptLedger()
    /// Frames up to these are to be acknowledged after the commit.
    private var owed: [(side: MDPEndpoint, seq: UInt32)] = []
    private var quota = LineQuota()
    /// Durable commands that the board has not answered yet.
    private var awaited: Set<String> = []
    private var wakening = BoardWakening()
    /// When a change of firmware was last answered with a question (milliseconds of the monotonic clock).
    private var greetedAt: Int64?
    private(set) var device: DeviceName

    /// The session's own question, which no queue knows of.
    private static let helloID = "hello"
    /// A port on which two kinds of firmware seem to speak in turn is not asked at each turn.
    private static let greetingPause: Int64 = 5_000

    /// `firstSeq` is where our own frame numbers begin: another one after a restart keeps late answers apart.
    ///
    /// `heard`: what had been heard of the board before a restart.
    init(device: DeviceName, firstSeq: UInt32, heard: [ClosedRange<UInt32>] = []) {
        self.device = device
        decoder.resume(heard: heard, of: .sideA)
        session = BoardSession(firstSeq: firstSeq)
    }

    var dialect: String? { decoder.generation?.rawValue }
    /// Known once it has said something that only one generation says; what it owes an answer for comes first.
    var isReady: Bool { decoder.generation != nil && awaited.isEmpty }
    var counters: PortCounters {
        let counters = decoder.counters
        return PortCounters(
            messages: counters.frames + counters.lines, observations: counters.observations,
            damaged: counters.malformed, withheldLines: counters.logLinesWithheld, missing: counters.missingFrames,
            repeated: counters.repeatedFrames, late: counters.lateFrames)
    }
    /// Numbers of the board's count that came without a record and that no record has taken along yet. Only Side A
    /// makes records.
    var heard: [ClosedRange<UInt32>] { decoder.heard(of: .sideA) }

    var due: Int64? { [session.nextDue, quota.due, wakening.due].compactMap { $0 }.min() }

    mutating func rename(_ device: DeviceName) { self.device = device }

    /// The port was opened: asks who is there, which resets nothing.
    mutating func opened(_ now: ReceiveTime) -> [PortOutcome] {
        session.submit(BoardCommand(id: Self.helloID, name: "hello"))
        wakening.opened(now.monotonicMilliseconds)
        return advance(now)
    }

    mutating func received(
        _ bytes: UnsafeRawBufferPointer, at now: ReceiveTime, into batch: inout ObservationBatch
    ) -> [PortOutcome] {
        let generationBefore = decoder.generation
        let milliseconds = now.monotonicMilliseconds
        decoder.logLinesAllowed = quota.allowance(now: milliseconds)
        let withheldBefore = decoder.counters.logLinesWithheld
        var outcomes: [PortOutcome] = []
        for event in decoder.receive(bytes, at: now, into: &batch, device: device) {
            switch event {
            case .hello(let fields): outcomes.append(.hello(fields))
            case .answer(let answer): session.receive(answer, now: milliseconds)
            case .logLine: quota.spend()
            case .acknowledgementWanted(let seq, let source, let isAnswer, let arrived):
                if let arrived { session.arrived(upTo: arrived) }
                if let seq = ledger.receipt(for: seq, of: source, isAnswer: isAnswer, now: milliseconds) {
                    owed.append((source, seq))
                    outcomes.append(.receiptDue)
                }
            case .malformed(let error, let byteCount): outcomes.append(.damaged(code: error.code, byteCount: byteCount))
            case .bootBanner: wakening.booted(milliseconds)
            case .event, .telemetry, .sequenceGap: break
            }
        }
        quota.withheld(Int(decoder.counters.logLinesWithheld - withheldBefore), now: milliseconds)
        outcomes = greetAnew(generationBefore, milliseconds) + outcomes
        wakening.heard(decoder.generation, milliseconds)
        return outcomes + advance(now)
    }

    mutating func receipts(_ now: ReceiveTime) -> [UInt8] {
        defer { owed.removeAll(keepingCapacity: true) }
        var bytes: [UInt8] = []
        for (side, seq) in owed {
            bytes += session.receipt(upTo: seq, for: side, traits: decoder.traits, now: now.monotonicMilliseconds)
        }
        return bytes
    }

    /// Whatever is due. Lines withheld from the log go to `batch` as a count, once a minute.
    mutating func tick(_ now: ReceiveTime, into batch: inout ObservationBatch) -> [PortOutcome] {
        if let count = quota.takeCount(now: now.monotonicMilliseconds) {
            let body = NoteBody.of { $0.integer("count", count) }
            batch.append(Note(.logs, kind: "serial_lines_withheld", device: device.id, body: body, received: now))
        }
        let words = wakening.words(now.monotonicMilliseconds).map { [PortOutcome.write($0)] } ?? []
        return words + advance(now)
    }

    mutating func submit(_ command: DeviceCommand, at now: ReceiveTime) -> [PortOutcome] {
        let params: JSON
        do {
            params = try JSON(parsing: command.params)
        } catch {
            return [.command(id: command.id, .refused, result: "the parameters are not JSON")]
        }
        awaited.insert(command.id)
        session.submit(
            BoardCommand(id: command.id, name: command.name, params: params, deadline: command.end(at: now)))
        return advance(now)
    }

    mutating func end(reason: String, _ now: ReceiveTime) -> [PortOutcome] {
        session.abandon(reason: reason)
        return advance(now)
    }

    private mutating func advance(_ now: ReceiveTime) -> [PortOutcome] {
        var bytes: [UInt8] = []
        let finished = session.advance(
            now: now.monotonicMilliseconds, generation: decoder.generation, traits: decoder.traits, into: &bytes)
        var outcomes: [PortOutcome] = bytes.isEmpty ? [] : [.write(bytes)]
        for command in finished where awaited.remove(command.id) != nil {
            outcomes.append(.command(id: command.id, command.state, result: command.result))
        }
        return outcomes
    }

    /// The board turns out to speak in lines: our HELLO frame stands in its line buffer and would spoil the next line. One
    /// that has got other firmware is asked anew who it is.
    private mutating func greetAnew(_ before: LineGeneration?, _ now: Int64) -> [PortOutcome] {
        guard let generation = decoder.generation, generation != before else { return [] }
        if before != nil {
            if let greetedAt, now - greetedAt < Self.greetingPause { return [.understood] }
            session.submit(BoardCommand(id: Self.helloID, name: "hello"))
        }
        greetedAt = now
        return generation == .g11 || generation == .g9 ? [.understood] : [.write([UInt8(ascii: "\n")]), .understood]
    }
}

extension FinishedCommand {
    var state: DeviceCommand.State {
        switch outcome {
        case .acknowledged: .acknowledged
        case .refused: .refused
        case .expired: .expired
        }
    }

    /// The board's answer as it came, or in words.
    var result: String { answer.isEmpty ? message : answer }
}
