import Drivers
import FieldProtocols
import GatewayModel
import GatewayTestKit
import Glibc
import Testing

@Suite struct Profiles {
    private static let lines = """
        name: acme-t1
        vendor: ACME
        model: T1
        kind: lines
        lines:
          rules:
            - match: '^T=(?<t>-?[0-9.]+) S=(?<s>[A-Z]+)$'
              fields:
                - {from: t, metric: temperature, unit: "°C", valid: [-40, 85]}
                - {from: s, metric: state, enum: {ON: true, OFF: false}}
        """

    private func problems(_ yaml: String) -> [String] {
        if case .failure(let problems) = ProfileDocument.read(Array(yaml.utf8), file: "profile.yaml") {
            return problems.description.split(separator: "\n").map(String.init)
        }
        return []
    }

    @Test func mistakesAreToldWithLineColumnAndRange() {
        #expect(problems(Self.lines).isEmpty)
        let faults = [
            ("(?<t>", "(?<t", "profile.yaml:7:14: lines.rules[0].match:"),
            ("from: t,", "from: u,", "profile.yaml:9:9: lines.rules[0].fields: the pattern has no group `u`"),
            ("valid: [-40, 85]", "valid: [85, -40]", "accepted two numbers, the lower first"),
            ("metric: state", "metric: State", "lines.rules[0].fields[1].metric: `State`, accepted a metric name"),
            ("kind: lines", "kind: line", "kind: `line`, accepted lines, json, binary, modbus, mqtt, lorawan"),
            ("vendor:", "vender:", "vender: unknown key, did you mean `vendor`?"),
        ]
        for (right, wrong, told) in faults {
            let yaml = Self.lines.split(separator: right, maxSplits: 1).joined(separator: wrong)
            #expect(problems(yaml).contains { $0.contains(told) }, "\(wrong): \(problems(yaml))")
        }
    }

    /// A folder with a good profile, one capture and what is expected of it.
    private func folder() throws -> (TemporaryFolder, String) {
        let folder = try TemporaryFolder("profile")
        let path = folder.file("acme-t1")
        mkdir(path, 0o755)
        mkdir(path + "/captures", 0o755)
        try File.write(Array(Self.lines.utf8), to: path + "/profile.yaml")
        try File.write(Array("# ACME T1\n".utf8), to: path + "/README.md")
        try File.write(Array("boot\r\nT=21.5 S=ON\r\nT=-50 S=BUSY\r\n".utf8), to: path + "/captures/session.txt")
        try File.write(Array(Self.expected.utf8), to: path + "/expected.jsonl")
        return (folder, path)
    }

    private static let expected = """
        {"capture":"session.txt","readings":[{"id":"temperature","v":21.5,"u":"Cel","q":"ok"},{"id":"state","v":true}]}
        {"capture":"session.txt","readings":[{"id":"temperature","v":-50,"u":"Cel","q":"bad"},{"id":"state","v":"BUSY","q":"warn"}]}

        """

    @Test func aProfileWithItsCapturesPassesAndAnythingLessFails() throws {
        let (folder, path) = try folder()
        defer { withExtendedLifetime(folder) {} }
        #expect(ProfileCheck(folder: path).findings.isEmpty)
        for (right, wrong) in [
            ("21.5", "21.6"), ("\"Cel\",\"q\":\"ok\"", "\"K\",\"q\":\"ok\""), ("\"bad\"", "\"ok\""), ("true", "false"),
            ("\"id\":\"state\",\"v\":true", "\"id\":\"stat\",\"v\":true"), (",{\"id\":\"state\",\"v\":true}", ""),
            ("session.txt", "other.txt"), ("\"v\":21.5", "\"v\":null"),
        ] {
            let changed = Self.expected.split(separator: right, maxSplits: 1).joined(separator: wrong)
            try File.write(Array(changed.utf8), to: path + "/expected.jsonl")
            #expect(!ProfileCheck(folder: path).findings.isEmpty, "\(right) → \(wrong)")
        }
        try File.write([], to: path + "/expected.jsonl")
        #expect(!ProfileCheck(folder: path).findings.isEmpty, "nothing expected")
        try File.write(Array(Self.expected.utf8), to: path + "/expected.jsonl")
        try File.write(Array("T=21.5\n".utf8), to: path + "/captures/session.txt")
        #expect(!ProfileCheck(folder: path).findings.isEmpty, "a capture that gives nothing")
        unlink(path + "/captures/session.txt")
        #expect(ProfileCheck(folder: path).findings.contains { $0.contains("without captures") })
    }

