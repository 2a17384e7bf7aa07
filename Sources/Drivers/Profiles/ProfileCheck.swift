public import FieldProtocols
internal import GatewayModel
internal import JSONText
internal import YAMLText

/// Tries a profile on its captures: what they decode to must be what is expected, to the last value.
public struct ProfileCheck: Sendable {
    /// The folder's name, or the profile's once it is known.
    public private(set) var name: String
    public private(set) var profile: Profile?
    /// What is wrong; empty: nothing.
    public private(set) var findings: [String] = []
    /// What was replayed.
    public private(set) var captureCount = 0
    public private(set) var observations: [ReplayedObservation] = []

    /// Replays the folder of one profile.
    public init(folder path: String) {
        name = path.split(separator: "/").last.map(String.init) ?? path
        switch ProfileLibrary.read(folder: path) {
        case .failure(let problems): findings = problems.list.map(\.description)
        case .success(let profile):
            name = profile.name
            self.profile = profile
            run(profile, path)
        }
    }

    private mutating func run(_ profile: Profile, _ path: String) {
        if !ProfileFiles.isThere(path + "/README.md") { findings.append("README.md is missing") }
        replay(profile, path)
        guard let expected = expectations(path) else { return }
        compare(expected)
        tryChanges(of: expected)
        findings += Self.untried(profile, observations)
    }

    private mutating func replay(_ profile: Profile, _ path: String) {
        let names = ProfileFiles.names(in: path + "/captures") ?? []
        guard !names.isEmpty else {
            findings.append("captures/ holds nothing: a profile without captures proves nothing")
            return
        }
        for name in names {
            guard let bytes = ProfileFiles.bytes("\(path)/captures/\(name)") else {
                findings.append("captures/\(name) cannot be read")
                continue
            }
            do throws(ProfileReplay.Failure) {
                let made = try ProfileReplay.observations(of: bytes, capture: name, by: profile)
                captureCount += 1
                if made.isEmpty { findings.append("captures/\(name) gives no reading") }
                observations += made
            } catch {
                findings.append(error.description)
            }
        }
    }

    private mutating func expectations(_ path: String) -> [(line: Int, ReplayedObservation)]? {
        guard let bytes = ProfileFiles.bytes(path + "/expected.jsonl") else {
            findings.append(
                "expected.jsonl is missing: what the captures mean, an observation a line; "
                    + "`mycogate drivers replay FOLDER` prints what they decode to")
            return nil
        }
        var expected: [(Int, ReplayedObservation)] = []
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
        where !line.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) {
            // What is no JSON is told like what is another shape.
            guard let json = try? JSON(parsing: Array(line)), let observation = ReplayedObservation(json) else {
                findings.append(
                    "expected.jsonl:\(index + 1): accepted {\"capture\":…,\"readings\":[{\"id\":…,\"v\":…,\"u\":…,\"q\":…}]}"
                )
                continue
            }
            expected.append((index + 1, observation))
        }
        if expected.isEmpty { findings.append("expected.jsonl expects nothing") }
        return expected
    }

    private mutating func compare(_ expected: [(line: Int, ReplayedObservation)]) {
        for (index, (line, wanted)) in expected.enumerated() {
            guard index < observations.count else {
                findings.append("expected.jsonl:\(line): expected \(wanted.json.text), nothing came")
                continue
            }
            if let difference = observations[index].difference(from: wanted) {
                findings.append("expected.jsonl:\(line): \(difference)")
            }
        }
        for extra in observations.dropFirst(expected.count) {
            findings.append("expected.jsonl: \(extra.json.text) came and is not expected")
        }
    }

    /// Changes every expectation, one thing at a time: the comparison must notice each, or it is worth nothing.
    private mutating func tryChanges(of expected: [(line: Int, ReplayedObservation)]) {
        guard findings.isEmpty else { return }
        for (index, (line, wanted)) in expected.enumerated() {
            if wanted.readings.isEmpty { findings.append("expected.jsonl:\(line): expects no reading") }
            for changed in wanted.changes where observations[index].difference(from: changed) == nil {
                findings.append("expected.jsonl:\(line): passes although changed to \(changed.json.text)")
            }
        }
    }

    /// The metrics that no capture has: nobody would notice if their scale or unit were wrong.
    private static func untried(_ profile: Profile, _ observations: [ReplayedObservation]) -> [String] {
        let seen = Set(observations.flatMap { $0.readings.map(\.metric) })
        let missing = Set(profile.metrics).subtracting(seen).map(\.text).sorted()
        return missing.isEmpty ? [] : ["no capture has \(missing.joined(separator: ", "))"]
    }
}

extension ReplayedObservation {
    /// What is different, in words; nil: nothing.
    func difference(from wanted: ReplayedObservation) -> String? {
        if capture != wanted.capture { return "expected of captures/\(wanted.capture), came of captures/\(capture)" }
        if device != wanted.device { return "expected device \(wanted.device ?? "none"), came \(device ?? "none")" }
        for (came, wanted) in zip(readings, wanted.readings) where came != wanted {
            return "expected \(wanted.text), came \(came.text)"
        }
        if readings.count > wanted.readings.count {
            return "\(readings[wanted.readings.count].text) came and is not expected"
        }
        if readings.count < wanted.readings.count {
            return "expected \(wanted.readings[readings.count].text), which did not come"
        }
        return nil
    }

    /// This with one thing changed: a value, a unit, a quality, a name, a reading left out.
    var changes: [ReplayedObservation] {
        readings.indices.flatMap { index -> [ReplayedObservation] in
            var others: [[Reading]] = []
            func change(_ body: (inout Reading) -> Void) {
                var changed = readings
                body(&changed[index])
                others.append(changed)
            }
            change { $0.value = $0.value.other }
            change { $0.unit = $0.unit == .one ? .none : .one }
            change { $0.quality = $0.quality == .ok ? .bad : .ok }
            change { $0.metric = MetricName(known: "another.metric") }
            var shorter = readings
            shorter.remove(at: index)
            others.append(shorter)
            return others.map { .init(capture: capture, device: device, readings: $0) }
        }
    }
}

extension Reading {
    fileprivate var text: String { "\(metric)=\(value.text)\(unit == .none ? "" : " \(unit)") (\(quality.name))" }
}

extension Reading.Value {
    fileprivate var text: String {
        switch self {
        case .number(let value): "\(value)"
        case .flag(let value): "\(value)"
        case .text(let value): "\"\(value)\""
        }
    }

    fileprivate var other: Reading.Value {
        switch self {
        case .number(let value): .number(value + max(1e-6, value.magnitude * 1e-6))
        case .flag(let value): .flag(!value)
        case .text(let value): .text(value + "x")
        }
    }
}
