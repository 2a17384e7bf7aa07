public import FieldProtocols
public import GatewayModel
internal import Synchronization

/// What is done to readings between decoding and the journal: calibration, bounds, and leaving out what has not changed.
///
/// One for the gateway; intakes apply it to each batch before its commit. Without rules it costs one look at a flag.
public final class Conditioning: Sendable {
    private struct Kept {
        var value: Reading.Value
        var quality: Quality
        var at: Int64
    }

    /// Milliseconds that a value is good for, and when it came last.
    private struct Expiry {
        var after: Int64
        var heard: Int64
    }

    private struct State {
        /// By device: an index of `sets`; absent: none.
        var sets: [[UInt32: MetricCondition]] = []
        var setOfDevice: [DeviceName: Int] = [:]
        var setOfProfile: [String: Int] = [:]
        var offsets: [DeviceName: [UInt32: Double]] = [:]
        var kept: [UInt64: Kept] = [:]
        /// How often a device is expected to speak, in milliseconds, and when it last did.
        var expected: [DeviceName: Int64] = [:]
        var heard: [DeviceName: Int64] = [:]
        var stale: Set<DeviceName> = []
        /// Values that are good for a time only.
        var expiries: [DeviceName: [MetricName: Expiry]] = [:]
    }

    private let state = Mutex(State())
    private let hasRules = Atomic(false)

    /// Values that are remembered for comparison; beyond that the oldest way out is to store everything.
    static let keptCountMax = 200_000

    /// Nothing to do yet.
    public init() {}

    /// The device goes by this profile from now on.
    public func assign(_ device: DeviceName, _ profile: Profile) {
        guard !profile.conditions.isEmpty || profile.expectedEvery != nil else { return }
        state.withLock { state in
            if !profile.conditions.isEmpty {
                let known = state.setOfProfile[profile.name]
                let index = known ?? state.sets.count
                if known == nil {
                    let conditions = profile.conditions.map { ($0.metric.index, $0) }
                    state.sets.append(Dictionary(conditions, uniquingKeysWith: { $1 }))
                    state.setOfProfile[profile.name] = index
                }
                state.setOfDevice[device] = index
            }
            if let every = profile.expectedEvery { state.expected[device] = every.milliseconds }
        }
        hasRules.store(true, ordering: .releasing)
    }

    /// Adds `calibration` to the values of its metric from now on, in place of the one before.
    public func use(_ calibration: Calibration) {
        guard let device = DeviceName(calibration.device), let metric = MetricName(calibration.metric) else { return }
        state.withLock {
            $0.offsets[device, default: [:]][metric.index] = calibration.offset == 0 ? nil : calibration.offset
        }
        hasRules.store(true, ordering: .releasing)
    }

    /// Conditions what was added to the batch since the last time. May be called again after a commit that failed.
    public func apply(_ batch: inout ObservationBatch) {
        guard hasRules.load(ordering: .acquiring) else { return }
        state.withLock { state in
            for observation in batch.unsettled where state.expected[observation.device] != nil {
                state.heard[observation.device] = observation.received.monotonicMilliseconds
            }
            if !state.expiries.isEmpty { Self.note(batch, &state) }
            batch.settle { observation in
                state.setOfDevice[observation.device] != nil || state.offsets[observation.device] != nil
            } reading: { observation, reading in
                Self.condition(&reading, of: observation, &state)
            }
        }
    }

    /// Values of `metric` are good for `after` milliseconds, and the last one since `from` at most; nil: for ever.
    public func expire(_ device: DeviceName, _ metric: MetricName, after: Int64?, from: ReceiveTime) {
        state.withLock { state in
            let known = state.expiries[device]?[metric]
            state.expiries[device, default: [:]][metric] = after.map {
                Expiry(after: $0, heard: known?.heard ?? from.monotonicMilliseconds)
            }
            if state.expiries[device]?.isEmpty == true { state.expiries[device] = nil }
        }
        hasRules.store(true, ordering: .releasing)
    }

