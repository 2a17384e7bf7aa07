import FieldProtocols
import GatewayModel

/// The conversation with a sensor of the AS726x family: set-up, then a measurement at each interval, one question at a time.
///
/// Sketches print values without being asked: their lines are taken as they come, and nothing is asked any more.
struct AS726xTalk: LineTalk {
    static let lineByteCountMax = AS726xReply.lineByteCountMax
    static let overlongLine = AS726xReply.Failure.oversized.code

    /// What is to be done next.
    private enum Step {
        case ask(AS726xCommand, commandID: String?)
        /// The measurement is complete.
        case record
    }

    private let settings: InstrumentSettings
    private let transferMilliseconds: Int64
    private var recorder: SpectrumRecorder
    private var pace: InstrumentPace
    var lines = LineCollector(byteCountMax: lineByteCountMax)
    private var dialogue = AS726xDialogue()
    private var sketch = SketchLine()
    private var steps: [Step] = []
    private var askedFor: String?
    private var deadline: Int64?
    private var isSetUp = false
    private var isSketch = false
    /// When a sketch that says nothing more is held to have gone.
    private var sketchSilentAt: Int64 = 0
    private var hardware: Int?
    private var sensor: AS726xSensor?
    private var integrationSteps = 20
    private var gainFactor: Double?
    private var isLampOn: Bool?
    private var spectrum = Spectrum()
    var counters = PortCounters()

    init(device: DeviceName, settings: InstrumentSettings, baud: Int, darkFrames: DarkFrames = .none) {
        self.settings = settings
        recorder = SpectrumRecorder(device: device, frames: darkFrames)
        pace = InstrumentPace(interval: settings.interval)
        transferMilliseconds = Int64(AS726xReply.lineByteCountMax * 10_000 / max(baud, 300))
    }

    var device: DeviceName { recorder.device }
    var dialect: String? { isSketch ? "sketch" : sensor?.rawValue }
    var isReady: Bool {
        isSetUp && !steps.contains { if case .ask(_, .some) = $0 { true } else { false } } && askedFor == nil
    }
    var due: Int64? { isSketch ? sketchSilentAt : deadline ?? pace.next }

    mutating func rename(_ device: DeviceName) { recorder.device = device }

    mutating func opened(_ now: ReceiveTime) -> [PortOutcome] {
        setUp()
        // Ends whatever half a line the sensor may still hold.
        return [.write([0x0A])] + ask(now.monotonicMilliseconds)
    }

    mutating func tick(_ now: ReceiveTime, into batch: inout ObservationBatch) -> [PortOutcome] {
        let milliseconds = now.monotonicMilliseconds
        if let deadline, milliseconds >= deadline { return giveUp(milliseconds) }
        if isSketch, milliseconds >= sketchSilentAt { isSketch = false }
        guard !isSketch, deadline == nil, milliseconds >= pace.next else { return [] }
        if !isSetUp { setUp() } else { begin(milliseconds) }
        return advance(now, &batch)
    }

    mutating func submit(_ command: DeviceCommand, at now: ReceiveTime) -> [PortOutcome] {
        do throws(InstrumentOrder.Refusal) {
            guard !isSketch else { throw .init(reason: "the sketch on this board takes no commands") }
            let order = try InstrumentOrder(command)
            switch order {
            case .measure, .takeDark, .clearDark:
                if order == .takeDark { recorder.wantDark() }
                if order == .clearDark { recorder.clearDark() } else { pace.askNow() }
                return [.command(id: command.id, .acknowledged, result: "")]
            default:
                let questions = try questions(order)
                for (index, question) in questions.enumerated() {
                    steps.append(.ask(question, commandID: index == questions.count - 1 ? command.id : nil))
                }
                return deadline == nil ? ask(now.monotonicMilliseconds) : []
            }
        } catch {
            return [.command(id: command.id, .refused, result: error.reason)]
        }
    }

    mutating func end(reason: String, _ now: ReceiveTime) -> [PortOutcome] { abandoned(reason) }

    // MARK: - Steps