    @Test func aProfileThatIsNotThereIsToldWithWhereItWasLookedFor() {
        guard case .failure(let problems) = ProfileLibrary(own: ["/etc/one", "/etc/two"]).profile("acme-t9") else {
            Issue.record("there is no such profile")
            return
        }
        #expect(problems.description.contains("there is no profile `acme-t9` in /etc/one, /etc/two"), "\(problems)")
    }

    @Test func aFieldThatNoCaptureHasFails() throws {
        let (folder, path) = try folder()
        defer { withExtendedLifetime(folder) {} }
        let more = Self.lines + "\n    - match: '^P=(?<p>[0-9]+)$'\n      fields: [{from: p, metric: pressure}]\n"
        try File.write(Array(more.utf8), to: path + "/profile.yaml")
        #expect(ProfileCheck(folder: path).findings == ["no capture has pressure"])
    }

    /// JSON as people and programs write it: one text over several lines, or one text a line.
    @Test func aPayloadMayHaveSeveralLinesOfJSON() throws {
        let yaml = """
            name: acme-m1
            vendor: ACME
            model: M1
            kind: mqtt
            mqtt:
              topics:
                - topic: a/{device}/whole
                  device: "{device}"
                  json:
                    - {from: air.t, metric: temperature, unit: "°C"}
                    - {from: rh, metric: humidity, unit: "%"}
                - topic: a/{device}/lines
                  device: "{device}"
                  lines:
                    rules:
                      - {json: true, fields: [{from: t, metric: temperature, unit: "°C"}]}
                      - {json: true, fields: [{from: rh, metric: humidity, unit: "%"}]}
            """
        let read = ProfileDocument.read(Array(yaml.utf8), file: "profile.yaml")
        guard case .success(let profile) = read else { return #expect(Bool(false), "\(read)") }
        var decoder = TopicDecoder(policy: { _ in .none }, families: [ProfileTopics([profile])])
        func values(_ topic: String, _ payload: String) -> [String: Reading.Value] {
            var batch = ObservationBatch()
            let now = ReceiveTime(wall: Timestamp(milliseconds: 0, trusted: true), monotonicMilliseconds: 0)
            _ = decoder.decode(topic: topic, payload: Array(payload.utf8), received: now, into: &batch)
            #expect(batch.observations.count == (batch.readings.isEmpty ? 0 : 1))
            return Dictionary(batch.readings.map { ($0.metric.text, $0.value) }, uniquingKeysWith: { $1 })
        }
        let both: [String: Reading.Value] = ["temperature": .number(21.5), "humidity": .number(48)]
        #expect(values("a/b/whole", "{\n  \"air\": {\r\n    \"t\": 21.5\n  },\n  \"rh\": 48\n}\n") == both)
        #expect(values("a/b/whole", "{\"rh\":48}\n{\"air\":{\"t\":21.5}}\n").isEmpty, "two texts are none")
        #expect(values("a/b/lines", "{\"t\":21.5}\n{\"rh\":48}\n") == both)
        #expect(values("a/b/lines", "{\"t\":21.5}\r\n\r\n# note\n{\"rh\":48}") == both)
        #expect(values("a/b/lines", "{\"t\":\n21.5}").isEmpty, "a line is a text")
    }

    @Test func topicsOfProfilesAreTakenInAndNobodyElses() throws {
        let folder = "\(Vectors.packageRoot)/drivers/theengs-gateway"
        let family = ProfileTopics([try ProfileLibrary.read(folder: folder).get()])
        #expect(family.filters.map(\.text) == ["home/+/BTtoMQTT/+"])
        var decoder = TopicDecoder(policy: { _ in SignaturePolicy(publicKey: nil) }, families: [family])
        var batch = ObservationBatch()
        func decode(_ topic: String, _ payload: String) -> Verdict {
            let now = ReceiveTime(wall: Timestamp(milliseconds: 0, trusted: true), monotonicMilliseconds: 0)
            return Array(topic.utf8).withUnsafeBufferPointer { topic in
                Array(payload.utf8).withUnsafeBytes {
                    decoder.decode(topic: topic, payload: $0, retained: false, received: now, into: &batch)
                }
            }
        }
        #expect(decode("home/gw/BTtoMQTT/A4C138", #"{"tempc":22.6,"hum":48}"#) == .taken)
        #expect(batch.observations.map(\.device.text) == ["ble-A4C138"])
        #expect(decode("home/gw/BTtoMQTT/A4C138", "{}") == .rejected(reason: .noReadings, device: nil))
        #expect(decode("home/gw/other/A4C138", #"{"tempc":1}"#) == .unclaimed)
        #expect(decode("home/gw/BTtoMQTT/a b", #"{"tempc":1}"#) == .rejected(reason: .badDeviceID, device: nil))
        #expect(batch.observations.count == 1 && batch.openReadings.isEmpty)
    }
}
