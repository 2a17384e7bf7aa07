internal import Crypto
public import JSONText

/// What an LNS says to a station, beside its configuration.
public enum StationAnswer {
    /// Where the station shall connect, or why it shall not: the answer at `/router-info`.
    public static func discovery(_ router: LoRaEUI, uri: String?) -> [UInt8] {
        object { writer in
            member("router", router.id6, &writer)
            if let uri {
                member("muxs", "muxs-::0", &writer)
                member("uri", uri, &writer)
            } else {
                member("error", "this gateway is not in the list", &writer)
            }
        }
    }

    /// A downlink in the windows after a frame.
    public struct Downlink {
        public var device: LoRaEUI
        /// Comes back in `dntxed`.
        public var number: UInt16
        public var pdu: [UInt8]
        /// Numbers of data rates and hertz of both windows.
        public var first: (dataRate: Int, hertz: Int)
        public var second: (dataRate: Int, hertz: Int)
        /// As they came with the frame: the station's, never ours to change.
        public var xtime: Int64
        public var context: Int64

        public init(
            device: LoRaEUI, number: UInt16, pdu: [UInt8], first: (dataRate: Int, hertz: Int),
            second: (dataRate: Int, hertz: Int), xtime: Int64, context: Int64
        ) {
            self.device = device
            self.number = number
            self.pdu = pdu
            self.first = first
            self.second = second
            self.xtime = xtime
            self.context = context
        }

        /// `dnmsg` for a device of class A.
        public var message: [UInt8] {
            StationAnswer.object { writer in
                StationAnswer.member("msgtype", "dnmsg", &writer)
                StationAnswer.member("DevEui", device.dashed, &writer)
                StationAnswer.member("pdu", Hex.encode(pdu), &writer)
                for (key, value) in [
                    ("dC", 0), ("diid", Int64(number)), ("RxDelay", 1), ("RX1DR", Int64(first.dataRate)),
                    ("RX1Freq", Int64(first.hertz)), ("RX2DR", Int64(second.dataRate)),
                    ("RX2Freq", Int64(second.hertz)), ("priority", 0), ("xtime", xtime), ("rctx", context),
                ] {
                    writer.key(key)
                    writer.integer(value)
                }
            }
        }
    }

    /// The time for a station that asks: its own number back, and microseconds since the GPS epoch.
    public static func time(asked: JSON, gpsMicroseconds: Int64) -> [UInt8] {
        object { writer in
            member("msgtype", "timesync", &writer)
            writer.key("txtime")
            writer.value(asked)
            writer.key("gpstime")
            writer.integer(gpsMicroseconds)
        }
    }

    private static func object(_ fill: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        fill(&writer)
        writer.endObject()
        return writer.bytes
    }

    private static func member(_ key: String, _ value: String, _ writer: inout JSONWriter) {
        writer.key(key)
        writer.string(value)
    }
}

extension LoRaEUI {
    private func groups(_ digits: Int) -> [Substring] {
        let text = description
        return stride(from: 0, to: 16, by: digits).map { start in
            text.dropFirst(start).prefix(digits)
        }
    }

    /// `0016:c001:ff10:a235`, as stations write routers.
    public var id6: String { groups(4).joined(separator: ":") }
    /// `00-16-C0-01-FF-10-A2-35`, as stations write devices.
    var dashed: String { groups(2).joined(separator: "-").uppercased() }
}
