import FieldProtocols
import GatewayModel
import JSONText
import Testing

@Suite struct TasmotaTests {
    private let sensor =
        #"{"Time":"2026-05-04T10:15:30","BME280":{"Temperature":70.5,"Humidity":48.2,"DewPoint":50.1,"Pressure":755.9},"#
        + #""DS18B20-1":{"Id":"00000A1B2C3D","Temperature":68.6},"PressureUnit":"mmHg","TempUnit":"F"}"#

    @Test func theVectorsAreUnderstood() throws {
        var rig = FamilyRig(.tasmota)
        let vectors = ConventionVectors.mqtt.filter { $0["convention"]?.string == "tasmota" }
        let heard = vectors.map {
            rig.hear(
                ConventionVectors.topic($0), ConventionVectors.payload($0), retained: $0["retained"]?.bool == true)
        }
        try #require(heard.count == 3)
        let record = try #require(heard[0].records.first)
        #expect(record.device == "tasmota_A1B2C3")
        #expect(record["bme280.temperature"] == reading("bme280.temperature", 21.4, "Cel"))
        #expect(record["bme280.humidity"] == reading("bme280.humidity", 48.2, "%"))
        #expect(record["bme280.dew_point"] == reading("bme280.dew_point", 10.1, "Cel"))
        #expect(record["bme280.pressure"] == reading("bme280.pressure", 1007.9, "hPa"))
        let probe = "ds18b20_00000A1B2C3D.temperature"
        #expect(record[probe] == reading(probe, 20.6, "Cel"))
        #expect(record.readings.count == 5)
        #expect(record.observation.deviceTime == nil, "local time without a zone is no time")
        let state = try #require(heard[1].records.first)
        #expect(state["power"]?.value == .flag(false))
        #expect(state["wifi.rssi"] == reading("wifi.rssi", -61, "dB[mW]"))
        #expect(state["sys.uptime"] == reading("sys.uptime", 18_620, "s"))
        #expect(heard[2].effects.words.first?.presence.isOnline == true)
        #expect(heard[2].effects.words.first?.presence.isOld == true, "a retained will is no sign of life")
    }

    private func reading(_ name: String, _ value: Double, _ unit: String) -> Reading? {
        guard let metric = MetricName(name), let unit = Unit(unit) else { return nil }
        return Reading(metric, .number(value), unit: unit)
    }

    @Test func unitsAreThoseOfTheMessage() throws {
        var rig = FamilyRig(.tasmota)
        let record = try #require(rig.hear("tele/t1/SENSOR", sensor).records.first)
        #expect(record["bme280.temperature"]?.unit.code == "[degF]")
        #expect(record["bme280.pressure"]?.unit.code == "mm[Hg]")
        let celsius = sensor.replacing(#""TempUnit":"F""#, with: #""TempUnit":"C""#)
        #expect(rig.hear("tele/t1/SENSOR", celsius).records.first?["bme280.temperature"]?.unit == .celsius)
    }

    @Test(arguments: [
        "tele/plug-1/SENSOR", "plug-1/tele/SENSOR", "home/plug-1/tele/SENSOR", "home/tele/plug-1/SENSOR",
        "tele/home/plug-1/SENSOR",
    ])
    func prefixAndTopicStandInAnyOrder(topic: String) {
        var rig = FamilyRig(.tasmota)
        #expect(rig.hear(topic, sensor).records.first?.device == "plug-1")
    }

    @Test func aMessageThatComesTwiceHasOneIdAndAClockThatWasNeverSetHasNone() {
        var rig = FamilyRig(.tasmota)
        let first = rig.hear("tele/t1/SENSOR", sensor).records.map(\.messageID)
        #expect(rig.hear("tele/t1/SENSOR", sensor).records.map(\.messageID) == first && first != [""])
        #expect(rig.hear("tele/t2/SENSOR", sensor).records.map(\.messageID) != first)
        let unset = sensor.replacing("2026-05-04", with: "1970-01-01")
        #expect(rig.hear("tele/t1/SENSOR", unset).records.map(\.messageID) == [""])
        let zoned = sensor.replacing("10:15:30", with: "10:15:30+02:00")
        #expect(
            rig.hear("tele/t1/SENSOR", zoned).records.first?.observation.deviceTime?.milliseconds == 1_777_882_530_000)
    }

    @Test(arguments: [
        (#""2026-05-04T10:15:30""#, Int64?.none), (#""2026-05-04T10:15:30.123""#, nil),
        (#""2026-05-04T10:15:30.123-02:00""#, 1_777_896_930_123), (#""2026-05-04T10:15:30Z""#, 1_777_889_730_000),
        ("1777889730", 1_777_889_730_000), (#""2026-05-04T12:15:30","Epoch":1777889730"#, 1_777_889_730_000),
        ("1e300", nil), ("9223372036854775807", nil), ("5", nil),
    ])
    func aTimeIsTheRecordsWithItsZoneOrAsSecondsOfUnixTimeOnly(time: String, milliseconds: Int64?) throws {
        var rig = FamilyRig(.tasmota)
        let message = sensor.replacing(#""2026-05-04T10:15:30""#, with: time)
        let record = try #require(rig.hear("tele/t1/SENSOR", message).records.first)
        #expect(record.observation.deviceTime?.milliseconds == milliseconds)
        #expect(record.readings.count == 5, "a time is no reading")
    }

    @Test func energyMetersAndStatusAnswersAreRead() throws {
        var rig = FamilyRig(.tasmota)
        let energy =
            #"{"Time":"2026-05-04T10:15:30","ENERGY":{"Total":3.185,"Power":[12,30],"Voltage":231,"Factor":0.6}}"#
        let record = try #require(rig.hear("stat/t1/STATUS10", #"{"StatusSNS":\#(energy)}"#).records.first)
        #expect(record["energy.total"] == reading("energy.total", 3.185, "kW.h"))
        #expect(record["energy.power.1"] == reading("energy.power.1", 30, "W"))
        let state = rig.hear("t1/stat/STATUS11", #"{"StatusSTS":{"Time":"2026-05-04T10:15:30","UptimeSec":5}}"#)
        #expect(state.values == ["t1 sys.uptime": .number(5)])
        #expect(rig.hear("tele/t1/LWT", "Offline").presence == ["t1": false])
        #expect(rig.hear("tele/t1/LWT", "Maybe").reason == .noReadings)
        #expect(rig.hear("tele/t1/SENSOR", "[1]").reason == .malformedJSON)
        #expect(rig.hear("tele/t1/OTHER", "{}").verdict == .unclaimed)
        #expect(rig.hear("tele/t1/SENSOR", sensor, retained: true).records.first?["bme280.humidity"]?.quality == .old)
    }

    @Test func mutatedMessagesNeverTrap() {
        var rig = FamilyRig(.tasmota)
        rig.fuzz(
            [
                ("tele/t1/SENSOR", Array(sensor.utf8)), ("a/b/tele/STATE", Array(sensor.utf8)),
                ("tele/t1/LWT", [79, 110]),
            ],
            count: 300, seed: 62)
    }
}
