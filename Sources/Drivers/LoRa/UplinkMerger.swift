import FieldProtocols
import GatewayModel

/// A packet as one gateway has heard it.
struct HeardPacket {
    /// What a downlink in its windows refers to.
    enum Moment {
        /// The microsecond counter of a packet forwarder.
        case counter(UInt32)
        /// `xtime` and `rctx` of a station.
        case station(xtime: Int64, context: Int64)
    }

    var payload: [UInt8]
    var gateway: LoRaEUI
    var reception: Reception
    var radio: RadioSetting
    var moment: Moment?
    /// By the gateway's GPS, Unix milliseconds.
    var time: Int64?

    init(_ uplink: SemtechUplink, of gateway: LoRaEUI, leapSeconds: Int64) {
        payload = uplink.payload
        self.gateway = gateway
        reception = Reception(gateway: gateway.description, rssi: uplink.rssi, snr: uplink.snr)
        radio = uplink.radio
        moment = uplink.counter.map { .counter($0) }
        time =
            uplink.time ?? uplink.gpsMilliseconds.map { GPSTime.unixMilliseconds($0, leapSeconds: leapSeconds) }
    }

    init(
        _ message: BasicsStationMessage, _ payload: [UInt8], of gateway: LoRaEUI, in region: LoRaRegion,
        leapSeconds: Int64
    ) {
        self.payload = payload
        self.gateway = gateway
        reception = Reception(gateway: gateway.description, rssi: message.rssi, snr: message.snr)
        let rates = region.dataRates
        radio = RadioSetting(
            modulation: message.dataRate.flatMap { Int(exactly: $0) }.flatMap {
                rates.indices.contains($0) ? rates[$0] : nil
            },
            frequencyHertz: message.frequencyHertz.flatMap {
                (1_000_000...10_000_000_000).contains($0) ? Double($0) : nil
            })
        moment = message.xtime.map { .station(xtime: $0, context: message.context) }
        time = message.gpsMicroseconds.map { GPSTime.unixMilliseconds($0 / 1_000, leapSeconds: leapSeconds) }
    }
}

/// A frame and all who have heard it.
struct MergedUplink {
    /// As the gateway has it that heard best, which is asked to answer; its time is that of any gateway.
    var best: HeardPacket
    var receptions: [Reception]
    var firstHeard: ReceiveTime

    var payload: [UInt8] { best.payload }
}

/// Holds each frame for a moment, until the other gateways that may have heard it have told so.
struct UplinkMerger {
    private var waiting: [[UInt8]: MergedUplink] = [:]
    /// In the order of their arrival.
    private var order: [[UInt8]] = []
    private let windowMilliseconds: Int64
    /// Frames that may wait at once; what comes beyond lets the oldest go early.
    static let countMax = 1_024
    static let receptionCountMax = 64

    init(window: Duration) { windowMilliseconds = window.milliseconds }

    /// When the oldest has waited long enough (milliseconds of the monotonic clock).
    var due: Int64? {
        order.first.flatMap { waiting[$0] }.map { $0.firstHeard.monotonicMilliseconds + windowMilliseconds }
    }

    var isFull: Bool { order.count >= Self.countMax }

    /// Takes a packet in. False if it was one that waits already: heard by another gateway, or told twice.
    mutating func add(_ packet: HeardPacket, at now: ReceiveTime) -> Bool {
        guard var merged = waiting[packet.payload] else {
            waiting[packet.payload] = MergedUplink(best: packet, receptions: [packet.reception], firstHeard: now)
            order.append(packet.payload)
            return true
        }
        let reception = packet.reception
        if let known = merged.receptions.firstIndex(where: { $0.gateway == reception.gateway }) {
            // The same gateway again: the datagram was doubled, or two of its channels heard one frame.
            if reception.isBetter(than: merged.receptions[known]) { merged.receptions[known] = reception }
        } else if merged.receptions.count < Self.receptionCountMax {
            merged.receptions.append(reception)
        }
        let time = merged.best.time ?? packet.time
        if reception.isBetter(than: merged.best.reception) { merged.best = packet }
        merged.best.time = time
        waiting[packet.payload] = merged
        return false
    }

    /// All that waits, oldest first: nobody else is waited for.
    mutating func removeAll() -> [MergedUplink] {
        defer {
            waiting.removeAll()
            order.removeAll()
        }
        return order.compactMap { waiting[$0] }
    }

    /// The oldest, if it has waited long enough or room is needed.
    mutating func next(at now: Int64) -> MergedUplink? {
        guard let due, now >= due || order.count > Self.countMax else { return nil }
        return waiting.removeValue(forKey: order.removeFirst())
    }
}
