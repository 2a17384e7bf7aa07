public import Drivers
import FieldProtocols
public import GatewayModel
import Serial
import YAMLText

/// `modbus`: buses of slaves, on serial ports and behind TCP addresses.
public struct ModbusSection: Sendable {
    /// One bus.
    public struct Bus: Sendable {
        public var endpoint: ModbusBus.Endpoint
        public var timeout: Duration
        public var gap: Duration?
        public var devices: [Device]
    }

    /// One slave.
    public struct Device: Sendable {
        public var id: DeviceID
        public var unit: UInt8
        public var profile: PlacedProfile?
        public var interval: Duration?
        /// The points that commands may write.
        public var writes: [String]
    }

    /// In the order of the configuration.
    public var buses: [Bus]

    /// The serial ports among the places of the buses.
    public var serialPaths: [String] {
        buses.compactMap { if case .serial(let path, _) = $0.endpoint { path } else { nil } }
    }

    init(_ section: YAMLSection, _ library: ProfileLibrary) {
        buses = section.sections("buses", countMax: 256) { Self.bus($0, library) }
        let endpoints = buses.map(\.endpoint.text)
        if Set(endpoints).count < endpoints.count {
            section.reject("buses", .conflict, "two buses at one place: a bus has one master")
        }
        let ids = buses.flatMap { $0.devices.map(\.id) }
        if Set(ids).count < ids.count { section.reject("buses", .conflict, "two devices of one id") }
    }

    private static func bus(_ section: YAMLSection, _ library: ProfileLibrary) -> Bus {
        let devices = section.sections("devices", countMax: 247) { device($0, library) }
        if devices.isEmpty { section.missing("devices", accepted: "a list of at least one device") }
        let path = section.value("port", accepted: "the absolute path of a serial port, best below /dev/serial/by-id") {
            $0.text.flatMap { $0.hasPrefix("/") && $0.utf8.count <= 1_024 ? $0 : nil }
        }
        let address = section.value("tcp", accepted: "HOST or HOST:PORT; the usual port is 502") {
            $0.text.flatMap { Address($0, portMin: 1, portDefault: 502) }
        }
        if (path == nil) == (address == nil) {
            section.reject("port", .conflict, "accepted either `port` (a serial line) or `tcp` (HOST:PORT)")
        }
        let usual = devices.lazy.compactMap { $0.profile?.profile.lineSettings }.first ?? LineSettings(baud: 9_600)
        let settings = SerialSection.settings(section, usual: usual)
        return Bus(
            endpoint: path.map { .serial(path: $0, settings) }
                ?? address.map { .tcp(host: $0.host, port: $0.port) } ?? .tcp(host: "", port: 502),
            timeout: section.duration("timeout", in: .milliseconds(10)...(.seconds(30)), default: .milliseconds(500)),
            gap: section.duration("gap", in: .zero...(.seconds(1))), devices: devices)
    }

    private static func device(_ section: YAMLSection, _ library: ProfileLibrary) -> Device {
        let id = section.requiredValue(
            "id", accepted: "1…128 bytes without white space and none of / + # \" \\"
        ) { $0.text.flatMap { DeviceID($0) } }
        let profile = section.profile("profile", from: library, of: ["modbus"], isRequired: true)
        let unit = section.integer("unit", in: 0...255).map { UInt8(clamping: $0) }
        let writes = section.texts("writes", countMax: 200, length: 1...64) ?? []
        if case .modbus(let map)? = profile?.profile.kind {
            for name in writes where map.points.first(where: { $0.name == name })?.writable == nil {
                section.reject("writes", .outOfRange, "`\(name)` is no point of the profile that can be written")
            }
        }
        return Device(
            id: id ?? .placeholder, unit: unit ?? profile?.profile.unit ?? 1, profile: profile,
            interval: section.duration("interval", in: .milliseconds(100)...(.seconds(86_400))), writes: writes)
    }
}

extension Profile {
    /// The usual line as ports are set.
    var lineSettings: LineSettings {
        LineSettings(
            baud: line.baud, parity: LineSettings.Parity(rawValue: line.parity.rawValue) ?? .none,
            stopBits: LineSettings.StopBits(rawValue: String(line.stopBits)) ?? .one)
    }
}

extension YAMLSection {
    /// A profile by its name, read and validated. What is wrong in its file is told too.
    func profile(
        _ key: String, from library: ProfileLibrary, of kinds: [String], isRequired: Bool = false
    ) -> PlacedProfile? {
        guard let name = text(key, length: 1...64) else {
            if isRequired { missing(key, accepted: "the name of a profile; `mycogate drivers list` names them") }
            return nil
        }
        return profile(named: name, key, from: library, of: kinds)
    }

    func profile(
        named name: String, _ key: String, from library: ProfileLibrary, of kinds: [String]
    ) -> PlacedProfile? {
        switch library.profile(name) {
        case .failure(let found):
            for problem in found.list where library.path(of: name) != nil { problems.report(problem) }
            if library.path(of: name) == nil { reject(key, .outOfRange, found.list.first?.message ?? "no profile") }
            return nil
        case .success(let profile):
            guard kinds.contains(profile.kind.name) else {
                reject(
                    key, .conflict,
                    "the profile `\(name)` is of kind \(profile.kind.name), accepted \(kinds.joined(separator: ", "))")
                return nil
            }
            return PlacedProfile(profile)
        }
    }
}