    /// Whether the last value of `metric` is no longer good.
    public func hasExpired(_ device: DeviceID, _ metric: MetricName, at now: ReceiveTime) -> Bool {
        guard hasRules.load(ordering: .acquiring), let name = DeviceName(device) else { return false }
        return state.withLock { state in
            guard let expiry = state.expiries[name]?[metric] else { return false }
            return now.monotonicMilliseconds - expiry.heard > expiry.after
        }
    }

    private static func note(_ batch: ObservationBatch, _ state: inout State) {
        for observation in batch.unsettled where !observation.flags.contains(.retained) {
            guard state.expiries[observation.device] != nil else { continue }
            for reading in batch.readings[observation.readings] {
                state.expiries[observation.device]?[reading.metric]?.heard = observation.received.monotonicMilliseconds
            }
        }
    }

    /// False: leave it out.
    private static func condition(_ reading: inout Reading, of observation: Observation, _ state: inout State) -> Bool {
        if let offset = state.offsets[observation.device]?[reading.metric.index],
            case .number(let value) = reading.value
        {
            reading.value = .number(value + offset)
        }
        guard let set = state.setOfDevice[observation.device],
            let condition = state.sets[set][reading.metric.index]
        else { return true }
        if let bounds = condition.bounds, case .number(let value) = reading.value, !bounds.contains(value),
            reading.quality == .ok || reading.quality == .warn
        {
            reading.quality = .bad
        }
        guard let deadband = condition.deadband, reading.quality != .old else { return true }
        let key = UInt64(observation.device.index) << 32 | UInt64(reading.metric.index)
        let now = observation.received.monotonicMilliseconds
        if let kept = state.kept[key], kept.quality == reading.quality,
            now - kept.at < condition.silenceMax.milliseconds, now >= kept.at,
            isNear(kept.value, reading.value, deadband)
        {
            return false
        }
        if state.kept.count < keptCountMax || state.kept[key] != nil {
            state.kept[key] = Kept(value: reading.value, quality: reading.quality, at: now)
        }
        return true
    }

    private static func isNear(_ a: Reading.Value, _ b: Reading.Value, _ deadband: Double) -> Bool {
        if case .number(let a) = a, case .number(let b) = b { return abs(a - b) <= deadband }
        return a == b
    }

    /// Whether the device has been silent for longer than its profile expects. False for one that nobody expects.
    public func isStale(_ device: DeviceID, at now: ReceiveTime) -> Bool {
        guard hasRules.load(ordering: .acquiring), let name = DeviceName(device) else { return false }
        return state.withLock { Self.isStale(name, $0, now.monotonicMilliseconds) }
    }

    private static func isStale(_ device: DeviceName, _ state: State, _ now: Int64) -> Bool {
        guard let every = state.expected[device], let heard = state.heard[device] else { return false }
        return now - heard > every
    }

    /// Devices that have fallen silent, or speak again.
    public struct SilenceChanges: Sendable {
        public var stale: [DeviceID] = []
        public var fresh: [DeviceID] = []
        public var isEmpty: Bool { stale.isEmpty && fresh.isEmpty }
    }

    /// What has changed since the last call: for the events.
    public func takeChanges(at now: ReceiveTime) -> SilenceChanges {
        guard hasRules.load(ordering: .acquiring) else { return SilenceChanges() }
        return state.withLock { state in
            let stale = Set(state.expected.keys.filter { Self.isStale($0, state, now.monotonicMilliseconds) })
            let changes = SilenceChanges(
                stale: stale.subtracting(state.stale).map(\.id), fresh: state.stale.subtracting(stale).map(\.id))
            state.stale = stale
            return changes
        }
    }

    /// Of changes that could not be told: the next call has them again, as far as they still hold.
    public func putBack(_ changes: SilenceChanges) {
        state.withLock { state in
            state.stale.subtract(changes.stale.compactMap { DeviceName($0) })
            state.stale.formUnion(changes.fresh.compactMap { DeviceName($0) })
        }
    }
}
