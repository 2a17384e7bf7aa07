import FieldProtocols
import GatewayModel

/// Listens to a board with a Hamamatsu C12880MA, which prints frames by itself: one is taken at each interval.
struct C12880MATalk: LineTalk {
    static let lineByteCountMax = C12880MAFrame.lineByteCountMax
    static let overlongLine = "oversized"

    private let settings: InstrumentSettings
    private var recorder: SpectrumRecorder
    private var pace: InstrumentPace
    var lines = LineCollector(byteCountMax: lineByteCountMax)
    private var counts: [Double] = []
    var counters = PortCounters()

    init(device: DeviceName, settings: InstrumentSettings, darkFrames: DarkFrames = .none) {
        self.settings = settings
        recorder = SpectrumRecorder(device: device, frames: darkFrames)
        pace = InstrumentPace(interval: settings.interval)
        recorder.use(settings.polynomial.flatMap { SpectrumAxis($0, count: C12880MAFrame.pixelCount) })
    }

    var device: DeviceName { recorder.device }
    var due: Int64? { nil }

    mutating func rename(_ device: DeviceName) { recorder.device = device }

    mutating func opened(_ now: ReceiveTime) -> [PortOutcome] { [.understood] }

    mutating func tick(_ now: ReceiveTime, into batch: inout ObservationBatch) -> [PortOutcome] { [] }

    mutating func read(
        _ line: UnsafeRawBufferPointer, _ now: ReceiveTime, _ batch: inout ObservationBatch
    ) -> [PortOutcome] {
        var offset = 0
        do throws(C12880MAFrame.Failure) {
            try C12880MAFrame.read(line, resolution: settings.resolution, into: &counts, failedAt: &offset)
        } catch {
            counters.damaged += 1
            return [.damaged(code: error.code, byteCount: line.count)]
        }
        counters.messages += 1
        guard now.monotonicMilliseconds >= pace.next else { return [] }
        var spectrum = Spectrum()
        spectrum.counts = counts
        spectrum.integration = settings.integration
        spectrum.gain = settings.gain
        spectrum.fullScale = settings.resolution.fullScale
        guard recorder.record(spectrum, at: now, into: &batch) else {
            counters.damaged += 1
            return [.damaged(code: "too_many_names", byteCount: line.count)]
        }
        counters.observations += 1
        pace.begin(now.monotonicMilliseconds)
        return []
    }

    mutating func submit(_ command: DeviceCommand, at now: ReceiveTime) -> [PortOutcome] {
        do throws(InstrumentOrder.Refusal) {
            switch try InstrumentOrder(command) {
            case .measure: break
            case .takeDark: recorder.wantDark()
            case .clearDark: recorder.clearDark()
            case .setIntegration, .setGain, .setLamp, .reset:
                throw .init(reason: "the board prints frames by itself; accepted measure, take_dark, clear_dark")
            }
            pace.askNow()
            return [.command(id: command.id, .acknowledged, result: "")]
        } catch {
            return [.command(id: command.id, .refused, result: error.reason)]
        }
    }
}