    private mutating func setUp() {
        isSetUp = false
        dialogue.giveUp()
        var questions: [AS726xCommand] = [.attention, .hardwareVersion]
        let wanted = settings.integration.flatMap { AS726xIntegration.steps(milliseconds: $0) }
        questions.append(wanted.map { .setIntegration(steps: $0) } ?? .integration)
        let code = settings.gain.flatMap { AS726xGain.code(of: $0) }
        questions.append(code.map { .setGain(code: $0) } ?? .gain)
        if let lamp = settings.lamp { questions += lampQuestions(isOn: lamp == .on) }
        steps =
            questions.map { .ask($0, commandID: nil) }
            + steps.filter { if case .ask(_, .some) = $0 { true } else { false } }
    }

    private mutating func begin(_ now: Int64) {
        pace.begin(now)
        spectrum = Spectrum()
        var questions: [AS726xCommand] = settings.lamp == .measure ? lampQuestions(isOn: true) : []
        if settings.values != .calibrated { questions.append(.rawValues) }
        if settings.values != .raw { questions.append(.calibratedValues) }
        questions.append(.temperature)
        steps = questions.map { .ask($0, commandID: nil) } + [.record] + steps
        if settings.lamp == .measure { steps += lampQuestions(isOn: false).map { .ask($0, commandID: nil) } }
    }

    private func lampQuestions(isOn: Bool) -> [AS726xCommand] {
        let lines = sensor == .as7265x ? [1, 3, 5] : [1]
        return lines.map { .led(line: $0, isOn: isOn) }
    }

    private func questions(_ order: InstrumentOrder) throws(InstrumentOrder.Refusal) -> [AS726xCommand] {
        switch order {
        case .setIntegration(let milliseconds):
            guard let steps = AS726xIntegration.steps(milliseconds: milliseconds) else {
                throw .init(reason: "ms: accepted 2.8…714")
            }
            return [.setIntegration(steps: steps)]
        case .setGain(let factor):
            guard let code = AS726xGain.code(of: factor) else { throw .init(reason: "gain: accepted 1, 3.7, 16, 64") }
            return [.setGain(code: code)]
        case .setLamp(let isOn): return lampQuestions(isOn: isOn)
        case .reset: return [.reset]
        case .measure, .takeDark, .clearDark: return []
        }
    }

    /// Asks the next question, if nothing waits for an answer.
    private mutating func ask(_ now: Int64) -> [PortOutcome] {
        guard deadline == nil, case .ask(let question, let id)? = steps.first else { return [] }
        steps.removeFirst()
        dialogue.ask(question)
        askedFor = id
        let measuring = question == .rawValues || question == .calibratedValues
        let integration = measuring ? AS726xIntegration.measurementMilliseconds(steps: integrationSteps) : 0
        deadline = now + Int64(integration) + transferMilliseconds + 1_000
        return [.write(Array((question.text + "\n").utf8))]
    }

    private mutating func advance(_ now: ReceiveTime, _ batch: inout ObservationBatch) -> [PortOutcome] {
        var outcomes: [PortOutcome] = []
        while deadline == nil, let step = steps.first {
            guard case .record = step else { return outcomes + ask(now.monotonicMilliseconds) }
            steps.removeFirst()
            outcomes += record(now, &batch)
        }
        if steps.isEmpty, deadline == nil, !isSetUp {
            isSetUp = true
            pace.succeeded()
            pace.askNow()
            outcomes.append(.understood)
        }
        return outcomes
    }

    private mutating func record(_ now: ReceiveTime, _ batch: inout ObservationBatch) -> [PortOutcome] {
        spectrum.integration = Double(integrationSteps) * AS726xIntegration.stepMilliseconds
        spectrum.fullScale = AS726xIntegration.fullScale(steps: integrationSteps)
        spectrum.gain = gainFactor
        spectrum.lamp = isLampOn
        let before = counters.observations
        if recorder.record(spectrum, at: now, into: &batch) { counters.observations += 1 }
        pace.succeeded()
        return counters.observations == before
            ? [.damaged(code: AS726xReply.Failure.wrongValueCount.code, byteCount: 0)] : []
    }

    /// Nothing came in time: everything begins again, later and later.
    private mutating func giveUp(_ now: Int64) -> [PortOutcome] {
        let outcomes = abandoned("the sensor did not answer")
        steps = []
        deadline = nil
        isSetUp = false
        dialogue.giveUp()
        lines.reset()
        pace.failed(now)
        counters.damaged += 1
        return outcomes + [.damaged(code: AS726xReply.Failure.noReply.code, byteCount: 0)]
    }

