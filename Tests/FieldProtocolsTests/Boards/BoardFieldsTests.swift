import GatewayModel
import GatewayTestKit
import JSONText
import Testing

@testable import FieldProtocols

/// What the generations say beyond what the vectors show.
@Suite struct BoardFieldsTests {
    @Test func aDroneFlyingByGivesItsState() {
        var board = HeardBoard()
        board.hear(MDPVectors.valid("drone-telemetry-packed") + MDPVectors.valid("drone-mission-status-packed"))
        #expect(board.observations.map(\.deviceSeq) == [50, 51])
        #expect(board.readings(0).count == 23)
        #expect(board.value("drone.flight_mode", in: 0) != nil)
        #expect(board.value("drone.mission_state", in: 1) == .text("retrieve"))
        #expect(board.value("drone.mission_progress", in: 1) == .number(55))
        #expect(board.readings(0).first { $0.metric.text == "drone.latitude" }?.unit == Unit(known: "deg"))
        #expect(board.decoder.traits.build == .drone)
    }

    @Test func channelStateOfWiFiBecomesReadings() {
        var board = HeardBoard()
        board.hear(MDPVectors.valid("wifisense-packed"))
        #expect(board.observations.count == 1)
        #expect(board.value("wifisense.rssi", in: 0) == .number(-61))
        #expect(board.value("wifisense.channel", in: 0) == .number(6))
        #expect(board.value("wifisense.csi", in: 0) == .text("0102030405060708"))
        #expect(board.value("wifisense.csi_format", in: 0) == .text("iq16"))
        #expect(board.decoder.traits.build == .wifiSense)
    }

