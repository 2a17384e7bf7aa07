import Crypto
import FieldProtocols
import Fleet
import GatewayModel

/// A LoRa modem on a serial port: set up again whenever it may have forgotten, heard all the time, sent with by command.
struct ModemTalk: LineTalk {
    static let lineByteCountMax = ModemDialect.byteCountMax
    static let overlongLine = "line_too_long"

    /// What a command of the session is for.
    private enum Purpose: Equatable {
        case setUp(step: Int, isAlternative: Bool)
        case probe
        case send(id: String)
        case receive
    }

    private let modem: ModemDialect
    private let radio: ModemRadio
    private let steps: [ModemDialect.Step]
    var lines: LineCollector
    private var heardAt: Int64 = 0
    private var receiver: ModemReceiver
    private var session: ATSession
    private var packets: PacketReadings
    private var purposes: [Int: Purpose] = [:]
    private var lastTag = 0
    private var isSetUp = false
    /// When the modem is looked after next.
    private var careAt: Int64?
    /// The command whose packet is in the air, and when it is given up.
    private var sending: (id: String, deadline: Int64)?
    var counters = PortCounters()
    private(set) var device: DeviceName

    private static let careMilliseconds: Int64 = 60_000
    private static let retryMilliseconds: Int64 = 5_000
    private static let airMilliseconds: Int64 = 10_000
    /// A packet comes in one go: one of a Reyax that has not ended for so long was cut short, and must not swallow the next.
    private static let lineMilliseconds: Int64 = 2_000

    init(_ dialect: ModemDialect, device: DeviceName, radio: ModemRadio) {
        modem = dialect
        self.device = device
        self.radio = radio
        steps = dialect.setUp(radio)
        lines = dialect.lines
        receiver = ModemReceiver(dialect)
        session = ATSession(dialect)
        packets = PacketReadings(radio: radio.setting)
    }

    var isReady: Bool { isSetUp && sending == nil && session.isIdle }
    var due: Int64? { [session.due, careAt, sending?.deadline].compactMap { $0 }.min() }

    mutating func rename(_ device: DeviceName) { self.device = device }

    mutating func opened(_ now: ReceiveTime) -> [PortOutcome] { setUp(now) }

    mutating func received(
        _ bytes: UnsafeRawBufferPointer, at now: ReceiveTime, into batch: inout ObservationBatch
    ) -> [PortOutcome] {
        let isLate = now.monotonicMilliseconds - heardAt > Self.lineMilliseconds
        heardAt = now.monotonicMilliseconds
        guard modem == .reyax, isLate, lines.isInsideLine else { return readLines(bytes, at: now, into: &batch) }
        lines.reset()
        counters.damaged += 1
        return [.damaged(code: "line_cut_short", byteCount: 0)] + readLines(bytes, at: now, into: &batch)
    }

    mutating func read(
        _ line: UnsafeRawBufferPointer, _ now: ReceiveTime, _ batch: inout ObservationBatch
    ) -> [PortOutcome] {
        let read: ModemLine
        do throws(LoRaError) { read = try receiver.read(line) } catch {
            counters.damaged += 1
            return [.damaged(code: error.code.rawValue, byteCount: line.count)]
        }
        counters.messages += 1
        var outcomes: [PortOutcome] = []
        switch read {
        case .packet(let packet):
            counters.observations += packets.append(packet, of: device, at: now, into: &batch)
        case .event(let text): outcomes += took(text, now, &batch)
        // Nothing was asked: it tells of itself, as a Reyax does of a packet that it heard damaged (`+ERR=12`).
        case .refused(let word) where session.isIdle: outcomes += took(word, now, &batch)
        // A modem that starts by itself has lost its settings; one that we made start is about to answer.
        case .started where isSetUp: return forget("the modem has started anew") + setUp(now)
        default: break
        }
        return outcomes + act(on: session.receive(read, at: now.monotonicMilliseconds), now)
    }

    mutating func tick(_ now: ReceiveTime, into batch: inout ObservationBatch) -> [PortOutcome] {
        var outcomes: [PortOutcome] = []
        let milliseconds = now.monotonicMilliseconds
        if let sent = sending, milliseconds >= sent.deadline {
            sending = nil
            outcomes.append(.command(id: sent.id, .refused, result: "the modem did not say that it was sent"))
        }
        outcomes += act(on: session.tick(milliseconds), now)
        if let careAt, milliseconds >= careAt {
            self.careAt = milliseconds + Self.careMilliseconds
            if !isSetUp {
                outcomes += setUp(now)
            } else if session.isIdle {
                outcomes += submit("AT", .probe, now)
            }
        }
        return outcomes
    }

