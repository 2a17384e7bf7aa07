import Drivers

extension SerialIntake.Configuration {
    /// What the configuration says of serial ports.
    init(_ configuration: GatewayConfiguration) {
        let section = configuration.serial
        let places = section.ports.map { port in
            let named = configuration.instruments.first { $0.name == port.instrument }
            return SerialPlace(
                path: port.path, kind: port.driver, settings: port.settings,
                instrument: named?.settings ?? InstrumentSettings(), profile: port.profile, radio: port.radio)
        }
        let aliases = configuration.devices.map { device in
            DeviceAlias(
                device: device.id, usbSerial: device.match.usbSerial, byID: device.match.byID, usb: device.match.usb,
                path: device.match.path, reportedID: device.match.reportedID)
        }
        self.init(places: places, discovers: section.auto, aliases: aliases, linger: configuration.journal.linger)
        foreignPaths = configuration.modbus.serialPaths
    }
}
