public import FieldProtocols
import GatewayModel

/// A profile that a serial port goes by. Equal if the names are: one library has one profile of a name.
public struct PlacedProfile: Sendable, Equatable {
    /// What it was loaded as.
    public let profile: Profile

    public init(_ profile: Profile) { self.profile = profile }

    public static func == (a: PlacedProfile, b: PlacedProfile) -> Bool { a.profile.name == b.profile.name }
}

/// Listens to a device by its profile, and asks it at intervals where the profile says so.
struct ProfileTalk: PortTalk {
    private enum Reading {
        case lines(LineReader, LineCollector)
        case frames(FrameReader, PayloadReader)
        case nothing
    }

    private var reading: Reading
    private let poll: Profile.Poll?
    private var pollAt: Int64?
    private(set) var device: DeviceName
    private(set) var counters = PortCounters()

    init(device: DeviceName, profile: Profile?) {
        self.device = device
        poll = profile?.poll
        reading =
            switch profile?.kind {
            case .lines(let codec):
                .lines(LineReader(codec), LineCollector(byteCountMax: LineCodec.lineByteCountMax))
            case .binary(let frame, let codec): .frames(FrameReader(frame), PayloadReader(codec))
            case .modbus, .mqtt, .lorawan, nil: .nothing
            }
    }

    var due: Int64? { pollAt }

    mutating func rename(_ device: DeviceName) { self.device = device }

    mutating func opened(_ now: ReceiveTime) -> [PortOutcome] {
        if poll != nil { pollAt = now.monotonicMilliseconds }
        return [.understood]
    }

    mutating func tick(_ now: ReceiveTime, into batch: inout ObservationBatch) -> [PortOutcome] {
        guard let poll, let due = pollAt, now.monotonicMilliseconds >= due else { return [] }
        pollAt = max(due + poll.interval.milliseconds, now.monotonicMilliseconds)
        return [.write(poll.bytes)]
    }

    mutating func received(
        _ bytes: UnsafeRawBufferPointer, at now: ReceiveTime, into batch: inout ObservationBatch
    ) -> [PortOutcome] {
        var reading = reading
        // Not kept twice while it changes: copying a reader would copy its memory.
        self.reading = .nothing
        defer { self.reading = reading }
        switch reading {
        case .lines(var reader, var collector):
            let outcomes = receive(bytes, &reader, &collector, now, &batch)
            reading = .lines(reader, collector)
            return outcomes
        case .frames(var reader, var payloads):
            receive(bytes, &reader, &payloads, now, &batch)
            reading = .frames(reader, payloads)
            return []
        case .nothing: return []
        }
    }

    private mutating func receive(
        _ bytes: UnsafeRawBufferPointer, _ reader: inout LineReader, _ collector: inout LineCollector,
        _ now: ReceiveTime, _ batch: inout ObservationBatch
    ) -> [PortOutcome] {
        var outcomes: [PortOutcome] = []
        collector.receive(bytes) { line in
            guard let line else {
                counters.damaged += 1
                outcomes.append(.damaged(code: "oversized", byteCount: LineCodec.lineByteCountMax))
                return
            }
            guard !line.isEmpty else { return }
            let isKnown = reader.read(line, into: &batch)
            if isKnown { counters.messages += 1 } else { counters.withheldLines += 1 }
            close(line, now, &batch)
        }
        return outcomes
    }

    private mutating func receive(
        _ bytes: UnsafeRawBufferPointer, _ reader: inout FrameReader, _ payloads: inout PayloadReader,
        _ now: ReceiveTime, _ batch: inout ObservationBatch
    ) {
        let before = reader.noiseByteCount
        reader.read(bytes) { frame in
            counters.messages += 1
            // A frame without readings leaves nothing open.
            _ = try? payloads.read(frame, into: &batch)
            close(frame, now, &batch)
        }
        if reader.noiseByteCount > before { counters.damaged += 1 }
    }

    /// Makes an observation of the readings that are open, if there are any.
    private mutating func close(
        _ message: UnsafeRawBufferPointer, _ now: ReceiveTime, _ batch: inout ObservationBatch
    ) {
        guard !batch.openReadings.isEmpty else { return }
        var observation = Observation(device: device, received: now, source: .serial)
        observation.payloadHash = PayloadHash.of(message)
        batch.append(observation)
        counters.observations += 1
    }

    mutating func submit(_ command: DeviceCommand, at now: ReceiveTime) -> [PortOutcome] {
        [.command(id: command.id, .refused, result: "a device that is read by a profile takes no commands")]
    }
}
