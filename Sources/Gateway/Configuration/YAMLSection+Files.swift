import Glibc
import YAMLText

extension YAMLSection {
    /// The path of a file that is there; what it holds is looked at when it is used.
    func file(_ key: String) -> String? {
        guard let path = text(key) else { return nil }
        if access(path, F_OK) != 0 { reject(key, .outOfRange, "`\(path)` is not there, accepted the path of a file") }
        return path
    }

    /// A secret, whose file, if it is in one, is there.
    func presentSecret(_ name: String) -> SecretReference? {
        let reference = secret(name)
        if case .file(let path)? = reference, access(path, F_OK) != 0 {
            reject(name + "_file", .outOfRange, "`\(path)` is not there, accepted the path of a file")
        }
        return reference
    }
}
