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
        if ScalarText.isExactly(first, "mycobrain") {
            family = .mycobrain
        } else {
            guard ScalarText.isExactly(Self.level(topic, from: next), "devices") else { return nil }
            next += "devices".utf8.count + 1
            if ScalarText.isExactly(first, "mycosoft") {
                family = .mycosoft
            } else if ScalarText.isExactly(first, "natureos") {
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
        if ScalarText.isExactly(rest, "telemetry") { return .telemetry }
        switch family {
        case .mycobrain:
            if ScalarText.isExactly(rest, "envelope") { return .envelope }
            if ScalarText.isExactly(rest, "heartbeat") { return .heartbeat }
        case .natureos:
            if ScalarText.isExactly(rest, "status") { return .status }
        case .mycosoft:
            if ScalarText.isExactly(rest, "envelope") { return .envelope }
            if ScalarText.isExactly(rest, "events") { return .event }
            if ScalarText.isExactly(rest, "presence") { return .presence }
            if ScalarText.isExactly(rest, "ack") { return .commandAck }
            if ScalarText.isExactly(rest, "mdp/frames") { return .frames }
            if ScalarText.isExactly(rest, "openclaw/state") || ScalarText.isExactly(rest, "openclaw/action") {
                return .other
            }
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
