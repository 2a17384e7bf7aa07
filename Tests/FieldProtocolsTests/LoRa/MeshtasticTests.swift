import Crypto
import GatewayModel
import Testing

@testable import FieldProtocols

/// Telemetry of a mesh as the protobuf library of Meshtastic's own Python client (2.7.11) has encoded it: in each message
/// the field of number N has the value N if it is whole, else N + 0.5.
@Suite struct MeshtasticTelemetry {
    private func read(
        _ hex: String
    ) throws -> (values: [String: String], packet: MeshtasticMessage.Packet, time: Int64?) {
        let bytes = try #require(Hex.decode(hex))
        let packet = try #require(try bytes.withUnsafeBytes { try MeshtasticMessage($0) }.packet)
        var batch = ObservationBatch()
        let time = try MeshtasticReadings.append(packet, to: &batch)
        let values = batch.readings.map { reading in (reading.metric.text, "\(reading.value) \(reading.unit.code)") }
        return (Dictionary(values, uniquingKeysWith: { $1 }), packet, time)
    }

    private func numbers(_ rows: [(String, Double, String)]) -> [String: String] {
        Dictionary(rows.map { ($0.0, "\(Reading.Value.number($0.1)) \($0.2)") }, uniquingKeysWith: { $1 })
    }

    @Test func theBatteryOfANode() throws {
        let (values, packet, time) = try read(
            "080712410d0d0c0b0a15ffffffff22200843121c0dc271f8691215085715022b7f401d0000904025000000002880a3053563000000"
                + "4500004cc1609fffffffffffffffff01")
        #expect(packet.sender == 0x0A0B_0C0D && packet.id == 99 && packet.rssi == -97 && packet.snr == -12.75)
        #expect(time == 1_777_889_730_000)
        #expect(
            values
                == numbers([
                    ("battery_level", 87, "%"), ("battery_voltage", 3.987, "V"), ("mesh.channel_utilization", 4.5, "%"),
                    ("mesh.air_utilization", 0, "%"), ("sys.uptime", 86_400, "s"),
                ]))
    }

    @Test func aNodeOnMainsHasNoLevel() throws {
        let (values, _, _) = try read(
            "080712330d0d0c0b0a15ffffffff22120843120e0dc271f8691207086515d7a3a04035630000004500004cc1609fffffffffffff"
                + "ffff01")
        #expect(values == numbers([("battery_voltage", 5.02, "V")]))
    }

    @Test func theEnvironment() throws {
        let (values, _, _) = try read(
            "08071298010d0d0c0b0a15ffffffff2277084312730dc271f8691a6c0d0000c03f15000020401d0000604025000090402d0000b0"
                + "40350000d040380745000008414d0000184155000028415d000038416500004841680d75000068417d000078418501000084"
                + "418d0100008c419501000094419d0100009c41a5010000a441a80115b5010000b44135630000004500004cc1609fffffffff"
                + "ffffffff01")
        #expect(
            values
                == numbers([
                    ("temperature", 1.5, "Cel"), ("humidity", 2.5, "%"), ("pressure", 3.5, "hPa"),
                    ("gas_resistance", 4.5, "MOhm"), ("voltage", 5.5, "V"), ("current", 6.5, "mA"), ("iaq", 7, "1"),
                    ("distance", 8.5, "mm"), ("illuminance", 9.5, "lx"), ("illuminance_white", 10.5, "lx"),
                    ("illuminance_infrared", 11.5, "lx"), ("illuminance_ultraviolet", 12.5, "lx"),
                    ("wind_dir", 13, "deg"), ("wind_speed", 14.5, "m/s"), ("weight", 15.5, "kg"),
                    ("wind_gust", 16.5, "m/s"), ("wind_lull", 17.5, "m/s"), ("radiation", 18.5, "uR/h"),
                    ("rain_1h", 19.5, "mm"), ("rain_24h", 20.5, "mm"), ("soil_moisture", 21, "%"),
                    ("soil_temperature", 22.5, "Cel"),
                ]))
    }

    @Test func theAir() throws {
        let (values, _, _) = try read(
            "08071286010d0d0c0b0a15ffffffff2265084312610dc271f869225a080110021803200428053006380740084809500a580b600c"
                + "680d75000068417d000078418501000084418d0100008c41950100009441980113a00114ad010000ac41b5010000b441bd01"
                + "0000bc41c5010000c441cd010000cc4135630000004500004cc1609fffffffffffffffff01")
        #expect(
            values
                == numbers([
                    ("pm1_standard", 1, "ug/m3"), ("pm2_5_standard", 2, "ug/m3"), ("pm10_standard", 3, "ug/m3"),
                    ("pm1", 4, "ug/m3"), ("pm2_5", 5, "ug/m3"), ("pm10", 6, "ug/m3"), ("co2", 13, "[ppm]"),
                    ("co2_temperature", 14.5, "Cel"), ("co2_humidity", 15.5, "%"), ("formaldehyde", 16.5, "[ppb]"),
                    ("pm_temperature", 21.5, "Cel"), ("pm_humidity", 22.5, "%"), ("voc_index", 23.5, "1"),
                    ("nox_index", 24.5, "1"),
                ]))
    }

    @Test func aPowerMeter() throws {
        let (values, _, _) = try read(
            "0807127d0d0d0c0b0a15ffffffff225c084312580dc271f8692a510d0000c03f15000020401d0000604025000090402d0000b040"
                + "350000d0403d0000f04045000008414d0000184155000028415d0000384165000048416d0000584175000068417d00007841"
                + "85010000844135630000004500004cc1609fffffffffffffffff01")
        var channels: [(String, Double, String)] = []
        for channel in 1...8 {
            channels.append(("ch\(channel).voltage", 2 * Double(channel) - 0.5, "V"))
            channels.append(("ch\(channel).current", 2 * Double(channel) + 0.5, "mA"))
        }
        #expect(values == numbers(channels))
    }
}
