import FieldProtocols
import GatewayModel

/// A frame and all who have heard it.
struct MergedUplink {
    var payload: [UInt8]
    var receptions: [Reception]
    /// Of the gateway that heard best: it is asked to answer.
    var best: LoRaEUI
    var bestReception: Reception
    var radio: RadioSetting
    /// The best gateway's counter when it heard the frame.
    var counter: UInt32?
    /// By the GPS of any gateway, Unix milliseconds.
    var time: Int64?
    var firstHeard: ReceiveTime
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
    mutating func add(_ uplink: SemtechUplink, from gateway: LoRaEUI, at now: ReceiveTime) -> Bool {
        let reception = Reception(gateway: gateway.description, rssi: uplink.rssi, snr: uplink.snr)
        let time = uplink.time ?? uplink.gpsMilliseconds.map(GPSTime.unixMilliseconds)
        guard var merged = waiting[uplink.payload] else {
            waiting[uplink.payload] = MergedUplink(
                payload: uplink.payload, receptions: [reception], best: gateway, bestReception: reception,
                radio: uplink.radio, counter: uplink.counter, time: time, firstHeard: now)
            order.append(uplink.payload)
            return true
        }
        merged.time = merged.time ?? time
        if let known = merged.receptions.firstIndex(where: { $0.gateway == reception.gateway }) {
            // The same gateway again: the datagram was doubled, or two of its channels heard one frame.
            if reception.isBetter(than: merged.receptions[known]) { merged.receptions[known] = reception }
        } else if merged.receptions.count < Self.receptionCountMax {
            merged.receptions.append(reception)
        }
        if reception.isBetter(than: merged.bestReception) {
            merged.best = gateway
            merged.bestReception = reception
            merged.radio = uplink.radio
            merged.counter = uplink.counter
        }
        waiting[uplink.payload] = merged
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
