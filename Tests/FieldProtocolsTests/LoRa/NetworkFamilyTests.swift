import FieldProtocols
import GatewayModel
import GatewayTestKit
import JSONText
import Testing

@Suite struct NetworkFamilies {
    private static let received = ReceiveTime(
        wall: Timestamp(milliseconds: 1_777_889_731_000, trusted: true), monotonicMilliseconds: 5)
    private static let device = "application/17c82e96-be03-4f38-aef3-f83d48582d97/device/0004a30b001c0530"

    private struct Site {
        var decoder: TopicDecoder
        var batch = ObservationBatch()

        init(_ naming: LoRaNaming = LoRaNaming()) {
            decoder = TopicDecoder(
                policy: { _ in .none },
                families: [TopicFamilyName.chirpstack, .tts].map { $0.make(naming: naming) })
        }

        mutating func take(_ topic: String, _ payload: String, retained: Bool = false) -> Verdict {
            decoder.decode(
                topic: topic, payload: Array(payload.utf8), retained: retained, received: NetworkFamilies.received,
                into: &batch)
        }

        func value(_ metric: String) -> Reading.Value? {
            batch.readings.last { $0.metric.text == metric }?.value
        }
    }

    private func vectors(_ name: String) throws -> [JSON] {
        let root = try JSON(parsing: Vectors.text("lora/\(name).json"))
        return root.array ?? [root]
    }

    @Test func anUplinkBecomesOneRecordOfItsDevice() throws {
        var site = Site()
        let vector = try vectors("chirpstack-up")[0]
        #expect(site.take(vector["topic"]?.string ?? "", vector["payload"]?.text ?? "") == .taken)
        let observation = try #require(site.batch.observations.first)
        #expect(site.batch.observations.count == 1 && site.batch.notes.isEmpty)
        #expect(observation.device.text == "lora-0004a30b001c0530")
        #expect(observation.deviceSeq == 513 && observation.source == .lora)
        #expect(observation.deviceTime == Timestamp(milliseconds: 1_777_889_730_123, trusted: true))
        let id = String(decoding: site.batch.bytes[observation.messageID], as: UTF8.self)
        #expect(id == "3ac7e3c4-4401-4b8d-9386-a5c902f9202d")
        #expect(site.value("temperature.3") == .number(27.2) && site.value("lora.rssi") == .number(-57))
        #expect(site.value("lora.frequency") == .number(868_500_000))
        #expect(site.value("lora.gateway") == .text("0016c001ff10a235"))
    }