    private mutating func abandoned(_ reason: String) -> [PortOutcome] {
        var ids = [askedFor].compactMap { $0 }
        for case .ask(_, let id?) in steps { ids.append(id) }
        askedFor = nil
        return ids.map { .command(id: $0, .expired, result: reason) }
    }

    private static let sketchSilence: Int64 = 120_000

    // MARK: - Answers

    mutating func read(
        _ line: UnsafeRawBufferPointer, _ now: ReceiveTime, _ batch: inout ObservationBatch
    ) -> [PortOutcome] {
        counters.messages += 1
        do throws(AS726xReply.Failure) {
            let (question, answer) = try dialogue.answer(line)
            let id = askedFor
            askedFor = nil
            deadline = nil
            take(answer, to: question)
            var outcomes: [PortOutcome] = []
            if let id {
                let isRefused = answer == .refused
                outcomes.append(
                    .command(
                        id: id, isRefused ? .refused : .acknowledged,
                        result: isRefused ? "the sensor answered ERROR" : ""))
            }
            return outcomes + advance(now, &batch)
        } catch {
            // Of a sensor that has answered, values without `OK` are an answer that lost its end.
            if error == .unknownReply, sensor == nil || isSketch || !isSetUp, let values = sketch.read(line) {
                return take(values, now, &batch)
            }
            // Some adapters echo the question, and sketches greet.
            let isText = line.first.map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") } ?? false
            if error == .unknownReply, isText { return [] }
            counters.damaged += 1
            return [.damaged(code: error.code, byteCount: line.count)]
        }
    }

    private mutating func take(_ answer: AS726xDialogue.Answer, to question: AS726xCommand) {
        let numbers = dialogue.numbers
        switch (question, answer) {
        case (.hardwareVersion, .values): hardware = numbers.first.flatMap { Int(exactly: $0) }
        case (.integration, .values): adopt(integration: numbers.first.flatMap { Int(exactly: $0) })
        case (.setIntegration(let steps), .done): adopt(integration: steps)
        case (.gain, .values): adopt(gain: numbers.first.flatMap { Int(exactly: $0) })
        case (.setGain(let code), .done): adopt(gain: code)
        case (.led(_, let isOn), .done): isLampOn = isOn
        case (.temperature, .values): spectrum.temperatures = Array(numbers.prefix(3))
        case (.rawValues, .values): if recognize(numbers.count) { spectrum.counts = numbers }
        case (.calibratedValues, .values): if recognize(numbers.count) { spectrum.calibrated = numbers }
        default: break
        }
    }

    private mutating func adopt(integration steps: Int?) {
        if let steps, AS726xIntegration.steps.contains(steps) { integrationSteps = steps }
    }

    private mutating func adopt(gain code: Int?) {
        if let code, AS726xGain.factors.indices.contains(code) { gainFactor = AS726xGain.factors[code] }
    }

    /// Finds out by counting which sensor this is.
    private mutating func recognize(_ count: Int) -> Bool {
        guard let found = AS726xSensor(valueCount: count, hardware: hardware) else { return false }
        if found != sensor { use(found) }
        return true
    }

    private mutating func use(_ sensor: AS726xSensor) {
        self.sensor = sensor
        recorder.use(SpectrumAxis(wavelengths: sensor.wavelengths, hasCalibrated: true))
    }

    /// A sketch talks by itself: it would not understand a question.
    private mutating func take(
        _ values: SketchLine.Values, _ now: ReceiveTime, _ batch: inout ObservationBatch
    ) -> [PortOutcome] {
        let outcomes = isSketch ? [] : abandoned("a sketch runs on this board, which takes no commands")
        isSketch = true
        isSetUp = false
        sketchSilentAt = now.monotonicMilliseconds + Self.sketchSilence
        steps = []
        deadline = nil
        dialogue.giveUp()
        if sensor != values.sensor { use(values.sensor) }
        guard now.monotonicMilliseconds >= pace.next else { return outcomes }
        pace.begin(now.monotonicMilliseconds)
        var spectrum = Spectrum()
        spectrum.calibrated = values.values
        spectrum.temperatures = values.celsius.map { [$0] } ?? []
        if recorder.record(spectrum, at: now, into: &batch) { counters.observations += 1 }
        return outcomes
    }
}
