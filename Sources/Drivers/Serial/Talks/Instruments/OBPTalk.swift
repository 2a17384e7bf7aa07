import FieldProtocols
import GatewayModel

/// The conversation with a spectrometer that speaks the Ocean binary protocol (STS and its kin): who it is, its
/// wavelengths, then a spectrum at each interval. One question is under way at a time.
struct OBPTalk: PortTalk {
    private enum Question: Equatable {
        case serialNumber, wavelengthCount, integration, nonlinearityCount
        case coefficient(UInt8), nonlinearity(UInt8)
        case setBaud(UInt32)
        case setIntegration(UInt32), setLamp(Bool)
        case spectrum
    }

    private struct Asked {
        var question: Question
        var frame: OBPFrame
        var commandID: String?
        var deadline: Int64
        var retries = 0
    }

    private let settings: InstrumentSettings
    private var rate: OBPRate
    private var recorder: SpectrumRecorder
    private var pace: InstrumentPace
    private var stream = OBPStream()
    private var pending: [(question: Question, commandID: String?)] = []
    private var asked: Asked?
    /// A question that shall be asked again, because the device was not ready.
    private var againAt: Int64?
    private var regarding: UInt32
    private var isSetUp = false
    private var coefficients: [Double] = []
    private var pixelCount = 0
    private var integrationMicroseconds: UInt32 = 100_000
    private var isLampOn: Bool?
    private var spectrum = Spectrum()
    private(set) var counters = PortCounters()

    /// Of a 14-bit converter, as the STS has.
    private static let fullScale = 16_383.0
    /// Of the STS.
    static let integrationRange: ClosedRange<UInt32> = 10...85_000_000
    private static let retriesMax = 5

    init(
        device: DeviceName, settings: InstrumentSettings, baud: Int, firstNumber: UInt32,
        darkFrames: DarkFrames = .none
    ) {
        self.settings = settings
        rate = OBPRate(baud, fast: settings.fastBaud)
        recorder = SpectrumRecorder(device: device, frames: darkFrames)
        pace = InstrumentPace(interval: settings.interval)
        regarding = firstNumber
    }

    var device: DeviceName { recorder.device }
    var dialect: String? { isSetUp ? "obp" : nil }
    var isReady: Bool { isSetUp && asked?.commandID == nil && !pending.contains { $0.commandID != nil } }
    var due: Int64? { againAt ?? asked?.deadline ?? pace.next }

    mutating func rename(_ device: DeviceName) { recorder.device = device }

    mutating func opened(_ now: ReceiveTime) -> [PortOutcome] {
        setUp()
        return ask(now.monotonicMilliseconds)
    }

    mutating func received(
        _ bytes: UnsafeRawBufferPointer, at now: ReceiveTime, into batch: inout ObservationBatch
    ) -> [PortOutcome] {
        var events: [OBPStream.Event] = []
        stream.receive(bytes) { events.append($0) }
        return take(events, now, &batch)
    }

    mutating func tick(_ now: ReceiveTime, into batch: inout ObservationBatch) -> [PortOutcome] {
        let milliseconds = now.monotonicMilliseconds
        if let againAt, milliseconds >= againAt { return askAgain(milliseconds) }
        if let asked, milliseconds >= asked.deadline {
            // What looked like the beginning of a long message may have hidden the answer.
            var events: [OBPStream.Event] = []
            while stream.isInsideMessage { stream.resync { events.append($0) } }
            let outcomes = take(events, now, &batch)
            return self.asked?.deadline == asked.deadline ? outcomes + giveUp(milliseconds) : outcomes
        }
        guard asked == nil, milliseconds >= pace.next else { return [] }
        if isSetUp { begin(milliseconds) } else { setUp() }
        return ask(milliseconds)
    }

    mutating func submit(_ command: DeviceCommand, at now: ReceiveTime) -> [PortOutcome] {
        do throws(InstrumentOrder.Refusal) {
            switch try InstrumentOrder(command) {
            case .measure: pace.askNow()
            case .takeDark:
                recorder.wantDark()
                pace.askNow()
            case .clearDark: recorder.clearDark()
            case .setIntegration(let milliseconds):
                guard let microseconds = Self.microseconds(milliseconds) else {
                    throw .init(reason: "ms: accepted 0.01…85000")
                }
                pending.append((.setIntegration(microseconds), command.id))
                return ask(now.monotonicMilliseconds)
            case .setLamp(let isOn):
                pending.append((.setLamp(isOn), command.id))
                return ask(now.monotonicMilliseconds)
            case .setGain, .reset:
                throw .init(reason: "accepted measure, take_dark, clear_dark, set_integration, lamp")
            }
            return [.command(id: command.id, .acknowledged, result: "")]
        } catch {
            return [.command(id: command.id, .refused, result: error.reason)]
        }
    }

    mutating func end(reason: String, _ now: ReceiveTime) -> [PortOutcome] { abandoned(reason) }

