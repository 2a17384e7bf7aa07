internal import EventLoop
public import Fleet
public import GatewayModel
internal import JSONText
public import MQTT
internal import Synchronization

/// Announces the site's devices to Home Assistant, and publishes their newest values once a second after the commit.
///
/// A device is one retained message under `{prefix}/device/`, sent when it gets another metric and whenever Home Assistant
/// says that it has come up. Devices that Home Assistant knows by themselves (`exclude`) are left to it.
public final class HomeAnnouncer: Driver {
    /// Devices that are announced, and metrics of each.
    static let deviceCountMax = 1_000
    static let metricCountMax = 100

    private struct Known {
        var metrics: [MetricName: Reading] = [:]
        var order: [MetricName] = []
        var isAnnounced = false
        var isFresh = false
    }

    private struct State {
        var known: [DeviceName: Known] = [:]
        var excluded: Set<DeviceName> = []
        /// Devices with something to send.
        var waiting: Set<DeviceName> = []
    }

    /// The driver's name, as status and metrics show it.
    public let name = "homeassistant"
    private let gateway: String
    private let prefix: String
    private let device: @Sendable (DeviceID) -> Device?
    private let publish: @Sendable (MQTTPublication) throws -> Void
    private let state = Mutex(State())

    /// `publish` throws if there is no room now, or nobody to send it to: it is tried again a second later.
    public init(
        gateway: DeviceID, prefix: String = "homeassistant", device: @escaping @Sendable (DeviceID) -> Device?,
        publish: @escaping @Sendable (MQTTPublication) throws -> Void
    ) {
        self.gateway = gateway.text
        self.prefix = prefix
        self.device = device
        self.publish = publish
    }

    /// It has nothing that could fail: what cannot be sent waits.
    public var condition: DriverCondition { .working }

    /// Takes in what has been committed. Old values, and those of excluded devices, are passed over.
    public func take(_ batch: ObservationBatch) {
        state.withLock { state in
            for observation in batch.observations where !observation.flags.contains(.retained) {
                let device = observation.device
                guard !state.excluded.contains(device),
                    state.known[device] != nil || state.known.count < Self.deviceCountMax
                else { continue }
                for reading in batch.readings[observation.readings] where reading.quality != .old {
                    Self.enter(reading, &state.known[device, default: Known()])
                }
                state.waiting.insert(device)
            }
        }
    }

    private static func enter(_ reading: Reading, _ known: inout Known) {
        if let before = known.metrics[reading.metric] {
            if before.unit != reading.unit { known.isAnnounced = false }
        } else {
            let name = reading.metric.text
            // Its template could not be written; spectra are no row of sensors.
            guard known.order.count < metricCountMax, !name.contains("'"), !name.contains("\\"),
                !name.hasPrefix("spectrum.")
            else { return }
            known.order.append(reading.metric)
            known.isAnnounced = false
        }
        known.metrics[reading.metric] = reading
        known.isFresh = true
    }

    /// Home Assistant knows this device by itself.
    public func exclude(_ device: DeviceName) {
        state.withLock { state in
            state.excluded.insert(device)
            state.known[device] = nil
            state.waiting.remove(device)
        }
    }

    /// Everything is to be announced again, with its values.
    public func announceAll() {
        state.withLock { state in
            for device in state.known.keys {
                state.known[device]?.isAnnounced = false
                state.known[device]?.isFresh = true
            }
            state.waiting = Set(state.known.keys)
        }
    }

    /// Works until cancelled.
    public func run() async throws {
        try await DedicatedThread.run(named: "homeassistant") { stop in
            while stop.sleep(for: .seconds(1)) { self.flush() }
        }
    }

