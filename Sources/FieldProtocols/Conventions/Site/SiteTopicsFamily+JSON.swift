internal import GatewayModel
internal import JSONText

extension SiteTopicsFamily {
    /// Marks a member that says when the message was made.
    private static let isTime: UInt8 = 1

    static func naming(
        _ prefix: String, _ key: String, _ shape: FlatFields.Shape, units: [String: String]
    ) -> FlatFields.Naming {
        let name = prefix + key
        if shape == .object { return .group(name + ".") }
        if prefix.isEmpty, shape == .leaf, ["time", "timestamp", "ts"].contains(key.lowercased()) {
            return .field(name, mark: isTime)
        }
        return .field(name, unit: units[name] ?? "")
    }

    /// Numbers and flags of an object, flattened; texts are not measured.
    mutating func json(
        _ route: Route, _ message: TopicMessage, into batch: inout ObservationBatch, _ effects: inout TopicEffects
    ) throws(RejectReason) {
        let device = try device(route)
        let root = try message.json()
        guard root.isObject else { throw .noReadings }
        var dropped: RejectReason?
        var facts = MessageFacts()
        let quality = message.quality
        let received = message.received
        try fields[Int(route.topic)].walk(root, of: device, drop: { dropped = dropped ?? $0 }) {
            (field, value) throws(RejectReason) in
            if field.mark == Self.isTime {
                facts.takeTime(value, received: received)
            } else {
                batch.append(
                    value, as: field.metric, unit: field.unit, quality: quality, texts: false,
                    drop: { dropped = dropped ?? $0 })
            }
        }
        guard !batch.openReadings.isEmpty else { throw dropped ?? .noReadings }
        if let dropped { effects.drop(dropped) }
        var observation = message.observation(of: device)
        guard let time = facts.deviceTime, time.milliseconds >= DeviceTime.earliest else {
            return identity.close(observation, of: message, in: &batch)
        }
        observation.deviceTime = time
        identity.make("json-", message, observation)
        identity.append(observation, to: &batch)
    }
}
