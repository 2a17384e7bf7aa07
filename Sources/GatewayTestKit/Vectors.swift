/// The test vectors that stand in `shared/vectors` beside the package.
public enum Vectors {
    /// The root of the package, found from where this file was compiled.
    public static let packageRoot: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(3).joined(separator: "/")
    }()

    /// The absolute path of a vector, such as `mycosoft/mdp_v1_valid.json`.
    public static func path(_ relative: String) -> String { "\(packageRoot)/../shared/vectors/\(relative)" }

    /// The bytes of a vector.
    public static func bytes(_ relative: String) throws(FileError) -> [UInt8] { try File.bytes(path(relative)) }

    /// The text of a vector.
    public static func text(_ relative: String) throws(FileError) -> String {
        String(decoding: try bytes(relative), as: UTF8.self)
    }
}
