import CloudSync
import Fleet
import GatewayModel

/// What destinations are told about this gateway and its devices.
enum SiteDescription {
    static func announcement(
        _ configuration: GatewayConfiguration, _ store: Store, _ clock: any Clock, _ port: Int
    ) -> SiteAnnouncement {
        let address = configuration.http.advertise ?? Address(host: configuration.http.listen.host, port: port)
        let now = clock.now()
        let devices = store.devices.devices().filter { $0.isOnline(at: now) }.map { device in
            var announcement = DeviceAnnouncement(id: device.id, source: device.source)
            announcement.name = device.displayName
            announcement.role = device.role
            announcement.displayName = device.displayName
            announcement.location = configuration.gateway.location
            announcement.firmwareVersion = device.firmware
            announcement.boardType = device.boardType
            announcement.sensors = device.sensors
            announcement.capabilities = device.capabilities
            announcement.reportedID = device.reportedID
            return announcement
        }
        var site = SiteAnnouncement(
            gatewayID: configuration.gateway.id.text, host: address.host, port: address.port, version: Version.number,
            devices: devices)
        site.displayName = configuration.gateway.site
        site.location = configuration.gateway.location
        return site
    }
}
