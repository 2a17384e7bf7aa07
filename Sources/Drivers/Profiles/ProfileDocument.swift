public import FieldProtocols
internal import GatewayModel
public import YAMLText

/// Reads a profile from YAML. Everything wrong is told at its place, as for the configuration.
public enum ProfileDocument {
    /// The kinds of a profile.
    enum KindName: String, CaseIterable { case lines, json, binary, modbus, mqtt, lorawan }

    /// The profile, or everything that is wrong with it in the order of the lines.
    ///
    /// - Parameter folder: the name of the folder it stands in, which must be its name; nil: any.
    public static func read(
        _ bytes: [UInt8], file: String, folder: String? = nil
    ) -> Result<Profile, ProfileProblems> {
        do throws(YAMLError) {
            let root = try YAMLParser.parse(bytes, file: file)
            let (profile, problems) = YAMLSection.read(root) { section -> Profile? in
                Self.profile(section, folder: folder)
            }
            guard problems.isEmpty, let profile else { return .failure(ProfileProblems(list: problems)) }
            return .success(profile)
        } catch {
            return .failure(ProfileProblems(list: [error]))
        }
    }

    private static func profile(_ section: YAMLSection, folder: String?) -> Profile? {
        let name = section.requiredValue("name", accepted: "1…64 small letters, digits and `-`") { node in
            node.text.flatMap { isName($0) ? $0 : nil }
        }
        if let name, let folder, name != folder {
            section.reject("name", .conflict, "`\(name)` stands in the folder `\(folder)`: accepted the folder's name")
        }
        let vendor = section.requiredText("vendor", length: 1...64)
        let model = section.requiredText("model", length: 1...64)
        let line = section.sectionOrDefaults("serial", serialLine)
        let kind = section.requiredChoice("kind", of: KindName.self)
        let conditions = section.sections("conditions", countMax: 200, condition)
        let expected = section.duration("expected_every", in: .seconds(1)...(.seconds(7 * 86_400)))
        guard let kind else { return nil }
        var poll: Profile.Poll?
        var unit: UInt8 = 1
        let read: Profile.Kind? =
            switch kind {
            case .lines: content(section, kind) { .lines(lines($0, &poll)) }
            case .json: content(section, kind) { .lines(json($0, &poll)) }
            case .binary: content(section, kind) { binary($0, &poll) }
            case .modbus: content(section, kind) { .modbus(modbus($0, &unit)) }
            case .mqtt: content(section, kind) { .mqtt(topics($0)) }
            case .lorawan: content(section, kind) { .lorawan(ports($0)) }
            }
        guard let name, let read else { return nil }
        return Profile(
            name: name, vendor: vendor, model: model, kind: read, line: line, poll: poll, unit: unit,
            conditions: conditions, expectedEvery: expected)
    }

    /// The section that bears the kind's name.
    private static func content(
        _ section: YAMLSection, _ kind: KindName, _ body: (YAMLSection) -> Profile.Kind?
    ) -> Profile.Kind? {
        guard section.has(kind.rawValue) else {
            section.missing(kind.rawValue, accepted: "a section that tells how \(kind.rawValue) are read")
            return nil
        }
        return section.section(kind.rawValue) { section -> Profile.Kind? in body(section) } ?? nil
    }

    static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }

    private static func serialLine(_ section: YAMLSection) -> Profile.SerialLine {
        Profile.SerialLine(
            baud: section.integer("baud", in: 300...4_000_000, default: 9_600),
            parity: section.choice("parity", default: Profile.SerialLine.Parity.none),
            stopBits: section.integer("stop_bits", in: 1...2, default: 1))
    }

    static func poll(_ section: YAMLSection) -> Profile.Poll? {
        section.section("poll") { section in
            let text = section.text("send", length: 1...256).map { Array($0.utf8) }
            let hex = bytes(section, "send_hex", length: 1...64)
            if (text == nil) == (hex == nil) {
                section.reject("send", .conflict, "accepted either `send` or `send_hex`")
            }
            let ending = section.choice("ending", default: LineEnding.none)
            return Profile.Poll(
                bytes: (text ?? hex ?? []) + ending.bytes,
                interval: section.duration("every", in: .milliseconds(100)...(.seconds(86_400)), default: .seconds(10)))
        }
    }

    /// What ends a line that is sent.
    enum LineEnding: String, CaseIterable {
        case none, cr, lf, crlf

        var bytes: [UInt8] {
            switch self {
            case .none: []
            case .cr: [0x0D]
            case .lf: [0x0A]
            case .crlf: [0x0D, 0x0A]
            }
        }
    }
}

/// Everything found wrong in a profile, in the order of its lines.
public struct ProfileProblems: Error, CustomStringConvertible {
    public var list: [YAMLError]

    public var description: String { list.map(\.description).joined(separator: "\n") }
}
