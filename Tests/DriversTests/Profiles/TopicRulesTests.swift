import Drivers
import FieldProtocols
import GatewayModel
import Synchronization
import Testing

/// Which rule of which profile reads a topic, and whose it is, whatever was heard before.
@Suite struct TopicRulesTests {
    private static let yaml = """
        name: acme-m1
        vendor: ACME
        model: M1
        kind: mqtt
        mqtt:
          topics:
            - topic: site/{device}/air
              device: air-{device}
              json: [{from: t, metric: temperature, unit: "°C"}]
            - topic: site/{device}/#
              device: any-{device}
              json: [{from: rh, metric: humidity, unit: "%"}]
        """

    /// What each message of `messages`, a topic and a payload, brings: a device with a metric, or what was said of it.
    private func hear(
        _ messages: [(topic: String, payload: String)],
        assign: @escaping @Sendable (DeviceName, Int) -> Void = { _, _ in }
    ) throws -> [String] {
        let profile = try ProfileDocument.read(Array(Self.yaml.utf8), file: "profile.yaml").get()
        var decoder = TopicDecoder(policy: { _ in .none }, families: [ProfileTopics([profile], assign: assign)])
        var batch = ObservationBatch()
        let now = ReceiveTime(wall: Timestamp(milliseconds: 0, trusted: true), monotonicMilliseconds: 0)
        return messages.map { message in
            batch.removeAll()
            let verdict = decoder.decode(
                topic: message.topic, payload: Array(message.payload.utf8), received: now, into: &batch)
            if case .rejected(let reason, _) = verdict { return reason.name }
            guard let observation = batch.observations.first else { return "\(verdict)" }
            return "\(observation.device) \(batch.readings.map(\.metric.text).joined(separator: " "))"
        }
    }

    @Test func eachMessageIsReadByTheFirstRuleThatCanWhateverWasHeardOnItsTopic() throws {
        let (both, air, other, none) = (#"{"t":1,"rh":2}"#, #"{"t":1}"#, #"{"rh":2}"#, "{}")
        let heard = try hear([
            ("site/a/air", other), ("site/a/air", air), ("site/a/air", both), ("site/b/air", air),
            ("site/a/air", other),
            ("site/a/air", none), ("site/a/water", air), ("site/a/water", other), ("site/b/air", other),
            ("elsewhere/a/air", air), ("site/a b/air", air), ("site/a b/air", air), ("site/a/air", air),
        ])
        #expect(
            heard == [
                "any-a humidity", "air-a temperature", "air-a temperature", "air-b temperature", "any-a humidity",
                "no_readings", "no_readings", "any-a humidity", "any-b humidity",
                "unclaimed", "bad_device_id", "bad_device_id", "air-a temperature",
            ])
    }

    /// More than are remembered: the numbers mean other topics afterwards.
    @Test func whoseATopicIsStaysTrueWhenTopicsAreNumberedAnew() throws {
        let pair = [("site/a/air", #"{"t":1}"#), ("site/b/air", #"{"t":1}"#)]
        let heard = try hear(pair + (0..<33_000).map { ("site/c/\($0)", #"{"rh":2}"#) } + pair.reversed())
        #expect(heard.prefix(2) == ["air-a temperature", "air-b temperature"])
        #expect(heard.suffix(2) == ["air-b temperature", "air-a temperature"])
    }

    @Test func theProfileOfADeviceIsToldOnceAndOnlyOfOneThatCouldBeRead() throws {
        let told = Mutex<[String]>([])
        _ = try hear([
            ("site/a/air", "{}"), ("site/a/air", #"{"rh":2}"#), ("site/a/water", #"{"rh":2}"#),
            ("site/a/air", #"{"t":1}"#), ("site/a/air", #"{"t":1}"#),
        ]) { device, index in told.withLock { $0.append("\(device) \(index)") } }
        #expect(told.withLock { $0 } == ["any-a 0", "air-a 0"])
    }
}
