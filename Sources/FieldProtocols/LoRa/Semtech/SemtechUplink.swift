internal import Crypto
public import JSONText

/// A packet that a gateway has heard: one element of `rxpk`.
public struct SemtechUplink: Sendable, Equatable {
    /// The checksum of the radio, which the gateway has looked at.
    public enum Checksum: Int, Sendable {
        case good = 1
        case none = 0
        case bad = -1

        /// `ok`, `none`, `bad`.
        public var name: String {
            switch self {
            case .good: "ok"
            case .none: "none"
            case .bad: "bad"
            }
        }
    }

    /// What the radio found of the checksum.
    public var checksum: Checksum
    /// The PHY payload; empty if the checksum is bad, since it means nothing then.
    public var payload: [UInt8]
    public var radio: RadioSetting
    /// dBm and dB, of the best antenna.
    public var rssi: Double?
    public var snr: Double?
    /// The gateway's microsecond counter, which wraps after 71.6 minutes: no clock, but what a downlink refers to.
    public var counter: UInt32?
    /// GPS time in Unix milliseconds, UTC, if the gateway has a receiver.
    public var time: Int64?
    /// Milliseconds since 6 January 1980 without leap seconds.
    public var gpsMilliseconds: Int64?
    public var channel: Int?
    public var radioChain: Int?

    /// Reads one element. A frame whose checksum is bad is told by `checksum`; its data is not decoded.
    public init(_ value: JSONValue) throws(LoRaError) {
        guard value.isObject else { throw LoRaError(.notAnObject) }
        checksum = .none
        payload = []
        radio = RadioSetting()
        var data: UnsafeBufferPointer<UInt8>?
        var size: Int64?
        var antennas: JSONValue?
        var rate: JSONValue?
        var isFSK = false
        // One walk: the members are more than a dozen, and most are wanted.
        value.forEachMember { key, value in
            switch Key(key) {
            case .data: data = value.utf8
            case .size: size = value.int64
            case .stat: checksum = value.int64.flatMap { Int(exactly: $0) }.flatMap(Checksum.init) ?? .none
            case .rssi: rssi = value.double
            case .lsnr: snr = value.double
            case .freq: radio.frequencyHertz = value.double.map { ($0 * 1_000_000).rounded() }
            case .tmst: counter = value.uint64.flatMap { UInt32(exactly: $0) }
            case .tmms: gpsMilliseconds = value.int64
            case .time: time = value.utf8.flatMap { RFC3339.milliseconds(utf8: $0) }
            case .chan: channel = value.int64.flatMap { Int(exactly: $0) }
            case .rfch: radioChain = value.int64.flatMap { Int(exactly: $0) }
            case .modu: isFSK = value.utf8.map { ScalarText.isExactly($0, "FSK") } == true
            case .datr: rate = value
            case .codr: radio.codingRate = value.string
            case .rsig: antennas = value
            default: break
            }
        }
        radio.modulation = Self.modulation(rate, isFSK: isFSK)
        if let antennas { takeBest(of: antennas) }
        if let hertz = radio.frequencyHertz, !(1e6...1e10).contains(hertz) { radio.frequencyHertz = nil }
        guard checksum != .bad else { return }
        guard let data else { throw LoRaError(.missingField) }
        guard let payload = Base64.decode(utf8: data) else { throw LoRaError(.badBase64) }
        if let size, size != Int64(payload.count) { throw LoRaError(.sizeMismatch) }
        self.payload = payload
    }

    private static func modulation(_ rate: JSONValue?, isFSK: Bool) -> RadioSetting.Modulation? {
        guard let rate else { return nil }
        if let bits = rate.int64.flatMap({ Int(exactly: $0) }) { return isFSK && bits > 0 ? .fsk(bitRate: bits) : nil }
        guard let text = rate.utf8 else { return nil }
        return RadioSetting.dataRate(text) ?? .other(String(decoding: text.prefix(32), as: UTF8.self))
    }

    /// Forwarders of gateways with several antennas tell the signal of each, and none at the top.
    private mutating func takeBest(of antennas: JSONValue) {
        antennas.forEachElement { antenna in
            guard let heard = antenna["rssic"]?.double ?? antenna["rssi"]?.double else { return }
            let ratio = antenna["lsnr"]?.double
            if let best = snr ?? rssi.map({ _ in -.infinity }), ratio ?? -.infinity <= best { return }
            rssi = heard
            snr = ratio ?? snr
        }
    }

    /// The members that are read, by the four characters of their names as a number: a packet has fifteen of them.
    private enum Key: UInt32 {
        case data = 0x6461_7461
        case size = 0x7369_7A65
        case stat = 0x7374_6174
        case rssi = 0x7273_7369
        case lsnr = 0x6C73_6E72
        case freq = 0x6672_6571
        case tmst = 0x746D_7374
        case tmms = 0x746D_6D73
        case time = 0x7469_6D65
        case chan = 0x6368_616E
        case rfch = 0x7266_6368
        case modu = 0x6D6F_6475
        case datr = 0x6461_7472
        case codr = 0x636F_6472
        case rsig = 0x7273_6967

        init?(_ name: UnsafeBufferPointer<UInt8>) {
            guard name.count == 4 else { return nil }
            self.init(
                rawValue: UInt32(name[0]) << 24 | UInt32(name[1]) << 16 | UInt32(name[2]) << 8 | UInt32(name[3]))
        }
    }
}
