internal import CMosquitto

extension MQTTConnection {
    /// The version of libmosquitto in use, such as `2.0.11`.
    public static var libraryVersion: String {
        var (major, minor, revision): (Int32, Int32, Int32) = (0, 0, 0)
        mosquitto_lib_version(&major, &minor, &revision)
        return "\(major).\(minor).\(revision)"
    }
}
