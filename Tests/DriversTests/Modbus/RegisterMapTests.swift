import Drivers
import FieldProtocols
import GatewayModel
import GatewayTestKit
import JSONText
import Testing

/// The maps that `modbus-register-maps.json` describes are those that are shipped.
@Suite struct RegisterMaps {
    private static let maps = Result { try JSON(parsing: Vectors.text("instruments/modbus-register-maps.json")) }
    private static let shippedAs = ["senseair-s8": "senseair-s8", "sht20-xy-md02": "generic-xy-md02"]

    private func profile(of map: JSON) throws -> Profile {
        let name = try #require(Self.shippedAs[map["name"]?.string ?? ""])
        return try ProfileLibrary.read(folder: "\(Vectors.packageRoot)/drivers/\(name)").get()
    }

    @Test func everyPointIsShippedWithItsAddressTypeScaleUnitAndNames() throws {
        let maps = try #require(Self.maps.get().array)
        #expect(maps.count >= 2)
        for vector in maps {
            let profile = try profile(of: vector)
            guard case .modbus(let map) = profile.kind else { return #expect(Bool(false), "no map") }
            #expect(Int(profile.unit) == vector["unit"]?.int)
            #expect(profile.line.baud == vector["baud"]?.int)
            #expect(profile.line.parity.rawValue == vector["parity"]?.string ?? "none")
            #expect(profile.line.stopBits == vector["stop_bits"]?.int ?? 1)
            for wanted in try #require(vector["points"]?.array) {
                let name = try #require(wanted["name"]?.string)
                let point = try #require(map.points.first { $0.name == name }, "\(name)")
                #expect(point.table.rawValue == wanted["table"]?.string, "\(name)")
                #expect(Int(point.address) == wanted["address"]?.int, "\(name)")
                #expect(point.type == RegisterType(name: wanted["type"]?.string ?? ""), "\(name)")
                #expect(point.rule.scale == wanted["scale"]?.double ?? 1, "\(name)")
                if let unit = wanted["unit"]?.string { #expect(point.rule.unit == UnitSpelling.unit(unit), "\(name)") }
                #expect((point.writable != nil) == (wanted["writable"]?.bool ?? false), "\(name)")
                #expect(point.rule.bits.isEmpty == (wanted["kind"]?.string != "status_bits"), "\(name)")
                for member in wanted["enum"]?.members ?? [] {
                    let code = try #require(Int64(member.key))
                    #expect(point.rule.names[code] == .number(try #require(member.value.double)), "\(name)")
                }
            }
            #expect(map.points.count == vector["points"]?.array?.count)
        }
    }

    /// The answers among the frames whose vector says what they mean, by the shipped maps.
    @Test func answersMeanWhatTheFramesOfTheVectorsSay() throws {
        let frames = try #require(JSON(parsing: Vectors.text("instruments/modbus-rtu-frames.json"))["frames"]?.array)
        let meanings = [
            "meter_status": "co2.status.fatal", "alarm": "co2.alarm_status", "output": "co2.output_status",
            "co2_ppm": "co2", "temperature_c": "temperature", "humidity_rh": "humidity",
        ]
        var tried = 0
        var request = ""
        for frame in frames {
            let hex = try #require(frame["hex"]?.string)
            defer { if frame["expect"]?["kind"]?.string == "request" { request = hex } }
            guard let meaning = frame["expect"]?["meaning"]?.members else { continue }
            let name = frame["expect"]?["unit"]?.int == 254 ? "senseair-s8" : "generic-xy-md02"
            let profile = try ProfileLibrary.read(folder: "\(Vectors.packageRoot)/drivers/\(name)").get()
            let capture = Array("> \(request)\n< \(hex)\n".utf8)
            let made = try ProfileReplay.observations(of: capture, capture: "x", by: profile)
            let readings = try #require(made.first?.readings)
            for member in meaning {
                let metric = try #require(meanings[member.key], "\(member.key)")
                let reading = try #require(readings.first { $0.metric.text == metric }, "\(metric)")
                switch reading.value {
                case .number(let value): #expect(value == member.value.double, "\(metric)")
                case .flag(let flag): #expect(flag == (member.value.double != 0), "\(metric)")
                case .text: #expect(Bool(false), "\(metric)")
                }
            }
            tried += 1
        }
        #expect(tried >= 3)
    }
}
