import FieldProtocols
import GatewayModel
import GatewayTestKit
import Testing

/// One decoded message, in words that a test can compare.
struct Decoded {
    var verdict: Verdict
    var observation: Observation?
    var readings: [String: Reading]
    var messageID: String
    var dropped: RejectReason?
    var refusal: ReplayAck?
    var notes: [Note]

    static let now = ReceiveTime(
        wall: Timestamp(milliseconds: 1_768_487_400_000, trusted: true), monotonicMilliseconds: 60_000)

    init(
        _ topic: String, _ payload: [UInt8], retained: Bool = false, policy: SignaturePolicy = .none,
        others: [String: SignaturePolicy] = [:]
    ) {
        // The policy is that of the topic's device.
        var decoder = TopicDecoder(policy: { name in
            topic.contains("/\(name.text)/") ? policy : others[name.text] ?? .none
        })
        var batch = ObservationBatch()
        verdict = decoder.decode(topic: topic, payload: payload, retained: retained, received: Self.now, into: &batch)
        observation = batch.observations.first
        readings = [:]
        for reading in batch.readings { readings[reading.metric.text] = reading }
        messageID = observation.map { String(decoding: batch.bytes[$0.messageID], as: UTF8.self) } ?? ""
        dropped = decoder.dropped
        refusal = decoder.refusal
        notes = batch.notes
    }

    init(_ topic: String, _ payload: String, retained: Bool = false, policy: SignaturePolicy = .none) {
        self.init(topic, Array(payload.utf8), retained: retained, policy: policy)
    }

    var reason: RejectReason? {
        if case .rejected(let reason, _) = verdict { reason } else { nil }
    }

    func number(_ name: String) -> Double? {
        if case .number(let value) = readings[name]?.value { value } else { nil }
    }
}

@Suite struct MQTTTelemetry {
    let topic = "mycosoft/devices/m1/telemetry"

    @Test(arguments: [
        ("temperature_c_comp", "temperature", "Cel"), ("ambient_temperature_c", "temperature", "Cel"),
        ("humidity_pct_comp", "humidity", "%"), ("rh_pct", "humidity", "%"), ("press_hpa", "pressure", "hPa"),
        ("eco2_ppm", "co2_equivalent", "[ppm]"), ("siaq", "static_iaq", "1"), ("gas_class", "gas_class", "1"),
        ("gas_probability", "gas_probability", "1"), ("gas_percentage", "gas_percentage", "%"), ("gas_4", "gas_4", "1"),
    ])
    func namesOfTheFieldAgentAreUnderstoodWithoutASensorToo(alias: String, metric: String, unit: String) {
        for payload in [#"{"\#(alias)":1.5}"#, #"{"sensors":{"\#(alias)":1.5}}"#] {
            let decoded = Decoded(topic, payload)
            #expect(decoded.number(metric) == 1.5 && decoded.readings[metric]?.unit.code == unit, "\(payload)")
        }
    }

