internal import CLinux
internal import Glibc

/// Whom the broker runs as, and who owns its folder.
enum BrokerUser {
    typealias Owner = (user: uid_t, group: gid_t)

    /// The user `name` if we are root, since mosquitto refuses to work as root; nil if we are somebody else already.
    static func current(named name: String) throws(MQTTError) -> Owner? {
        guard geteuid() == 0 else { return nil }
        var entry = passwd()
        var buffer = [CChar](repeating: 0, count: 16_384)
        var found: UnsafeMutablePointer<passwd>?
        guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else {
            throw .broker("the user \(name) does not exist: install the package mosquitto")
        }
        return (entry.pw_uid, entry.pw_gid)
    }

    /// Makes `folder`, for `owner` alone, and gives the owner the files of an earlier run.
    static func makeFolder(_ folder: String, for owner: Owner?) throws(MQTTError) {
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw .broker("\(folder): \(String(cString: strerror(errno)))")
        }
        guard let owner else { return }
        guard chown(folder, owner.user, owner.group) == 0 else {
            throw .broker("\(folder): \(String(cString: strerror(errno)))")
        }
        for name in ["broker.db", "broker.db.new"] { chown("\(folder)/\(name)", owner.user, owner.group) }
    }
}
