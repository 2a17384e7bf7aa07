public import GatewayModel

/// The readings in packets of a mesh: telemetry and position (meshtastic/protobufs, telemetry.proto and mesh.proto;
/// numbers compared with those of 2.7).
public enum MeshtasticReadings {
    private static let telemetryPort: UInt32 = 67
    private static let positionPort: UInt32 = 3
    private static let textPort: UInt32 = 1

    /// Appends the readings of a packet to the observation being built; the time of the measurement if it has one, Unix
    /// milliseconds. Packets of other ports have none.
    public static func append(
        _ packet: MeshtasticMessage.Packet, to batch: inout ObservationBatch
    ) throws(LoRaError) -> Int64? {
        var time: UInt32?
        let result = packet.payload.withUnsafeBytes { bytes -> ProtobufError? in
            do throws(ProtobufError) {
                switch packet.port {
                case telemetryPort: time = try telemetry(bytes, to: &batch)
                case positionPort: time = try position(bytes, to: &batch)
                case textPort:
                    let text = String(decoding: bytes.prefix(256), as: UTF8.self)
                    batch.append(Reading(MetricName(known: "mesh.text"), .text(text)))
                default: break
                }
                return nil
            } catch {
                return error
            }
        }
        if let result { throw LoRaError(.malformedFrame, at: result.offset) }
        return time.flatMap { $0 > 0 ? Int64($0) * 1_000 : nil }
    }

    private static func telemetry(
        _ bytes: UnsafeRawBufferPointer, to batch: inout ObservationBatch
    ) throws(ProtobufError) -> UInt32? {
        var time: UInt32?
        var reader = ProtobufReader(bytes)
        while let field = try reader.next() {
            switch field.number {
            case 1: time = field.fixed32
            case 2: if let content = field.bytes { try values(content, device, to: &batch) }
            case 3: if let content = field.bytes { try values(content, environment, to: &batch) }
            case 4: if let content = field.bytes { try values(content, air, to: &batch) }
            case 5: if let content = field.bytes { try values(content, power, to: &batch) }
            default: break
            }
        }
        return time
    }

    private static func values(
        _ bytes: UnsafeRawBufferPointer, _ table: [UInt32: (MetricName, Unit)], to batch: inout ObservationBatch
    ) throws(ProtobufError) {
        var reader = ProtobufReader(bytes)
        while let field = try reader.next() {
            guard let (metric, unit) = table[field.number] else { continue }
            switch field.value {
            case .fixed32(let bits):
                let value = Float(bitPattern: bits)
                // The shortest decimal of the 32 bits, not their image in 64.
                if value.isFinite, let number = Double(value.description) {
                    batch.append(Reading(metric, .number(number), unit: unit))
                }
            // More than full stands for "on mains".
            case .varint(let value) where metric.text == "battery_level" && value > 100: continue
            case .varint(let value): batch.append(Reading(metric, .number(Double(value)), unit: unit))
            case .fixed64, .bytes: break
            }
        }
    }

    private static func position(
        _ bytes: UnsafeRawBufferPointer, to batch: inout ObservationBatch
    ) throws(ProtobufError) -> UInt32? {
        var time: UInt32?
        var reader = ProtobufReader(bytes)
        while let field = try reader.next() {
            switch field.number {
            case 1, 2:
                guard let bits = field.fixed32 else { continue }
                let degrees = Double(Int32(bitPattern: bits)) / 1e7
                let metric = field.number == 1 ? PlaceReadings.latitude : PlaceReadings.longitude
                batch.append(Reading(metric, .number(degrees), unit: PlaceReadings.degree))
            case 3:
                guard let value = field.varint else { continue }
                let metres = Double(Int32(truncatingIfNeeded: value))
                batch.append(Reading(PlaceReadings.altitude, .number(metres), unit: PlaceReadings.metre))
            case 4: time = field.fixed32
            default: break
            }
        }
        return time
    }

    private static func table(_ rows: [(UInt32, String, String)]) -> [UInt32: (MetricName, Unit)] {
        var table: [UInt32: (MetricName, Unit)] = [:]
        for (number, name, unit) in rows {
            if let metric = MetricName(name), let unit = Unit(unit) { table[number] = (metric, unit) }
        }
        return table
    }

    private static let device = table([
        (1, "battery_level", "%"), (2, "battery_voltage", "V"), (3, "mesh.channel_utilization", "%"),
        (4, "mesh.air_utilization", "%"), (5, "sys.uptime", "s"),
    ])

    private static let environment = table([
        (1, "temperature", "Cel"), (2, "humidity", "%"), (3, "pressure", "hPa"), (4, "gas_resistance", "MOhm"),
        (5, "voltage", "V"), (6, "current", "mA"), (7, "iaq", "1"), (8, "distance", "mm"), (9, "illuminance", "lx"),
        (10, "illuminance_white", "lx"), (11, "illuminance_infrared", "lx"), (12, "illuminance_ultraviolet", "lx"),
        (13, "wind_dir", "deg"), (14, "wind_speed", "m/s"), (15, "weight", "kg"), (16, "wind_gust", "m/s"),
        (17, "wind_lull", "m/s"), (19, "rain_1h", "mm"), (20, "rain_24h", "mm"), (21, "soil_moisture", "%"),
        (18, "radiation", "uR/h"), (22, "soil_temperature", "Cel"),
    ])

    /// Air quality: fine dust by the factory's calibration and by that for the open air.
    private static let air = table([
        (1, "pm1_standard", "ug/m3"), (2, "pm2_5_standard", "ug/m3"), (3, "pm10_standard", "ug/m3"),
        (4, "pm1", "ug/m3"), (5, "pm2_5", "ug/m3"), (6, "pm10", "ug/m3"), (13, "co2", "[ppm]"),
        (14, "co2_temperature", "Cel"), (15, "co2_humidity", "%"), (16, "formaldehyde", "[ppb]"),
        (21, "pm_temperature", "Cel"), (22, "pm_humidity", "%"), (23, "voc_index", "1"), (24, "nox_index", "1"),
    ])

    /// The channels of a power meter.
    private static let power = table(
        (0..<UInt32(8)).flatMap { channel in
            [
                (2 * channel + 1, "ch\(channel + 1).voltage", "V"),
                (2 * channel + 2, "ch\(channel + 1).current", "mA"),
            ]
        })
}