    /// Nil outside of what the device accepts.
    static func microseconds(_ milliseconds: Double) -> UInt32? {
        guard milliseconds.isFinite, let value = UInt32(exactly: (milliseconds * 1_000).rounded()) else { return nil }
        return integrationRange.contains(value) ? value : nil
    }

    // MARK: - Questions

    private mutating func setUp() {
        isSetUp = false
        coefficients = []
        recorder.nonlinearity = settings.correction == .linear ? [] : nil
        // Another device may be there now, with other coefficients.
        pixelCount = 0
        let setting = settings.integration.flatMap { Self.microseconds($0) }
        var questions: [Question] = [.serialNumber, setting.map { .setIntegration($0) } ?? .integration]
        if let lamp = settings.lamp { questions.append(.setLamp(lamp == .on)) }
        questions.append(.wavelengthCount)
        if settings.correction == .linear { questions.append(.nonlinearityCount) }
        pending = questions.map { ($0, nil) } + pending.filter { $0.commandID != nil }
    }

    private mutating func begin(_ now: Int64) {
        pace.begin(now)
        var questions: [Question] = settings.lamp == .measure ? [.setLamp(true)] : []
        questions.append(.spectrum)
        if settings.lamp == .measure { questions.append(.setLamp(false)) }
        pending = questions.map { ($0, nil) } + pending
    }

    private mutating func ask(_ now: Int64) -> [PortOutcome] {
        guard asked == nil, !pending.isEmpty else { return [] }
        let (question, id) = pending.removeFirst()
        regarding = regarding == .max ? 1 : regarding + 1
        let frame = frame(question)
        asked = Asked(question: question, frame: frame, commandID: id, deadline: now + patience(question))
        return [.write(frame.wire)]
    }

    private mutating func askAgain(_ now: Int64) -> [PortOutcome] {
        againAt = nil
        guard var again = asked else { return [] }
        again.deadline = now + patience(again.question)
        again.retries += 1
        asked = again
        return [.write(again.frame.wire)]
    }

    private func frame(_ question: Question) -> OBPFrame {
        switch question {
        case .serialNumber: .get(.serialNumber, regarding: regarding)
        case .wavelengthCount: .get(.wavelengthCount, regarding: regarding)
        case .integration: .get(.integration, regarding: regarding)
        case .coefficient(let index): .get(.wavelengthCoefficient, index: index, regarding: regarding)
        case .nonlinearityCount: .get(.nonlinearityCount, regarding: regarding)
        case .nonlinearity(let index): .get(.nonlinearityCoefficient, index: index, regarding: regarding)
        case .setBaud(let baud): .set(.setBaudRate, baud, regarding: regarding)
        case .setIntegration(let microseconds): .set(.setIntegration, microseconds, regarding: regarding)
        case .setLamp(let isOn): .set(.setLamp, isOn ? 1 : 0, regarding: regarding)
        case .spectrum:
            .get(settings.correction == .corrected ? .correctedSpectrum : .rawSpectrum, regarding: regarding)
        }
    }

    /// Integration, transfer of question and answer at ten bits a byte, and a second.
    private func patience(_ question: Question) -> Int64 {
        let byteCount = question == .spectrum ? 2_176 : 128
        let integration = question == .spectrum ? Int64(integrationMicroseconds / 1_000) : 0
        return integration + Int64(byteCount * 10_000 / rate.current) + 1_000
    }

    // MARK: - Answers

    private mutating func take(
        _ events: [OBPStream.Event], _ now: ReceiveTime, _ batch: inout ObservationBatch
    ) -> [PortOutcome] {
        var outcomes: [PortOutcome] = []
        for event in events {
            switch event {
            case .frame(let frame):
                counters.messages += 1
                outcomes += answer(frame, now, &batch)
            case .damaged(let error, _):
                counters.damaged += 1
                outcomes.append(.damaged(code: error.code, byteCount: OBPFrame.headerByteCount))
            case .skipped(let count, _): outcomes.append(.damaged(code: OBPError.badMagic.code, byteCount: count))
            }
        }
        return outcomes
    }

    private mutating func answer(
        _ frame: OBPFrame, _ now: ReceiveTime, _ batch: inout ObservationBatch
    ) -> [PortOutcome] {
        // Late answers carry the number of a question that nobody waits for any more.
        guard let asked, frame.type == asked.frame.type, frame.regarding == asked.frame.regarding, frame.isFromDevice
        else { return [] }
        let milliseconds = now.monotonicMilliseconds
        if frame.error == OBPRefusal.deferred.rawValue {
            let patience = patience(asked.question)
            self.asked?.deadline = milliseconds + patience
            return []
        }
        if frame.error != 0 || frame.flags.contains(.refused) { return refused(frame, asked, milliseconds) }
        self.asked = nil
        guard take(frame, asked.question) else { return fail(milliseconds, code: OBPError.lengthMismatch.code) }
        var outcomes: [PortOutcome] = asked.commandID.map { [.command(id: $0, .acknowledged, result: "")] } ?? []
        if case .setBaud = asked.question { outcomes.append(.setBaud(rate.current)) }
        if asked.question == .spectrum { outcomes += record(now, &batch) }
        if pending.isEmpty, !isSetUp {
            isSetUp = true
            pace.succeeded()
            pace.askNow()
            outcomes.append(.understood)
        }
        return outcomes + ask(milliseconds)
    }

