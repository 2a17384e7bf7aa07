/// Where a secret is kept. The secret itself never stands in a configuration.
public enum SecretReference: Sendable, Equatable {
    /// The contents of a file, without the last newline.
    case file(String)
    /// A systemd credential of this name (`$CREDENTIALS_DIRECTORY/<name>`).
    case credential(String)
    /// An environment variable of the service.
    case environment(String)
}
