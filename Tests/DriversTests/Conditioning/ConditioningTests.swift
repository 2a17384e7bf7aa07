import Drivers
import FieldProtocols
import GatewayModel
import Testing

@Suite struct ConditioningOfReadings {
    private static let metric = MetricName(known: "conditioned.temperature")
    private static let other = MetricName(known: "conditioned.other")

    private static func profile(_ conditions: [MetricCondition], every: Duration? = nil) -> Profile {
        Profile(
            name: "p", vendor: "v", model: "m", kind: .lines(LineCodec(rules: [])), conditions: conditions,
            expectedEvery: every)
    }

    private static func time(_ milliseconds: Int64) -> ReceiveTime {
        ReceiveTime(wall: Timestamp(milliseconds: milliseconds, trusted: true), monotonicMilliseconds: milliseconds)
    }

    private func add(
        _ values: [Double], of device: DeviceName, at: Int64, to batch: inout ObservationBatch, seq: UInt32? = nil
    ) {
        for value in values { batch.append(Reading(Self.metric, .number(value), unit: .celsius)) }
        var observation = Observation(device: device, received: Self.time(at), source: .serial)
        observation.deviceSeq = seq
        batch.append(observation)
    }

    private func name(_ text: String) throws -> DeviceName { try #require(DeviceID(text).flatMap { DeviceName($0) }) }

    @Test func valuesOutsideTheBoundsAreBadAndKept() throws {
        let conditioning = Conditioning()
        let device = try name("bounded")
        conditioning.assign(device, Self.profile([MetricCondition(metric: Self.metric, bounds: -30...60)]))
        var batch = ObservationBatch()
        add([20, 61, -31], of: device, at: 0, to: &batch)
        add([61], of: try name("free"), at: 0, to: &batch)
        conditioning.apply(&batch)
        #expect(batch.readings.map(\.quality) == [.ok, .bad, .bad, .ok])
    }

    @Test func whatHasNotChangedIsLeftOutUntilTheSilenceIsTooLong() throws {
        let conditioning = Conditioning()
        let device = try name("quiet")
        let rule = MetricCondition(metric: Self.metric, deadband: 0.5, silenceMax: .seconds(60))
        conditioning.assign(device, Self.profile([rule]))
        var stored: [(Int64, Double)] = []
        for (at, value) in [(0, 20.0), (1_000, 20.4), (2_000, 20.6), (3_000, 20.9), (61_000, 20.7), (62_100, 20.6)] {
            var batch = ObservationBatch()
            add([value], of: device, at: Int64(at), to: &batch)
            conditioning.apply(&batch)
            #expect(batch.observations.count == batch.readings.count, "an observation of nothing is none")
            for case .number(let value) in batch.readings.map(\.value) { stored.append((Int64(at), value)) }
        }
        #expect(stored.map(\.1) == [20.0, 20.6, 20.6])
        #expect(stored.map(\.0) == [0, 2_000, 62_100])
    }

    @Test func anObservationWithANumberOfItsOwnIsNeverLeftOut() throws {
        let conditioning = Conditioning()
        let device = try name("numbered")
        conditioning.assign(device, Self.profile([MetricCondition(metric: Self.metric, deadband: 1)]))
        var batch = ObservationBatch()
        add([20], of: device, at: 0, to: &batch, seq: 1)
        batch.append(Reading(Self.other, .number(1)))
        add([20], of: device, at: 1, to: &batch, seq: 2)
        add([20], of: device, at: 2, to: &batch, seq: 3)
        conditioning.apply(&batch)
        #expect(batch.observations.map(\.deviceSeq) == [1, 2, 3])
        #expect(batch.observations.map(\.readings.count) == [1, 1, 0])
        #expect(batch.readings.map(\.metric) == [Self.metric, Self.other])
    }

    @Test func aBatchThatComesAgainIsNotConditionedTwice() throws {
        let conditioning = Conditioning()
        let device = try name("calibrated")
        conditioning.use(
            Calibration(
                device: device.id, metric: "conditioned.temperature", offset: -0.5, origin: "cli",
                set: Timestamp(milliseconds: 0, trusted: true)))
        var batch = ObservationBatch()
        add([20], of: device, at: 0, to: &batch)
        conditioning.apply(&batch)
        conditioning.apply(&batch)
        add([21], of: device, at: 1, to: &batch)
        conditioning.apply(&batch)
        #expect(batch.readings.map(\.value) == [.number(19.5), .number(20.5)])
        conditioning.use(
            Calibration(
                device: device.id, metric: "conditioned.temperature", offset: 0, origin: "cli",
                set: Timestamp(milliseconds: 0, trusted: true)))
        batch.removeAll()
        add([20], of: device, at: 2, to: &batch)
        conditioning.apply(&batch)
        #expect(batch.readings.map(\.value) == [.number(20)])
    }

    @Test func aDeviceThatIsSilentForTooLongIsStale() throws {
        let conditioning = Conditioning()
        let device = try name("expected")
        conditioning.assign(device, Self.profile([], every: .seconds(60)))
        #expect(!conditioning.isStale(device.id, at: Self.time(0)), "nobody knows of one that never spoke")
        var batch = ObservationBatch()
        add([20], of: device, at: 1_000, to: &batch)
        conditioning.apply(&batch)
        #expect(!conditioning.isStale(device.id, at: Self.time(61_000)))
        #expect(conditioning.takeChanges(at: Self.time(61_000)).stale.isEmpty)
        #expect(conditioning.isStale(device.id, at: Self.time(61_001)))
        #expect(conditioning.takeChanges(at: Self.time(61_001)).stale == [device.id])
        #expect(conditioning.takeChanges(at: Self.time(62_000)).stale.isEmpty, "told once")
        add([20], of: device, at: 70_000, to: &batch)
        conditioning.apply(&batch)
        #expect(conditioning.takeChanges(at: Self.time(70_000)).fresh == [device.id])
    }

    @Test func aValueIsGoodForItsTimeOnly() throws {
        let conditioning = Conditioning()
        let device = try name("expiring")
        let metric = try #require(MetricName("conditioned.temperature"))
        let other = try #require(MetricName("conditioned.other"))
        func hasExpired(_ milliseconds: Int64, _ metric: MetricName) -> Bool {
            conditioning.hasExpired(device.id, metric, at: Self.time(milliseconds))
        }
        #expect(!hasExpired(1_000_000, metric))
        conditioning.expire(device, metric, after: 300_000, from: Self.time(1_000))
        #expect(!hasExpired(301_000, metric) && hasExpired(301_001, metric) && !hasExpired(301_001, other))
        var batch = ObservationBatch()
        add([20], of: device, at: 200_000, to: &batch)
        conditioning.apply(&batch)
        #expect(!hasExpired(500_000, metric) && hasExpired(500_001, metric))
        // Said again with each connection: that is no value.
        conditioning.expire(device, metric, after: 300_000, from: Self.time(490_000))
        #expect(hasExpired(500_001, metric))
        conditioning.expire(device, metric, after: nil, from: Self.time(500_000))
        #expect(!hasExpired(900_000, metric))
    }
}
