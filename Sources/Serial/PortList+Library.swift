internal import CSerialPort

extension PortList {
    /// The version of libserialport in use, such as `0.1.1`.
    public static var libraryVersion: String { String(cString: sp_get_package_version_string()) }
}