    @Test func theEnvelopeOfAFungalInterfaceIsRead() {
        var board = HeardBoard()
        board.hear(
            #"{"id":"x","channel":"device.FCI-1.telemetry","timestamp":"2024-01-01T00:00:05Z","message_type":"fci_telemetry","#
                + #""payload":{"bioelectric":{"amplitude_uv":0.74,"dominant_freq_hz":1.5,"pattern":"growth","#
                + #""pattern_confidence":0.98,"sample_count":256},"environment":{"temperature_c":21.5,"voc_index":48.2},"#
                + #""status":{"uptime_ms":5000,"wifi_rssi":-61,"impedance_ohms":1200,"stimulus_active":false}}}"#)
        #expect(board.observations.count == 1)
        #expect(board.value("fci.amplitude", in: 0) == .number(0.74))
        #expect(board.value("fci.pattern_confidence", in: 0) == .number(98))
        #expect(board.value("bme688_b.gas_resistance", in: 0) == .number(48_200))
        #expect(board.value("sys.uptime", in: 0) == .number(5))
        #expect(board.observations[0].deviceTime == nil)
        board.hear("[CAL] Baseline: 0.02 µV, Noise floor: 0.35 µV RMS")
        #expect(board.value("fci.noise_floor", in: 1) == .number(0.35))
    }

    @Test(arguments: [
        (#""variant_id":2"#, "bme690_a"), (#""variant_id":1"#, "bme688_a"), (#""chip":"BME690""#, "bme690_a"),
    ])
    func aBME690IsToldApartByItsVariant(fact: String, prefix: String) {
        var board = HeardBoard()
        board.hear(
            BoardFrames.frame(
                .telemetry, seq: 2,
                #"{"type":"telemetry","bme688":{"a":{"chip_id":97,\#(fact),"temperature_c":22.5,"gas_3":0.7}}}"#))
        #expect(board.readings(0).map(\.metric.text) == [prefix + ".temperature", prefix + ".gas_3"])
        board.hear(#"{"ok":true,"bme1":{"label":"AMB",\#(fact),"temp_c":21.5},"bme2":{"label":"ENV","temp_c":22}}"#)
        #expect(board.readings(1).map(\.metric.text) == [prefix + ".temperature", "bme688_b.temperature"])
    }

    @Test(arguments: [
        (#""temperature_c":22.5,"variant_id":2"#, "bme690_a"),
        (#""variant":2,"temperature_c":22.5,"variant_id":1"#, "bme688_a"),
        (#""product":"BME690","chip":"BME688","temperature_c":22.5"#, "bme688_a"),
        (#""chip":"BME688","variant":2,"temperature_c":22.5"#, "bme690_a"),
        (#""model":"BME690","model":"BME688","temperature_c":22.5"#, "bme690_a"),
    ])
    func theVariantCountsMoreThanNamesWhereverTheyStand(members: String, prefix: String) {
        var board = HeardBoard()
        board.hear(
            BoardFrames.frame(.telemetry, seq: 2, #"{"type":"telemetry","bme688":{"a":{\#(members)}}}"#))
        #expect(board.readings(0).map(\.metric.text) == [prefix + ".temperature"])
    }

    @Test func everyFieldOfTheSensorHasAName() {
        let names = [
            "temperature", "temp_c", "temperature_c", "temperature_c_comp", "ambient_temperature_c", "tC", "humidity",
            "humidity_pct", "humidity_pct_comp", "rh", "pressure", "pressure_hpa", "p_hPa", "gas_resistance",
            "gas_resistance_ohm", "gas_ohm", "gas", "iaq", "acc", "iaq_accuracy", "siaq", "static_iaq", "co2eq",
            "co2_equivalent", "eco2_ppm", "co2_eq_ppm", "voc", "voc_equivalent", "gas_class", "gas_probability",
            "gas_percentage", "gas_1", "gas_2", "gas_3", "gas_4",
        ]
        for name in names { #expect(BME688Field(name) != nil, "\(name)") }
        #expect(BME688Field("gas_class")?.unit == .one)
        for name in ["", "gas_5", "temperaturex", String(repeating: "t", count: 200)] {
            #expect(BME688Field(name) == nil)
        }
    }

    @Test func classAndProbabilityAreKeptAsWhatTheyAre() {
        var board = HeardBoard()
        board.hear(
            #"{"type":"tele","seq":4,"t_ms":8000,"node":"A-1","bme688_count":1,"temperature":21.5,"iaq":60,"#
                + #""iaq_accuracy":2,"gas_class":2,"gas_probability":0.41}"#)
        #expect(board.decoder.generation == .g4)
        #expect(board.value("bme688_a.gas_class", in: 0) == .number(2))
        #expect(board.value("bme688_a.gas_probability", in: 0) == .number(0.41))
        #expect(board.value("bme688_a.iaq_accuracy", in: 0) == .number(2))
    }

    @Test func whatFirmwareMakesUpIsLeftOutAndFlagged() {
        var board = HeardBoard()
        board.hear(
            #"{"type":"tele","seq":0,"t_ms":2000,"node":"A-1","uptime_s":2,"ai1_voltage":null,"mosfet_states":[false,false]}"#
        )
        #expect(board.observations.first?.flags == .placeholder)
        #expect(board.readings(0).map(\.metric.text) == ["sys.uptime"])
        board.hear(
            #"{"type":"tele","seq":1,"t_ms":4000,"node":"A-1","uptime_s":4,"ai1_voltage":3.3,"ai4_voltage":0,"mosfet_states":[true]}"#
        )
        #expect(board.readings(1).map(\.metric.text) == ["sys.uptime"])
    }

    // MARK: - Boots

    @Test func aResetIsAnEventWithItsReason() {
        var board = HeardBoard()
        board.hear("\u{7F}~rst:0xf (BROWNOUT_RST),boot:0x8 (SPI_FAST_FLASH_BOOT)")
        board.hear("rst:0x1,boot:0x8 (SPI_FAST_FLASH_BOOT)")
        let events = board.notes.filter { $0.stream == .events }
        #expect(events.map(\.kind) == ["device_reset", "device_reset"])
        #expect(events.map(\.body) == [#"{"reason":"BROWNOUT_RST","code":"0xf"}"#, #"{"reason":"","code":"0x1"}"#])
    }

    @Test(arguments: [
        ("Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled.", "panic"),
        ("Brownout detector was triggered", "brownout"),
        ("E (45012) task_wdt: Task watchdog got triggered. The following tasks did not reset it:", "watchdog"),
        ("abort() was called at PC 0x4008 on core 1", "abort"),
    ])
    func aCrashIsAnEvent(line: String, kind: String) {
        var board = HeardBoard()
        board.hear(line)
        #expect(board.notes.first { $0.stream == .events }?.kind == "device_crash")
        #expect(board.notes.first { $0.stream == .events }?.body.contains(#""kind":"\#(kind)""#) == true)
    }

    @Test func aBoardThatDiesAllTheTimeDoesNotFillTheJournal() {
        var board = HeardBoard()
        board.decoder.logLinesAllowed = 10
        for _ in 0..<100 { board.hear("rst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)") }
        #expect(board.notes.count == 10)
        #expect(board.decoder.counters.logLinesWithheld == 190)
    }

    // MARK: - Dialects

    @Test func theDialectFollowsWhateverIsFlashed() {
        var board = HeardBoard()
        board.hear("MycoBrain Side-A Production Firmware")
        #expect(board.decoder.generation == .g2)
        board.hear(BoardFrames.frame(.hello, seq: 1, #"{"role":"mushroom1"}"#))
        #expect(board.decoder.generation == .g11)
        board.hear("rst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)")
        board.hear(#"{"type":"boot","ok":true,"hello":"mycobrain.sideA.bsec2","version":"2.1.0","bme688_count":1}"#)
        #expect(board.decoder.generation == .g4)
        board.hear(MDPVectors.valid("bin-telemetry-v1-legacy"))
        #expect(board.decoder.generation == .g9)
        #expect(board.decoder.traits.speaksBinary)
    }

    @Test func whatSideBRelaysDoesNotChangeWhoSpeaks() {
        var board = HeardBoard()
        board.hear("=== MycoBrain Side-B 1.0.0-production ===")
        board.hear(#"{"type":"telemetry","ts":1,"ai1_voltage":0.5,"i2c_addresses":[118],"uptime_seconds":24}"#)
        #expect(board.decoder.generation == .g7)
        #expect(board.value("analog.ai1", in: 0) == .number(0.5))
        board.hear("rst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)")
        board.hear(#"{"type":"telemetry","ts":1,"ai1_voltage":0.5,"i2c_addresses":[118],"uptime_seconds":2}"#)
        #expect(board.decoder.generation == .g2)
    }

    @Test func theSixthGenerationHasNoSensors() {
        var board = HeardBoard()
        board.hear(#"{"ok":true,"hello":"mycobrain.working","version":"1.0.0","heap":300000}"#)
        #expect(board.decoder.generation == .g6)
        board.hear(#"{"type":"telemetry","uptime_ms":5000,"node":"3ab410"}"#)
        #expect(board.decoder.generation == .g6)
        #expect(board.readings(0).map(\.metric.text) == ["sys.uptime"])
        board.hear(#"{"error":"unknown command","cmd":"x"}"#)
        #expect(board.answers.map(\.success) == [false])
    }

    // MARK: - Numbers

    @Test func repeatedAndLateNumbersAreToldFromMissingOnes() {
        var board = HeardBoard()
        for seq in [5, 6, 9, 9, 7, 7, 10] as [UInt32] { board.hear(BoardFrames.telemetry(seq, uptime: 10)) }
        #expect(board.decoder.counters.missingFrames == 1)
        #expect(board.decoder.counters.repeatedFrames == 2)
        #expect(board.decoder.counters.lateFrames == 1)
        // Another boot begins another count.
        board.hear(BoardFrames.frame(.hello, seq: 1, #"{"role":"mushroom1"}"#) + BoardFrames.telemetry(2, uptime: 1))
        #expect(board.decoder.counters.repeatedFrames == 2)
    }

    // MARK: - Secrets

    @Test func keysAreNeverLogged() {
        let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKB"
        var board = HeardBoard()
        board.hear("> cloud pem key")
        for line in ["-----BEGIN PRIVATE KEY-----", body, "short", "-----END PRIVATE KEY-----", "cloud pem end"] {
            board.hear(line)
        }
        // Whoever joins in the middle has not seen the beginning.
        board.hear(body)
        board.hear(body + "\r\n-----END CERTIFICATE-----")
        // A frame of unknown kind that holds one.
        board.hear(BoardFrames.frame(MDPMessageType(rawValue: 0x0B), seq: 3, "x -----BEGIN PRIVATE KEY-----" + body))
        let kept = board.notes.map(\.body).joined()
        #expect(!kept.contains("MIIE") && !kept.contains("short") && !kept.contains("4d494945"))
        #expect(board.notes.count == 2)
    }
}
