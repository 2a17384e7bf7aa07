internal import Glibc

/// What a user of this box is called.
enum UserName {
    /// The user's name; the number itself if nobody has it.
    static func of(_ uid: UInt32) -> String {
        var entry = passwd()
        var buffer = [CChar](repeating: 0, count: 16_384)
        var found: UnsafeMutablePointer<passwd>?
        guard getpwuid_r(uid, &entry, &buffer, buffer.count, &found) == 0, found != nil, let name = entry.pw_name
        else { return String(uid) }
        return String(cString: name)
    }
}
