import GatewayModel

/// Notices boards that report the id of another one, each pair once: many builds derive it from the vendor's MAC block.
struct CollisionWatch {
    private var devicesByReportedID: [String: [DeviceID]] = [:]

    /// Ids a hostile or broken board can make us remember.
    static let reportedIDCountMax = 10_000

    /// The devices that reported the same id before, if `device` is new among them.
    mutating func note(_ reportedID: String, by device: DeviceID) -> [DeviceID] {
        let others = devicesByReportedID[reportedID] ?? []
        guard !others.contains(device) else { return [] }
        guard !others.isEmpty || devicesByReportedID.count < Self.reportedIDCountMax else { return [] }
        devicesByReportedID[reportedID] = others + [device]
        return others
    }
}
