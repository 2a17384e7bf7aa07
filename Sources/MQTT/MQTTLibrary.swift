internal import CMosquitto
internal import Glibc

/// The process-wide part of libmosquitto.
enum MQTTLibrary {
    /// Initialises the library once and for ever. A broken connection must end in an error, not in a signal, and
    /// OpenSSL writes to sockets without `MSG_NOSIGNAL`: SIGPIPE is ignored for the whole process.
    static let ready: Bool = {
        signal(SIGPIPE, SIG_IGN)
        return mosquitto_lib_init() == MOSQ_ERR_SUCCESS.rawValue
    }()

    /// `2.0.11`, the library that is loaded.
    static var version: String {
        var major: Int32 = 0
        var minor: Int32 = 0
        var revision: Int32 = 0
        mosquitto_lib_version(&major, &minor, &revision)
        return "\(major).\(minor).\(revision)"
    }
}

/// Versions, for `mycogate version`.
public enum MQTTVersion {
    /// The version of libmosquitto that is loaded: `2.0.11`.
    public static var library: String { MQTTLibrary.version }
}
