import Glibc

/// A new empty folder that is removed with everything in it when this is released.
public final class TemporaryFolder: Sendable {
    /// The absolute path.
    public let path: String

    /// Makes the folder under `/tmp`.
    public init(_ name: String = "mycogate-test") throws(FileError) {
        var template = Array("/tmp/\(name)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw .last("mkdtemp", "/tmp/\(name)") }
        path = template.withUnsafeBufferPointer {
            String(decoding: $0.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        // A broker that is started by root becomes another user, who must be able to get in.
        chmod(path, 0o755)
    }

    deinit { Self.remove(path) }

    /// The path of `name` in the folder.
    public func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Makes a folder in the folder and gives its path.
    public func folder(_ name: String) throws(FileError) -> String {
        guard mkdir(file(name), 0o755) == 0 else { throw .last("mkdir", file(name)) }
        return file(name)
    }

    private static func remove(_ path: String) {
        if File.isFolder(path) {
            // A folder that cannot be listed cannot be emptied either: rmdir then leaves it, in /tmp.
            let names = (try? File.names(in: path)) ?? []
            for name in names { remove("\(path)/\(name)") }
            rmdir(path)
        } else {
            unlink(path)
        }
    }
}
