internal import Glibc

/// Secrets that the service manager laid ready (`LoadCredential=`), readable by this daemon alone.
public enum Credentials {
    /// Bytes of the largest secret that is read.
    public static let byteCountMax = 1 << 20

    /// The folder of the credentials, or nil if the service manager gave none.
    public static var folder: String? { getenv("CREDENTIALS_DIRECTORY").map { String(cString: $0) } }

    /// The bytes of the credential `name`, without a line break at the end.
    public static func read(_ name: String) throws(CredentialError) -> [UInt8] {
        guard !name.isEmpty, !name.contains("/"), name != ".", name != ".." else { throw .badName(name) }
        guard let folder else { throw .noFolder(name) }
        guard let file = fopen("\(folder)/\(name)", "re") else {
            throw .unreadable(name, reason: String(cString: strerror(errno)))
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: byteCountMax + 1)
        let count = fread(&bytes, 1, bytes.count, file)
        guard ferror(file) == 0 else { throw .unreadable(name, reason: String(cString: strerror(errno))) }
        guard count <= byteCountMax else { throw .unreadable(name, reason: "larger than \(byteCountMax) bytes") }
        bytes.removeSubrange(count...)
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        return bytes
    }
}

/// Why a credential cannot be had.
public enum CredentialError: Error, Equatable, Sendable, CustomStringConvertible {
    case badName(String)
    case noFolder(String)
    case unreadable(String, reason: String)

    /// Stable name for logs and answers.
    public var code: String {
        switch self {
        case .badName: "credential_bad_name"
        case .noFolder: "credential_no_folder"
        case .unreadable: "credential_unreadable"
        }
    }

    public var description: String {
        switch self {
        case .badName(let name): "\(name) cannot be the name of a credential"
        case .noFolder(let name): "credential \(name): not started by systemd with LoadCredential="
        case .unreadable(let name, let reason): "credential \(name): \(reason)"
        }
    }
}