    @Test func aGatewaysStatisticsAndPresenceAreItsOwn() throws {
        var site = Site()
        let topic = "eu868/gateway/0016c001ff10a235/"
        let stats =
            #"{"gatewayId":"0016c001ff10a235","time":"2026-05-04T10:15:30Z","location":{"latitude":52.52,"longitude":13.405,"altitude":34,"source":"GPS"},"#
            + #""rxPacketsReceived":12,"rxPacketsReceivedOk":11,"txPacketsEmitted":1,"metadata":{"region_common_name":"EU868"}}"#
        #expect(site.take(topic + "event/stats", stats) == .taken)
        let observation = try #require(site.batch.observations.first)
        #expect(observation.device.text == "lora-gw-0016c001ff10a235" && observation.source == .lora)
        #expect(observation.deviceTime?.milliseconds == 1_777_889_730_000)
        #expect(site.value("gateway.rx") == .number(12) && site.value("gateway.rx_ok") == .number(11))
        // Zero is left out.
        #expect(site.value("gateway.downlinks") == .number(0) && site.value("gateway.tx") == .number(1))
        #expect(site.value("gps.latitude") == .number(52.52) && site.value("gateway.rx_damaged") == nil)
        let heard = try #require(site.decoder.takeEffects()?.words.last)
        #expect(heard.device == observation.device && heard.presence.isOnline == true && !heard.presence.isOld)
        #expect(heard.presence.role == "lora-gateway")
        #expect(
            site.take(topic + "state/conn", #"{"gatewayId":"0016c001ff10a235","state":"OFFLINE"}"#, retained: true)
                == .taken)
        let kept = try #require(site.decoder.takeEffects()?.words.last)
        #expect(kept.presence.isOnline == false && kept.presence.isOld)
        _ = site.take(topic + "state/conn", #"{"state":"ONLINE"}"#)
        #expect(site.decoder.takeEffects()?.words.last?.presence.isOnline == true)
        _ = site.take(topic + "state/conn", #"{"gatewayId":"0016c001ff10a235"}"#)
        #expect(site.decoder.takeEffects()?.words.last?.presence.isOnline == false, "offline is zero, and left out")
        #expect(site.batch.observations.count == 1)
        #expect(
            site.take(topic + "event/stats", "\u{0A}\u{10}0016c001ff10a235")
                == .rejected(reason: .protobufPayload, device: nil))
        #expect(site.take(topic + "event/stats", "[]") == .rejected(reason: .badNetworkEvent, device: nil))
        // What a gateway has heard comes again as an event of the device; other people have gateways too.
        for other in [
            topic + "event/up", "eu868/gateway/kitchen/event/stats", "eu868/gateway/0016c001ff10a235/state/x",
        ] {
            #expect(site.take(other, "{}") == .unclaimed, "\(other)")
        }
    }

    @Test func anUplinkWithNothingInItIsRefused() {
        for event in ["{}", #"{"deviceInfo":{"devEui":"0004a30b001c0530"}}"#] {
            var site = Site()
            let verdict = site.take(Self.device + "/event/up", event)
            #expect(verdict == .rejected(reason: .badNetworkEvent, device: nil))
            #expect(site.batch.isEmpty, "\(event)")
        }
        var site = Site()
        #expect(site.take(Self.device + "/event/up", #"{"devAddr":"01020304"}"#) == .taken, "all that is zero left out")
    }

    @Test func theParticularsOfALogEntryAreKept() {
        var site = Site()
        let event =
            #"{"level":"WARNING","code":"UPLINK_F_CNT_RESET","description":"reset","#
            + #""context":{"deduplication_id":"d-1"}}"#
        #expect(site.take(Self.device + "/event/log", event) == .taken)
        #expect(site.batch.notes.map(\.kind) == ["lora_log"])
        #expect(site.batch.notes.first?.body.contains(#""context":{"deduplication_id":"d-1"}"#) == true)
    }

    /// Servers leave out what is zero: a signal at the level of the noise is ordinary, one of 0 dBm is none.
    @Test func aSignalThatIsNotToldIsNotStoredAsZero() {
        func values(_ reception: String) -> [Reading.Value?] {
            var site = Site()
            let event =
                #"{"deviceInfo":{"devEui":"0004a30b001c0530"},"data":"AQ==","fPort":2,"#
                + #""rxInfo":[\#(reception)]}"#
            #expect(site.take(Self.device + "/event/up", event) == .taken)
            return [site.value("lora.rssi"), site.value("lora.snr")]
        }
        #expect(values(#"{"gatewayId":"a"}"#) == [nil, nil])
        #expect(values(#"{"gatewayId":"a","rssi":-57}"#) == [.number(-57), .number(0)])
        #expect(values(#"{"gatewayId":"a","snr":-3.5}"#) == [nil, .number(-3.5)])
    }

    @Test func aDeviceOnExternalPowerHasNoEmptyBattery() {
        let device = #""deviceInfo":{"devEui":"0004a30b001c0530"}"#
        for (status, level) in [
            (#""margin":7,"externalPowerSource":true"#, nil), (#""externalPowerSource":true,"batteryLevel":0"#, nil),
            (#""margin":7"#, 0.0), (#""batteryLevel":88.5"#, 88.5), (#""batteryLevelUnavailable":true"#, nil),
        ] {
            var site = Site()
            #expect(site.take(Self.device + "/event/status", "{\(device),\(status)}") == .taken)
            #expect(site.value("battery_level") == level.map { .number($0) }, "\(status)")
        }
    }

    @Test func placesAndMovementsOfCodecsHaveTheUnitsOfOurs() {
        var site = Site()
        let event =
            #"{"deviceInfo":{"devEui":"0004a30b001c0530"},"fPort":2,"data":"AQ==","object":{"#
            + #""gpsLocation":{"9":{"latitude":1.5,"longitude":-2,"altitude":3}},"accelerometer":{"4":{"x":1,"y":2,"z":3}},"#
            + #""gps_5":{"latitude":1.5},"gyrometer_6":{"z":5,"other":1}}}"#
        #expect(site.take(Self.device + "/event/up", event) == .taken)
        let units = Dictionary(
            site.batch.readings.map { ($0.metric.text, $0.unit.code) }, uniquingKeysWith: { first, _ in first })
        #expect(units["gps.9.latitude"] == "deg" && units["gps.9.longitude"] == "deg" && units["gps.9.altitude"] == "m")
        #expect(units["acceleration.4.y"] == "[g]" && units["gps.5.latitude"] == "deg")
        #expect(units["rotation.6.z"] == "deg/s" && units["rotation.6.other"] == "")
    }

    @Test func whatComesOnTheTestPortIsNoMeasurement() throws {
        var site = Site()
        let event = #"{"deviceInfo":{"devEui":"0004a30b001c0530"},"fPort":224,"data":"dGVzdA=="}"#
        #expect(site.take(Self.device + "/event/up", event) == .taken)
        let last = try #require(site.batch.observations.last)
        #expect(site.batch.readings[last.readings].map(\.metric.text) == ["lora.payload"])
    }

    @Test func aPayloadWithoutCodecIsReadAsCayenneAndElseKeptAsItIs() throws {
        var site = Site()
        func up(_ data: String) -> String {
            #"{"deviceInfo":{"devEui":"0004a30b001c0530"},"fPort":2,"data":"\#(data)"}"#
        }
        #expect(site.take(Self.device + "/event/up", up("A2cBEAJoYQFzJ18=")) == .taken)
        #expect(site.value("pressure.1") == .number(1007.9))
        #expect(site.batch.observations[0].deviceSeq == 0)
        // One byte that fits no type: nothing of it is made up.
        #expect(site.take(Self.device + "/event/up", up("A2cBEP//")) == .taken)
        let last = try #require(site.batch.observations.last)
        #expect(site.batch.readings[last.readings].map(\.metric.text) == ["lora.payload"])
        #expect(site.value("lora.payload") == .text("03670110ffff"))
    }

    @Test func aProfileComesBeforeCayenne() throws {
        var decoder = TopicDecoder(
            policy: { _ in .none },
            families: [
                TopicFamilyName.chirpstack.make { device, profile, port, payload, batch in
                    guard profile == "soil-probe", let metric = MetricName("soil.moisture") else { return nil }
                    batch.append(Reading(metric, .number(Double(payload[0]))))
                    return port == 2
                }
            ])
        var batch = ObservationBatch()
        for port in [2, 3] {
            let payload =
                #"{"deviceInfo":{"devEui":"0004a30b001c0530","deviceProfileName":"soil-probe"},"fPort":\#(port),"data":"A2cBEA=="}"#
            _ = decoder.decode(
                topic: Self.device + "/event/up", payload: Array(payload.utf8), received: Self.received, into: &batch)
        }
        #expect(batch.readings.map(\.metric.text) == ["soil.moisture", "lora.payload"])
    }

    @Test func theBestGatewayIsShownAndAllAreNamed() throws {
        var site = Site()
        let heard =
            #"[{"gatewayId":"aa","rssi":-90,"snr":2},{"gatewayId":"bb","rssi":-110,"snr":7.5},{"gatewayId":"cc"}]"#
        _ = site.take(
            Self.device + "/event/up",
            #"{"deviceInfo":{"devEui":"0004a30b001c0530"},"fCnt":1,"rxInfo":\#(heard)}"#)
        #expect(site.value("lora.gateway") == .text("bb") && site.value("lora.rssi") == .number(-110))
        #expect(site.value("lora.gateways") == .number(3))
        #expect(site.value("lora.receivers") == .text("aa/-90/2 bb/-110/7.5 cc/-/-"))
    }

    @Test func everyOtherEventIsStoredOrAnswersItsCommand() throws {
        var site = Site()
        var verdicts: [String: Verdict] = [:]
        for vector in try vectors("chirpstack-events") where vector["direction"] == nil {
            let topic = vector["topic"]?.string ?? ""
            verdicts[String(topic.split(separator: "/").last ?? "")] = site.take(topic, vector["payload"]?.text ?? "")
        }
        guard case .commandAck(_, let ack) = verdicts["ack"], case .commandAck(_, let sent) = verdicts["txack"] else {
            Issue.record("answers are answers: \(verdicts)")
            return
        }
        #expect(ack.requestID == "6b9a2d0c-6f8e-4f38-9f2e-6f6a3c1a1f10" && ack.isOK && !ack.isTransmissionOnly)
        #expect(sent.requestID == ack.requestID && sent.isTransmissionOnly)
        #expect(site.batch.notes.map(\.kind) == ["lora_join", "lora_log"])
        #expect(site.value("battery_level") == .number(75.59) && site.value("gps.latitude") == .number(52.5201))
        // What follows a join belongs to a new boot of the device.
        _ = site.take(Self.device + "/event/up", #"{"deviceInfo":{"devEui":"0004a30b001c0530"},"rxInfo":[{}]}"#)
        #expect(site.batch.observations.last?.bootEvidence == .announced)
    }

    @Test func aRefusedDownlinkIsToldWithItsReason() {
        var site = Site()
        let log =
            #"{"deviceInfo":{"devEui":"0004a30b001c0530"},"level":"ERROR","code":"EXPIRED","description":"too old","context":{"queue_item_id":"q-1"}}"#
        guard case .commandAck(_, let answer) = site.take(Self.device + "/event/log", log) else {
            Issue.record("no answer")
            return
        }
        #expect(answer.requestID == "q-1" && !answer.isOK && answer.result == "EXPIRED: too old")
    }

    @Test func theThingsStackIsReadToo() throws {
        var naming = LoRaNaming()
        let alias = try #require(DeviceID("roof-sensor").flatMap { DeviceName($0) })
        naming.name(LoRaEUI(0x0004_A30B_001C_0530), alias)
        var site = Site(naming)
        for vector in try vectors("tts-v3") where vector["direction"] == nil {
            _ = site.take(vector["topic"]?.string ?? "", vector["payload"]?.text ?? "")
        }
        #expect(site.batch.observations.count == 2 && site.batch.observations[0].device == alias)
        #expect(site.batch.observations[0].deviceSeq == 513 && site.batch.observations[1].deviceSeq == 0)
        #expect(site.batch.notes.map(\.kind) == ["lora_join", "lora_downlink"])
        let ours =
            #"{"end_device_ids":{"device_id":"env-01"},"downlink_nack":{"correlation_ids":["as:x","mycogate:c-9"]}}"#
        guard case .commandAck(_, let answer) = site.take("v3/app1@tenant1/devices/env-01/down/nack", ours) else {
            Issue.record("no answer")
            return
        }
        #expect(answer.requestID == "c-9" && !answer.isOK)
    }

    /// What is zero is left out by both servers.
    @Test(arguments: [
        (
            device + "/event/up",
            #"{"deduplicationId":"x","deviceInfo":{"devEui":"0004a30b001c0530"},"fPort":2,"data":"AWcBEA==","rxInfo":["#
                + #"{"gatewayId":"0016c001ff10a235","rssi":-57}]}"#
        ),
        (
            "v3/app1@t1/devices/field/up",
            #"{"end_device_ids":{"device_id":"field","dev_eui":"0004A30B001C0530"},"uplink_message":{"f_port":2,"#
                + #""frm_payload":"AWcBEA==","rx_metadata":[{"gateway_ids":{"eui":"0016C001FF10A235"},"rssi":-57}]}}"#
        ),
    ])
    func whatAServerLeavesOutIsZero(_ topic: String, _ payload: String) throws {
        var site = Site()
        #expect(site.take(topic, payload) == .taken)
        #expect(try #require(site.batch.observations.first).deviceSeq == 0)
        #expect(site.value("lora.snr") == .number(0) && site.value("lora.rssi") == .number(-57))
        #expect(site.value("temperature.1") == .number(27.2))
    }

    @Test func aRetainedEventIsOldAndForeignOrBinaryOnesAreRefused() {
        var site = Site()
        let up = #"{"deviceInfo":{"devEui":"0004a30b001c0530"},"object":{"temperature":21}}"#
        #expect(site.take(Self.device + "/event/up", up, retained: true) == .taken)
        #expect(site.batch.readings.allSatisfy { $0.quality == .old })
        #expect(site.batch.observations[0].flags.contains(.retained))
        func reason(_ topic: String, _ payload: String) -> String? {
            if case .rejected(let reason, _) = site.take(topic, payload) { reason.name } else { nil }
        }
        let other = "application/a/device/0000000000000001/event/up"
        #expect(reason(other, up) == "bad_network_event")
        #expect(reason(Self.device + "/event/up", "\n$c9dbe358") == "protobuf_payload")
        #expect(reason(Self.device + "/event/up", "{") == "malformed_json")
        #expect(reason("application/a/device/xyz/event/up", up) == "bad_device_id")
        #expect(
            reason(Self.device + "/event/up", #"{"deviceInfo":{"devEui":"0004a30b001c0530"},"data":"*"}"#)
                == "bad_base64")
        #expect(site.batch.openReadings.isEmpty)
    }

    @Test func aDownlinkReadsBackAsItWasMeant() throws {
        let text = ChirpStackEvent.downlink(
            id: "q", device: LoRaEUI(0x0004_A30B_001C_0530), port: 10, payload: [1, 0], isConfirmed: true)
        #expect(has(try JSON(parsing: text), ["devEui": "0004a30b001c0530", "fPort": 10, "data": "AQA=", "id": "q"]))
        let push = ThingsStackEvent.downlink(id: "q", port: 15, payload: [1, 0], isConfirmed: false)
        let wanted: JSON = ["f_port": 15, "frm_payload": "AQA=", "confirmed": false]
        #expect(has(try JSON(parsing: push)["downlinks"]?[0], wanted))
    }
}