    mutating func submit(_ command: DeviceCommand, at now: ReceiveTime) -> [PortOutcome] {
        do throws(PayloadCommand.Refusal) {
            guard command.name == PayloadCommand.name else { throw .init("a LoRa modem takes \(PayloadCommand.name)") }
            var wanted = try PayloadCommand(params: command.params)
            if command.device != device.id { wanted.receiver = address(of: command.device) }
            guard let text = modem.send(wanted, hex: Hex.encode(wanted.payload).uppercased()) else {
                throw .init("this modem sends 1…240 printable characters")
            }
            return submit(text, .send(id: command.id), now)
        } catch {
            return [.command(id: command.id, .refused, result: error.description)]
        }
    }

    mutating func end(reason: String, _ now: ReceiveTime) -> [PortOutcome] { forget(reason) }

    mutating func reach(of device: DeviceID) -> PortReach { address(of: device) == nil ? .none : .heard }

    /// The address of a sender that this modem has named.
    private func address(of sender: DeviceID) -> Int? {
        let prefix = device.text + "-"
        guard modem == .reyax, sender.text.hasPrefix(prefix) else { return nil }
        return UInt16(sender.text.dropFirst(prefix.count)).map(Int.init)
    }

    // MARK: - The session

    private mutating func setUp(_ now: ReceiveTime) -> [PortOutcome] {
        isSetUp = false
        careAt = now.monotonicMilliseconds + Self.careMilliseconds
        _ = session.reset()
        purposes.removeAll()
        return step(0, now)
    }

    private mutating func step(_ index: Int, isAlternative: Bool = false, _ now: ReceiveTime) -> [PortOutcome] {
        guard steps.indices.contains(index) else {
            isSetUp = true
            return [.understood]
        }
        let step = steps[index]
        let text = isAlternative ? step.alternative ?? step.text : step.text
        return submit(text, .setUp(step: index, isAlternative: isAlternative), now)
    }

    private mutating func submit(_ text: String, _ purpose: Purpose, _ now: ReceiveTime) -> [PortOutcome] {
        lastTag += 1
        purposes[lastTag] = purpose
        return act(on: session.submit(.init(text, tag: lastTag), at: now.monotonicMilliseconds), now)
    }

    private mutating func act(on actions: [ATSession.Action], _ now: ReceiveTime) -> [PortOutcome] {
        var outcomes: [PortOutcome] = []
        for action in actions {
            switch action {
            case .write(let bytes): outcomes.append(.write(bytes))
            case .ended(let tag, let result):
                if let purpose = purposes.removeValue(forKey: tag) { outcomes += ended(purpose, result, now) }
            }
        }
        return outcomes
    }

    private mutating func ended(_ purpose: Purpose, _ result: ATSession.Result, _ now: ReceiveTime) -> [PortOutcome] {
        switch (purpose, result) {
        case (.setUp(let step, _), .done): return self.step(step + 1, now)
        case (.setUp(let step, let isAlternative), .refused):
            if !isAlternative, steps[step].alternative != nil { return self.step(step, isAlternative: true, now) }
            return steps[step].mayFail ? self.step(step + 1, now) : failSetUp("modem_refuses", now)
        case (.setUp, .timedOut): return failSetUp("modem_silent", now)
        case (.probe, .timedOut): return setUp(now)
        case (.send(let id), .done(let value)):
            guard modem.sentEvent != nil else { return [.command(id: id, .acknowledged, result: value ?? "sent")] }
            sending = (id, now.monotonicMilliseconds + Self.airMilliseconds)
            return []
        case (.send(let id), .refused(let word)): return [.command(id: id, .refused, result: word)]
        case (.send(let id), .timedOut):
            return [.command(id: id, .refused, result: "the modem does not answer")] + setUp(now)
        case (.probe, _), (.receive, _): return []
        }
    }

    private mutating func failSetUp(_ code: String, _ now: ReceiveTime) -> [PortOutcome] {
        _ = session.reset()
        purposes.removeAll()
        careAt = now.monotonicMilliseconds + Self.retryMilliseconds
        return [.damaged(code: code, byteCount: 0)]
    }

    private mutating func took(_ event: String, _ now: ReceiveTime, _ batch: inout ObservationBatch) -> [PortOutcome] {
        guard event == modem.sentEvent else {
            let body = NoteBody.of { $0.text("event", String(event.prefix(128))) }
            batch.append(Note(.events, kind: "lora_modem", device: device.id, body: body, received: now))
            return []
        }
        var outcomes: [PortOutcome] = []
        if let sent = sending {
            sending = nil
            outcomes.append(.command(id: sent.id, .acknowledged, result: event))
        }
        if let text = modem.receiveAgain { outcomes += submit(text, .receive, now) }
        return outcomes
    }

    /// Nothing will be answered any more.
    private mutating func forget(_ reason: String) -> [PortOutcome] {
        var ids: [String] = []
        for tag in session.reset() { if case .send(let id)? = purposes[tag] { ids.append(id) } }
        if let sent = sending { ids.append(sent.id) }
        purposes.removeAll()
        sending = nil
        isSetUp = false
        return ids.map { .command(id: $0, .refused, result: reason) }
    }
}