    /// Publishes what is waiting; the rest stays where there is no room.
    func flush() {
        let waiting = state.withLock { Array($0.waiting) }
        for device in waiting {
            // Copied out: the registry has a lock of its own.
            guard let known = state.withLock({ $0.known[device] }), !known.order.isEmpty else {
                state.withLock { _ = $0.waiting.remove(device) }
                continue
            }
            do {
                if !known.isAnnounced { try publish(configuration(device, known)) }
                if known.isFresh { try publish(values(device, known)) }
            } catch { return }
            state.withLock { state in
                // What came meanwhile is still to be sent.
                guard let now = state.known[device] else { return }
                state.known[device]?.isAnnounced = now.order.count == known.order.count
                let isUnchanged = now.metrics == known.metrics
                state.known[device]?.isFresh = !isUnchanged
                if isUnchanged { state.waiting.remove(device) }
            }
        }
    }

    private func stateTopic(_ device: DeviceName) -> String { "mycogate/\(gateway)/\(device.text)/state" }

    private func values(_ device: DeviceName, _ known: Known) -> MQTTPublication {
        var members: [JSON.Member] = []
        for metric in known.order {
            guard let reading = known.metrics[metric] else { continue }
            let value: JSON =
                switch reading.value {
                case .number(let number): .number(number)
                case .flag(let flag): .string(flag ? "ON" : "OFF")
                case .text(let text): .string(text)
                }
            members.append(.init(key: metric.text, value: value))
        }
        return MQTTPublication(topic: stateTopic(device), payload: JSON.object(members).bytes)
    }

    private func configuration(_ name: DeviceName, _ known: Known) -> MQTTPublication {
        let id = ["mycogate", name.text].joined(separator: "_")
        let device = device(name.id)
        var about: [JSON.Member] = [
            .init(key: "ids", value: [.string(id)]),
            .init(key: "name", value: .string(device?.displayName ?? name.text)),
        ]
        if let board = device?.boardType { about.append(.init(key: "mdl", value: .string(board))) }
        if let firmware = device?.firmware { about.append(.init(key: "sw", value: .string(firmware))) }
        let components = known.order.compactMap { metric in
            known.metrics[metric].map {
                JSON.Member(key: Self.plain(metric.text), value: Self.component($0, id))
            }
        }
        let body: JSON = .object([
            .init(key: "dev", value: .object(about)), .init(key: "o", value: ["name": "mycogate"]),
            .init(key: "stat_t", value: .string(stateTopic(name))),
            .init(
                key: "avty",
                value: [
                    [
                        "t": .string("mycosoft/devices/\(gateway)/presence"),
                        "val_tpl": "{{ 'online' if value_json.online else 'offline' }}",
                    ]
                ]), .init(key: "cmps", value: .object(components)),
        ])
        return MQTTPublication(
            topic: "\(prefix)/device/\(Self.plain(id))/config", payload: body.bytes, retain: true)
    }

    private static func component(_ reading: Reading, _ id: String) -> JSON {
        let metric = reading.metric.text
        var entity = HomeEntity()
        var platform = "sensor"
        switch reading.value {
        case .number: entity = HomeEntity(number: metric, unit: reading.unit.code)
        case .flag: platform = "binary_sensor"
        case .text: break
        }
        var members: [JSON.Member] = [
            .init(key: "p", value: .string(platform)), .init(key: "name", value: .string(metric)),
            .init(key: "uniq_id", value: .string("\(id)_\(metric)")),
            .init(key: "val_tpl", value: .string("{{ value_json['\(metric)'] }}")),
        ]
        for (key, text) in [
            ("unit_of_meas", entity.unit), ("dev_cla", entity.deviceClass), ("stat_cla", entity.stateClass),
        ] {
            if let text { members.append(.init(key: key, value: .string(text))) }
        }
        return .object(members)
    }

    /// Of letters, digits, `_` and `-` only, as topics of discovery demand; other names stay apart by a hash.
    static func plain(_ name: String) -> String {
        let bytes = name.utf8.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                byte
            default: UInt8(ascii: "_")
            }
        }
        let plain = String(decoding: bytes, as: UTF8.self)
        guard plain != name else { return name }
        let hash = Array(name.utf8).withUnsafeBytes { PayloadHash.of($0) }
        return "\(plain)_\(String(UInt32(truncatingIfNeeded: hash), radix: 16))"
    }
}
