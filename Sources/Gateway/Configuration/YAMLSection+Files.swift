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
    ///
    /// - Parameter isOnly: whether this is the only secret of the section, which may then use the short keys.
    func presentSecret(_ name: String, isOnly: Bool = true) -> SecretReference? {
        let reference = secret(name, isOnly: isOnly)
        if case .file(let path)? = reference, access(path, F_OK) != 0 {
            reject(name + "_file", .outOfRange, "`\(path)` is not there, accepted the path of a file")
        }
        return reference
    }
}
