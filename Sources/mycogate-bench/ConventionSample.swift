import GatewayTestKit
import MQTT

/// Messages of each convention, as the benchmarks and the fuzzer use them.
struct ConventionSample: Sendable {
    var name: String
    /// What comes before, so that the rest is understood: births, descriptions.
    var before: [(topic: String, payload: [UInt8])] = []
    /// The message of a number, of one of `deviceCount` devices.
    var message: @Sendable (Int) -> (topic: String, payload: [UInt8])

    static let deviceCount = 5_000

    static var all: [ConventionSample] { texts + [sparkplug, senMLCBOR] }

    private static func text(
        _ name: String, before: [(String, String)] = [], _ message: @escaping @Sendable (Int, Int) -> (String, String)
    ) -> ConventionSample {
        ConventionSample(name: name, before: before.map { ($0.0, Array($0.1.utf8)) }) { number in
            let (topic, payload) = message(number % deviceCount, number)
            return (topic, Array(payload.utf8))
        }
    }

    private static var texts: [ConventionSample] {
        [
            text("tasmota") { device, number in
                (
                    "tele/tasmota_\(device)/SENSOR",
                    #"{"Time":"2026-05-04T10:15:30","BME280":{"Temperature":2\#(number % 10).4,"Humidity":48.2,"#
                        + #""Pressure":1007.9},"PressureUnit":"hPa","TempUnit":"C"}"#
                )
            },
            text(
                "homie",
                before: [
                    (
                        "homie/5/h0/$description",
                        #"{"nodes":{"a":{"properties":{"t":{"datatype":"float","unit":"°C"}}}}}"#
                    )
                ]
            ) { device, number in ("homie/5/h\(device)/a/t", "2\(number % 10).4") },
            text(
                "homeassistant",
                before: (0..<deviceCount).map {
                    (
                        "homeassistant/sensor/e\($0)/t/config",
                        #"{"stat_t":"e\#($0)/state","val_tpl":"{{ value_json.t }}","unit_of_meas":"°C","dev":{"ids":["e\#($0)"]}}"#
                    )
                }
            ) { device, number in ("e\(device)/state", #"{"t":2\#(number % 10).4,"h":48.2}"#) },
            text("zigbee2mqtt") { device, number in
                ("zigbee2mqtt/z\(device)", #"{"temperature":2\#(number % 10).4,"battery":97,"linkquality":80}"#)
            },
            text("shelly") { device, number in
                (
                    "plug\(device)/events/rpc",
                    #"{"src":"p","method":"NotifyStatus","params":{"ts":1768487399.5,"switch:0":{"apower":\#(number % 10).5}}}"#
                )
            },
            text("esphome") { device, number in ("n\(device)/sensor/t/state", "2\(number % 10).4") },
            text("senml") { device, number in
                ("site/d\(device)", #"[{"n":"t","u":"Cel","v":2\#(number % 10).4}]"#)
            },
            text("influx") { device, number in
                ("site/d\(device)", "env,dev=d\(device) t=2\(number % 10).4,c=415i 1777889730123456789")
            },
            text("json") { device, number in
                ("site/d\(device)", #"{"air":{"t":2\#(number % 10).4,"h":48.2},"ok":true}"#)
            },
        ]
    }

    private static var sparkplug: ConventionSample {
        var node = SparkplugEdgeNode(seed: 1)
        let before = node.connected(wall: 1_768_487_399_000).map { ($0.topic, $0.payload) }
        var made: [(String, [UInt8])] = []
        for number in 0..<256 {
            made += node.measure(wall: 1_768_487_400_000 + Int64(number)).map { ($0.topic, $0.payload) }
        }
        // The count goes round in 256, and so does the node.
        return ConventionSample(name: "sparkplug", before: before) { [made] in made[$0 % 256] }
    }

    private static var senMLCBOR: ConventionSample {
        ConventionSample(name: "senml-cbor") { number in
            ("site/d\(number % deviceCount)", [0x81, 0xA2, 0x00, 0x61, 0x74, 0x02, 0xF9, 0x4D, UInt8(number % 200)])
        }
    }
}
