internal import Crypto
public import JSONText

/// A message of the LNS protocol of LoRa Basics Station (WebSocket, text). The 64-bit `xtime` is never a double here: it
/// must be echoed exactly.
public struct BasicsStationMessage: Sendable, Equatable {
    /// What it is.
    public enum Kind: Sendable, Equatable {
        /// `{"router": …}` and its answer: the only messages without `msgtype`.
        case discovery(uri: String?, error: String?)
        /// `updf`, `jreq`, `propdf`: a packet that was heard, put together again as it was on the air.
        case uplink(phy: [UInt8])
        /// `dnmsg` with its PDU; `dnsched` has several and is of `other`.
        case downlink(pdu: [UInt8])
        /// `version`: the first words of a station, with its program and model.
        case version(station: String?, model: String?)
        /// `dntxed`: a downlink with this `diid` has been sent.
        case transmitted(number: Int64)
        /// `timesync` of a station that asks, with its `txtime`.
        case timeRequest(JSON)
        case other
    }

    /// `msgtype`; `discovery` if there is none.
    public var type: String
    public var kind: Kind
    public var router: LoRaEUI?
    public var deviceEUI: LoRaEUI?
    /// The station's microsecond counter with its session; opaque.
    public var xtime: Int64?
    /// Microseconds since the GPS epoch; 0 means unknown and is nil here.
    public var gpsMicroseconds: Int64?
    public var rssi: Double?
    public var snr: Double?
    public var frequencyHertz: Int64?
    public var dataRate: Int64?
    /// Which antenna heard it; opaque, 0 if it is not told.
    public var context: Int64

    /// Bytes of one message; a few hundred are usual.
    public static let byteCountMax = 65_536

    /// The gateway that asks at `/router-info`; nil if nobody does.
    public static func router(askedFor text: [UInt8]) -> LoRaEUI? {
        // Whatever is wrong with the question, it has no answer.
        (try? BasicsStationMessage(text, parser: JSONParser(byteCountMax: 1_024)))?.router
    }

    /// Reads one message. `parser` may be shared with everything on the thread.
    public init(_ text: [UInt8], parser: JSONParser) throws(LoRaError) {
        var result = Result<BasicsStationMessage, LoRaError>.failure(LoRaError(.malformedJSON))
        text.withUnsafeBytes { bytes in
            do throws(JSONError) {
                let root = try parser.parse(bytes)
                result = Result { () throws(LoRaError) in try BasicsStationMessage(root) }
            } catch {
                result = .failure(LoRaError(json: error, at: 0))
            }
        }
        self = try result.get()
    }

    /// Reads one message.
    public init(_ root: JSONValue) throws(LoRaError) {
        guard root.isObject else { throw LoRaError(.notAnObject) }
        let info = root["upinfo"]
        xtime = (info?["xtime"] ?? root["xtime"])?.int64
        gpsMicroseconds = (info?["gpstime"] ?? root["gpstime"])?.int64.flatMap { $0 > 0 ? $0 : nil }
        context = (info?["rctx"] ?? root["rctx"])?.int64 ?? 0
        rssi = info?["rssi"]?.double
        snr = info?["snr"]?.double
        frequencyHertz = root["Freq"]?.int64
        dataRate = root["DR"]?.int64
        deviceEUI = Self.eui(root["DevEui"])
        router = Self.eui(root["router"])
        kind = .other
        guard let type = root["msgtype"] else {
            guard root["router"] != nil else { throw LoRaError(.missingField) }
            self.type = "discovery"
            kind = .discovery(uri: root["uri"]?.string, error: root["error"]?.string)
            return
        }
        guard let name = type.string, name.utf8.count <= 32, !name.isEmpty else { throw LoRaError(.missingField) }
        self.type = name
        switch name {
        case "updf": kind = .uplink(phy: try Self.dataFrame(root))
        case "jreq": kind = .uplink(phy: try Self.joinRequest(root))
        case "propdf": kind = .uplink(phy: try Self.hex(root["FRMPayload"]))
        case "version": kind = .version(station: Self.text(root["station"]), model: Self.text(root["model"]))
        case "dntxed":
            if let number = root["diid"]?.int64 { kind = .transmitted(number: number) }
        case "timesync" where root["gpstime"] == nil:
            let asked = root["txtime"]
            if let time = asked?.int64.map(JSON.integer) ?? asked?.double.map(JSON.number) { kind = .timeRequest(time) }
        case "dnmsg": kind = .downlink(pdu: try Self.hex(root["pdu"]))
        default: break
        }
    }

    /// An EUI as text, or as the number that some servers send.
    private static func eui(_ value: JSONValue?) -> LoRaEUI? {
        if let number = value?.uint64 { return LoRaEUI(number) }
        return value?.utf8.flatMap { LoRaEUI(utf8: $0) }
    }

    private static func text(_ value: JSONValue?) -> String? {
        guard let text = value?.utf8, !text.isEmpty, text.count <= 64 else { return nil }
        return String(decoding: text, as: UTF8.self)
    }

    private static func hex(_ value: JSONValue?) throws(LoRaError) -> [UInt8] {
        guard let text = value?.utf8 else { throw LoRaError(.missingField) }
        guard text.count <= 2 * PHYPayload.byteCountMax, let bytes = Hex.decode(utf8: text) else {
            throw LoRaError(.badHex)
        }
        return bytes
    }

    /// A number that stands for so many bytes, as the signed or unsigned integer that it is sent as.
    private static func integer(_ value: JSONValue?, bytes: Int) throws(LoRaError) -> [UInt8] {
        guard let number = value?.int64 else { throw LoRaError(.missingField) }
        let bits = Int64(bytes) * 8
        guard number >= -(1 << (bits - 1)), number < 1 << bits else { throw LoRaError(.numberOutOfRange) }
        return (0..<bytes).map { UInt8(truncatingIfNeeded: number >> (8 * Int64($0))) }
    }

    private static func dataFrame(_ root: JSONValue) throws(LoRaError) -> [UInt8] {
        var bytes = try integer(root["MHdr"], bytes: 1)
        bytes += try integer(root["DevAddr"], bytes: 4)
        bytes += try integer(root["FCtrl"], bytes: 1)
        bytes += try integer(root["FCnt"], bytes: 2)
        bytes += try hex(root["FOpts"])
        guard let port = root["FPort"]?.int64, (-1...255).contains(port) else { throw LoRaError(.missingField) }
        if port >= 0 {
            bytes.append(UInt8(port))
            bytes += try hex(root["FRMPayload"])
        }
        return bytes + (try integer(root["MIC"], bytes: 4))
    }

    private static func joinRequest(_ root: JSONValue) throws(LoRaError) -> [UInt8] {
        guard let join = eui(root["JoinEui"] ?? root["AppEui"]), let device = eui(root["DevEui"]) else {
            throw LoRaError(.missingField)
        }
        var bytes = try integer(root["MHdr"], bytes: 1)
        for eui in [join, device] { bytes += (0..<8).map { UInt8(truncatingIfNeeded: eui.value >> (8 * UInt64($0))) } }
        bytes += try integer(root["DevNonce"], bytes: 2)
        return bytes + (try integer(root["MIC"], bytes: 4))
    }
}
