internal import CLinux
internal import Glibc

/// What a path to a port leads to.
public enum PortPath {
    /// Where udev puts links named by vendor, model and serial number.
    public static let byIDFolder = "/dev/serial/by-id"
    /// Where udev puts links named by the socket a port is plugged into.
    public static let byPathFolder = "/dev/serial/by-path"

    /// The path with every link followed; nil if it leads nowhere.
    public static func resolve(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// What a link points to, not followed further; nil if it is none.
    static func target(of link: String) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
            guard let base = buffer.baseAddress else { return nil }
            let count = readlink(link, base, buffer.count)
            guard count > 0 else { return nil }
            return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// The number of the character device that the path leads to; nil if it leads to none.
    public static func deviceNumber(_ path: String) -> UInt64? {
        var attributes = stat()
        guard stat(path, &attributes) == 0, attributes.st_mode & S_IFMT == S_IFCHR else { return nil }
        return UInt64(attributes.st_rdev)
    }

    /// Whether this is the slave side of a pseudo terminal (majors 136 to 143, Linux `devices.txt`).
    public static func isPseudoTerminal(device: UInt64) -> Bool {
        (136...143).contains((device >> 8) & 0xFFF)
    }

    /// The links in a folder by what they lead to; empty if there is no such folder.
    static func links(in folder: String) -> [String: [String]] {
        guard let stream = opendir(folder) else { return [:] }
        defer { closedir(stream) }
        var links: [String: [String]] = [:]
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name != ".", name != "..", let target = resolve(folder + "/" + name) else { continue }
            links[target, default: []].append(name)
        }
        return links.mapValues { $0.sorted() }
    }
}