    @Test func nestedSensorsOfTheAgentAreNamed() {
        let decoded = Decoded(
            topic,
            #"{"device_id":"m1","captured_at":"2026-01-15T14:29:59.500Z","seq":7,"msgId":"abc","uptime_s":12.5,"#
                + #""sensors":{"bme688_ambient":{"temp_c":22.5,"humidity_pct":51.2,"pressure_hpa":1013.3,"iaq":55,"#
                + #""co2_eq_ppm":600},"bme688_environment":{"temp_c":21},"soil_moisture":{"value":41.5,"raw":1800}}}"#)
        #expect(decoded.observation?.device.text == "m1")
        #expect(decoded.number("bme688_a.temperature") == 22.5)
        #expect(decoded.readings["bme688_a.temperature"]?.unit == .celsius)
        #expect(decoded.number("bme688_a.co2_equivalent") == 600)
        #expect(decoded.number("bme688_b.temperature") == 21)
        #expect(decoded.number("soil.moisture") == 41.5)
        #expect(decoded.number("soil.moisture_raw") == 1800)
        #expect(decoded.number("sys.uptime") == 12.5)
        #expect(decoded.readings.count == 9)
        #expect(decoded.observation?.deviceSeq == 7)
        #expect(decoded.messageID == "abc")
        #expect(decoded.observation?.bootEvidence == .uptime(milliseconds: 12_500))
        #expect(decoded.observation?.deviceTime == Timestamp(milliseconds: 1_768_487_399_500, trusted: true))
        #expect(decoded.observation?.payloadHash != 0)
        guard case .observation(_, let ack) = decoded.verdict else { return #expect(Bool(false)) }
        #expect(ack?.messageID == "abc")
        #expect(ack?.seq == 7)
    }

    @Test func boardTelemetryIsNamedAsOnTheSerialPort() {
        let decoded = Decoded(
            topic,
            #"{"type":"telemetry","uptime_s":120,"estop":false,"analog":{"ai1":1204,"ai2":0,"ai3":4095,"ai4":1.5},"#
                + #""bme688":{"a":{"temperature_c":22.4,"gas_ohm":48321},"b":{}},"firmware_version":"x"}"#)
        #expect(decoded.number("analog.ai3") == 3.3)
        #expect(decoded.number("analog.ai4") == 1.5)
        #expect(decoded.readings["analog.ai1"]?.unit == .volt)
        #expect(decoded.number("bme688_a.gas_resistance") == 48321)
        #expect(decoded.readings["sys.estop"]?.value == .flag(false))
        #expect(decoded.readings.count == 8)
    }

    @Test func packsKeepTheirIdsAndGetTheirUnits() {
        for key in ["pack", "readings"] {
            let decoded = Decoded(
                "mycobrain/m1/telemetry",
                #"{"\#(key)":[{"id":"temp","v":22.5,"u":"C"},{"id":"bme688_a.iaq","v":7,"q":1},{"id":"on","v":true}],"#
                    + #""ts":{"utc":"2026-01-15T14:30:00Z","mono_ms":99},"seq":3,"msgId":"x-1"}"#)
            #expect(decoded.number("temp") == 22.5)
            #expect(decoded.readings["temp"]?.unit.code == "Cel")
            #expect(decoded.readings["bme688_a.iaq"]?.quality == .warn)
            #expect(decoded.readings["on"]?.value == .flag(true))
            #expect(decoded.observation?.bootEvidence == .uptime(milliseconds: 99))
            #expect(decoded.observation?.deviceTime?.milliseconds == 1_768_487_400_000)
        }
    }

    @Test func unknownSensorsKeepTheirNames() {
        let decoded = Decoded(
            "natureos/devices/m1/telemetry",
            #"{"sensors":{"a":{"b":{"c":1}},"temperature":20.5,"wifi_rssi":-60,"list":[1,2.5],"label":"x","none":null}}"#
        )
        #expect(decoded.number("a.b.c") == 1)
        #expect(decoded.readings["temperature"]?.unit == .celsius)
        #expect(decoded.readings["wifi.rssi"]?.unit == .decibelMilliwatt)
        #expect(decoded.number("list.1") == 2.5)
        #expect(decoded.readings["label"]?.value == .text("x"))
        #expect(decoded.readings.count == 6)
    }

    @Test func whatDevicesCallTimeIsJudged() {
        func time(_ text: String) -> Timestamp? { Decoded(topic, #"{"x":1,\#(text)}"#).observation?.deviceTime }
        func boot(_ text: String) -> BootEvidence? { Decoded(topic, #"{"x":1,\#(text)}"#).observation?.bootEvidence }
        #expect(time(#""ts":1768487400123"#) == Timestamp(milliseconds: 1_768_487_400_123, trusted: true))
        #expect(time(#""ts":1768487400.5"#) == Timestamp(milliseconds: 1_768_487_400_500, trusted: true))
        #expect(time(#""ts":"1970-01-01T00:02:00Z""#)?.trusted == false)
        #expect(time(#""ts":"2031-01-01T00:00:00Z""#)?.trusted == false)
        #expect(time(#""ts":{"utc":"120"}"#) == nil)
        #expect(time(#""ts":"yesterday""#) == nil)
        #expect(boot(#""ts":120000"#) == .uptime(milliseconds: 120_000))
        #expect(boot(#""t_ms":5"#) == .uptime(milliseconds: 5))
        #expect(boot(#""uptime_ms":-5"#) == BootEvidence.none)
        #expect(boot(#""uptime_s":1e300"#) == BootEvidence.none)
    }

    @Test func retainedMessagesAreOld() {
        let decoded = Decoded(topic, #"{"x":1}"#, retained: true)
        #expect(decoded.observation?.flags.contains(.retained) == true)
        #expect(decoded.readings["x"]?.quality == .old)
    }

    @Test func impossibleMeasurementsAreMarkedBad() {
        let decoded = Decoded(
            topic, #"{"sensors":{"bme688_a":{"temp_c":-400,"pressure_hpa":101325,"humidity_pct":50}}}"#)
        #expect(decoded.readings["bme688_a.temperature"]?.quality == .bad)
        #expect(decoded.readings["bme688_a.pressure"]?.quality == .bad)
        #expect(decoded.readings["bme688_a.humidity"]?.quality == .ok)
    }

    @Test func numbersThatAreNoneAreLeftOutAndTold() {
        let decoded = Decoded(topic, #"{"seq":1,"sensors":{"a":NaN,"b":2}}"#)
        #expect(decoded.readings.keys.sorted() == ["b"])
        #expect(decoded.observation?.flags.contains(.repaired) == true)
        #expect(decoded.dropped == .valueNotFinite)
        #expect(Decoded(topic, #"{"sensors":{"a":nan}}"#).reason == .valueNotFinite)
        #expect(Decoded(topic, #"{"a":1e200,"b":1}"#).dropped == .numberOutOfRange)
    }
}
