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

    /// What is known of the first line after the port was opened: the device may have been in the middle of it.
    private enum Beginning {
        /// What comes before this time (milliseconds of the monotonic clock) may be the rest of a line.
        case cutUntil(Int64)
        case cut, whole
    }

    /// The rest of a line comes at once.
    private static let cutMilliseconds: Int64 = 500

    private var reading: Reading
    /// Lines that no rule is for: what a profile passes over on purpose is not worth more than a look.
    private var quota = LineQuota(burst: 20, refillMilliseconds: 60_000)
    private var secrets = SecretTransfer()
    private let poll: Profile.Poll?
    private var pollAt: Int64?
    private var beginning = Beginning.whole
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
        beginning = .cutUntil(now.monotonicMilliseconds + Self.cutMilliseconds)
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
            let outcomes = receive(bytes, &reader, &payloads, now, &batch)
            reading = .frames(reader, payloads)
            return outcomes
        case .nothing: return []
        }
    }

    private mutating func receive(
        _ bytes: UnsafeRawBufferPointer, _ reader: inout LineReader, _ collector: inout LineCollector,
        _ now: ReceiveTime, _ batch: inout ObservationBatch
    ) -> [PortOutcome] {
        var outcomes: [PortOutcome] = []
        if case .cutUntil(let end) = beginning, !bytes.isEmpty {
            beginning = now.monotonicMilliseconds < end ? .cut : .whole
        }
        collector.receive(bytes) { line in
            defer { beginning = .whole }
            guard let line else {
                counters.damaged += 1
                outcomes.append(.damaged(code: "oversized", byteCount: LineCodec.lineByteCountMax))
                return
            }
            guard !line.isEmpty else { return }
            var other: LineReader?
            if case .cut = beginning { other = reader }
            let isKnown = reader.read(line, into: &batch)
            if other?.mayBeCut(line, &batch) == true {
                // A number that lost its first digits looks like any other.
                batch.reviseOpenReadings { readings in
                    for index in readings.indices where readings[index].quality == .ok {
                        readings[index].quality = .warn
                    }
                }
            }
            if isKnown {
                counters.messages += 1
            } else {
                log(line, now, &batch)
            }
            close(line, now, &batch)
        }
        return outcomes
    }

    private mutating func receive(
        _ bytes: UnsafeRawBufferPointer, _ reader: inout FrameReader, _ payloads: inout PayloadReader,
        _ now: ReceiveTime, _ batch: inout ObservationBatch
    ) -> [PortOutcome] {
        var outcomes: [PortOutcome] = []
        let before = reader.noiseByteCount
        reader.read(bytes) { frame in
            do throws(ProfileError) {
                _ = try payloads.read(frame, into: &batch)
                counters.messages += 1
                close(frame, now, &batch)
            } catch {
                counters.damaged += 1
                outcomes.append(.damaged(code: error.code, byteCount: frame.count))
            }
        }
        if reader.noiseByteCount > before { counters.damaged += 1 }
        return outcomes
    }

    /// A line that no rule is for is kept as it is: without one, whoever writes the profile sees nothing at all.
    private mutating func log(_ line: UnsafeRawBufferPointer, _ now: ReceiveTime, _ batch: inout ObservationBatch) {
        guard !secrets.covers(line: line), quota.allowance(now: now.monotonicMilliseconds) > 0 else {
            counters.withheldLines += 1
            return
        }
        quota.spend()
        let text = String(decoding: line.prefix(Self.loggedMax), as: UTF8.self)
        let body = NoteBody.of { $0.text("text", text) }
        batch.append(Note(.logs, kind: "serial_line", device: device.id, body: body, received: now))
    }

    private static let loggedMax = 512

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
