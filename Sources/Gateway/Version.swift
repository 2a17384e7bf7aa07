/// What is running.
public enum Version {
    /// Semantic version; CHANGELOG.md says what is in it.
    public static let number = "0.1.0"
    /// The commit it was built from, or `unknown`.
    public static var commit: String { BuildIdentity.commit ?? "unknown" }

    /// The C libraries in use and their versions.
    public static func libraries() -> [(name: String, version: String)] { [] }
}