    private mutating func refused(_ frame: OBPFrame, _ asked: Asked, _ now: Int64) -> [PortOutcome] {
        let refusal = OBPRefusal(rawValue: frame.error)
        if refusal?.isPassing == true, asked.retries < Self.retriesMax {
            againAt = now + 500
            return []
        }
        let reason = "the device refuses: " + (refusal?.name ?? "error \(frame.error)")
        self.asked = nil
        guard let id = asked.commandID else {
            switch asked.question {
            // A device without a lamp goes on without one, and one that stays at its speed at that.
            case .setLamp, .nonlinearityCount, .nonlinearity: return ask(now)
            case .setBaud:
                rate.giveUp()
                return ask(now)
            default: break
            }
            return fail(now, code: "device_" + (refusal?.name ?? "error"))
        }
        return [.command(id: id, .refused, result: reason)] + ask(now)
    }

    /// False if the answer does not hold what was asked for.
    private mutating func take(_ frame: OBPFrame, _ question: Question) -> Bool {
        switch question {
        case .serialNumber:
            rate.confirm()
            if let baud = rate.wanted.flatMap({ UInt32(exactly: $0) }) { pending.insert((.setBaud(baud), nil), at: 0) }
        case .setBaud:
            rate.raise()
            // Nothing else is asked before the device has been heard at its new speed.
            pending.insert((.serialNumber, nil), at: 0)
        case .integration:
            guard let value = frame.u32 else { return false }
            integrationMicroseconds = value
        case .setIntegration(let microseconds): integrationMicroseconds = microseconds
        case .setLamp(let isOn): isLampOn = isOn
        case .wavelengthCount:
            guard let count = frame.u8, (2...8).contains(count) else { return false }
            pending.insert(contentsOf: (0..<count).map { (.coefficient($0), nil) }, at: 0)
        case .nonlinearityCount:
            guard let count = frame.u8, count <= 16 else { return false }
            pending += (0..<count).map { (.nonlinearity($0), nil) }
        case .nonlinearity:
            guard let value = frame.f32, value.isFinite else { return false }
            recorder.nonlinearity?.append(Double(value))
        case .coefficient:
            guard let value = frame.f32, value.isFinite else { return false }
            coefficients.append(Double(value))
        case .spectrum:
            frame.readCounts(into: &spectrum.counts)
            return !spectrum.counts.isEmpty
        }
        return true
    }

    private mutating func record(_ now: ReceiveTime, _ batch: inout ObservationBatch) -> [PortOutcome] {
        if pixelCount != spectrum.counts.count || recorder.axis == nil {
            pixelCount = spectrum.counts.count
            let polynomial = settings.polynomial ?? WavelengthPolynomial(coefficients: coefficients, base: 0)
            recorder.use(polynomial.flatMap { SpectrumAxis($0, count: pixelCount) })
        }
        spectrum.dark = .none
        spectrum.integration = Double(integrationMicroseconds) / 1_000
        spectrum.fullScale = Self.fullScale
        spectrum.lamp = isLampOn
        guard recorder.record(spectrum, at: now, into: &batch) else {
            return fail(now.monotonicMilliseconds, code: "not_monotonic")
        }
        counters.observations += 1
        pace.succeeded()
        return []
    }

    private mutating func giveUp(_ now: Int64) -> [PortOutcome] {
        stream.reset()
        if case .setBaud = asked?.question { rate.giveUp() }
        let isUnheard = asked?.question == .serialNumber
        var outcomes = fail(now, code: "no_reply")
        guard isUnheard else { return outcomes }
        let before = rate.current
        if rate.change() { pace.askNow() }
        if rate.current != before { outcomes.append(.setBaud(rate.current)) }
        return outcomes
    }

    /// Everything begins again, later and later.
    private mutating func fail(_ now: Int64, code: String) -> [PortOutcome] {
        let outcomes = abandoned("the device did not answer")
        asked = nil
        againAt = nil
        pending = []
        isSetUp = false
        pace.failed(now)
        counters.damaged += 1
        return outcomes + [.damaged(code: code, byteCount: 0)]
    }

    private mutating func abandoned(_ reason: String) -> [PortOutcome] {
        let ids = [asked?.commandID].compactMap { $0 } + pending.compactMap(\.commandID)
        return ids.map { .command(id: $0, .expired, result: reason) }
    }
}
