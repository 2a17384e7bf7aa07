/// Which family and kind of message a topic announces, and the part of it that names the device.
struct TopicRoute {
    enum Kind { case telemetry, envelope, event, presence, status, heartbeat, commandAck, frames, other }

    let kind: Kind
    let device: UnsafeBufferPointer<UInt8>

    /// Nil if the topic belongs to no family that is known here.
    ///
    /// `mycosoft/devices/{id}/…`, `natureos/devices/{id}/…` and `mycobrain/{id}/…` (field reference, section 5).
    init?(_ topic: UnsafeBufferPointer<UInt8>) {
        let first = Self.level(topic, from: 0)
        var next = first.count + 1
        let family: Family
        if first.elementsEqual("mycobrain".utf8) {
            family = .mycobrain
        } else {
            guard Self.level(topic, from: next).elementsEqual("devices".utf8) else { return nil }
            next += "devices".utf8.count + 1
            if first.elementsEqual("mycosoft".utf8) {
                family = .mycosoft
            } else if first.elementsEqual("natureos".utf8) {
                family = .natureos
            } else {
                return nil
            }
        }
        guard next <= topic.count else { return nil }
        device = Self.level(topic, from: next)
        next += device.count + 1
        guard next < topic.count,
            let kind = Self.kind(UnsafeBufferPointer(rebasing: topic[next...]), family)
        else { return nil }
        self.kind = kind
    }

    private enum Family { case mycosoft, natureos, mycobrain }

    private static func kind(_ rest: UnsafeBufferPointer<UInt8>, _ family: Family) -> Kind? {
        if rest.elementsEqual("telemetry".utf8) { return .telemetry }
        switch family {
        case .mycobrain:
            if rest.elementsEqual("envelope".utf8) { return .envelope }
            if rest.elementsEqual("heartbeat".utf8) { return .heartbeat }
        case .natureos:
            if rest.elementsEqual("status".utf8) { return .status }
        case .mycosoft:
            if rest.elementsEqual("envelope".utf8) { return .envelope }
            if rest.elementsEqual("events".utf8) { return .event }
            if rest.elementsEqual("presence".utf8) { return .presence }
            if rest.elementsEqual("ack".utf8) { return .commandAck }
            if rest.elementsEqual("mdp/frames".utf8) { return .frames }
            if rest.elementsEqual("openclaw/state".utf8) || rest.elementsEqual("openclaw/action".utf8) { return .other }
        }
        return nil
    }

    private static func level(_ topic: UnsafeBufferPointer<UInt8>, from start: Int) -> UnsafeBufferPointer<UInt8> {
        guard start < topic.count else { return UnsafeBufferPointer(start: nil, count: 0) }
        var end = start
        while end < topic.count, topic[end] != UInt8(ascii: "/") { end += 1 }
        return UnsafeBufferPointer(rebasing: topic[start..<end])
    }
}
