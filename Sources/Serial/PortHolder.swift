internal import Glibc

/// Finds out who has a port open.
public enum PortHolder {
    /// The program that holds the port at `path`, with its process id: `ModemManager (512)`. Nil if there is none, or none
    /// whose descriptors this user may look at.
    public static func name(of path: String) -> String? {
        guard let resolved = PortPath.resolve(path) else { return nil }
        let own = getpid()
        for process in names(in: "/proc") {
            guard let id = Int32(process), id != own else { continue }
            let folder = "/proc/\(process)/fd"
            for descriptor in names(in: folder) where PortPath.target(of: folder + "/" + descriptor) == resolved {
                return "\(program(process)) (\(process))"
            }
        }
        return nil
    }

    private static func program(_ process: String) -> String {
        guard let file = fopen("/proc/\(process)/comm", "r") else { return "a program" }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 64)
        guard fgets(&buffer, Int32(buffer.count), file) != nil else { return "a program" }
        let bytes = buffer.prefix { $0 != 0 && $0 != 0x0A }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.first != "." { names.append(name) }
        }
        return names
    }
}
