import Fleet
import GatewayModel
import JSONText
import MQTT
import Synchronization
import Testing

@testable import Drivers

@Suite struct HomeAnnouncerTests {
    /// What was published, or room for so much and no more.
    private final class Outlet: Sendable {
        let sent = Mutex<[MQTTPublication]>([])
        let room = Mutex(Int.max)

        func take(_ publication: MQTTPublication) throws {
            let hasRoom = room.withLock { room in
                guard room > 0 else { return false }
                room -= 1
                return true
            }
            guard hasRoom else { throw MQTTError.outboxFull }
            sent.withLock { $0.append(publication) }
        }

        func take() -> [MQTTPublication] {
            sent.withLock { sent in
                defer { sent = [] }
                return sent
            }
        }
    }

    private let outlet = Outlet()
    private let announcer: HomeAnnouncer

    init() throws {
        let gateway = try #require(DeviceID("gw"))
        announcer = HomeAnnouncer(gateway: gateway, device: { _ in nil }) { [outlet] in try outlet.take($0) }
    }

    private func device(_ id: String) throws -> DeviceName {
        try #require(DeviceID(id).flatMap { DeviceName($0) })
    }

    private func take(
        _ id: String, _ readings: [(String, Reading.Value, String)], quality: Quality = .ok, flags: RecordFlags = []
    ) throws {
        var batch = ObservationBatch()
        for (metric, value, unit) in readings {
            batch.append(
                Reading(
                    try #require(MetricName(metric)), value, unit: try #require(Unit(unit)), quality: quality))
        }
        let now = ReceiveTime(wall: Timestamp(milliseconds: 0, trusted: false), monotonicMilliseconds: 0)
        var observation = Observation(device: try device(id), received: now, source: .serial)
        observation.flags = flags
        batch.append(observation)
        announcer.take(batch)
    }

    @Test func aDeviceIsAnnouncedOnceAndItsValuesWheneverTheyCome() throws {
        try take("dev.1", [("temperature", .number(21.5), "Cel")])
        announcer.flush()
        let first = outlet.take()
        try #require(first.count == 2)
        #expect(first[0].retain && first[0].topic.hasPrefix("homeassistant/device/mycogate_dev_1_"))
        #expect(!first[1].retain && first[1].topic == "mycogate/gw/dev.1/state")
        try take("dev.1", [("temperature", .number(22), "Cel")])
        announcer.flush()
        #expect(outlet.take().map { String(decoding: $0.payload, as: UTF8.self) } == [#"{"temperature":22.0}"#])
        announcer.flush()
        #expect(outlet.take().isEmpty)
        try take("dev.1", [("humidity", .number(48), "%")])
        announcer.flush()
        let third = outlet.take()
        #expect(third.count == 2 && third[0].retain, "another metric is another description")
        let state = try JSON(parsing: third[1].payload)
        #expect(
            state["temperature"]?.double == 22 && state["humidity"]?.double == 48, "all values, so that none is missing"
        )
        announcer.announceAll()
        announcer.flush()
        #expect(outlet.take().count == 2)
    }

    @Test func whatFindsNoRoomIsSentLater() throws {
        try take("a", [("t", .number(1), "")])
        outlet.room.withLock { $0 = 1 }
        announcer.flush()
        #expect(outlet.take().count == 1)
        outlet.room.withLock { $0 = .max }
        announcer.flush()
        #expect(outlet.take().contains { $0.topic == "mycogate/gw/a/state" })
        announcer.flush()
        #expect(outlet.take().isEmpty)
    }

    @Test func oldValuesAndWhoIsKnownElsewhereAreLeftOut() throws {
        try take("b", [("t", .number(1), "")], flags: .retained)
        try take("b", [("t", .number(1), "")], quality: .old)
        announcer.flush()
        #expect(outlet.take().isEmpty)
        announcer.exclude(try device("c"))
        try take("c", [("t", .number(1), "")])
        announcer.announceAll()
        announcer.flush()
        #expect(outlet.take().isEmpty)
    }

    @Test func devicesAndMetricsAreBounded() throws {
        try take("many", (0..<HomeAnnouncer.metricCountMax + 50).map { ("bounded\($0)", .number(1), "") })
        announcer.flush()
        let configuration = try JSON(parsing: try #require(outlet.take().first).payload)
        #expect(configuration["cmps"]?.members?.count == HomeAnnouncer.metricCountMax)
    }

    @Test(arguments: [
        ("temperature", "Cel", "°C", "temperature"), ("bme688_a.humidity", "%", "%", "humidity"),
        ("soil.moisture", "%", "%", "moisture"), ("battery_level", "%", "%", "battery"), ("load", "%", "%", nil),
        ("co2", "[ppm]", "ppm", "carbon_dioxide"), ("pm2_5", "ug/m3", "µg/m³", "pm25"),
        ("pressure", "hPa", "hPa", "pressure"), ("lora.rssi", "dB[mW]", "dBm", "signal_strength"),
        ("wind_speed", "m/s", "m/s", "wind_speed"), ("analog.ai1", "V", "V", "voltage"), ("seq", "1", nil, nil),
        ("odd", "{flops}", "{flops}", nil),
    ])
    func unitsAndClassesComeFromTheUCUMCode(metric: String, code: String, unit: String?, deviceClass: String?) {
        let entity = HomeEntity(number: metric, unit: code)
        #expect(entity.unit == unit && entity.deviceClass == deviceClass && entity.stateClass == "measurement")
        #expect(HomeEntity(number: "energy.total", unit: "kW.h").stateClass == "total_increasing")
    }

    @Test func namesThatCannotStandInATopicStayApart() {
        #expect(HomeAnnouncer.plain("mycogate_a-1") == "mycogate_a-1")
        #expect(HomeAnnouncer.plain("a.b") != HomeAnnouncer.plain("a:b"))
        #expect(HomeAnnouncer.plain("é/ü").utf8.allSatisfy { $0 < 0x80 })
    }
}
