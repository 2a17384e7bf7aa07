public import YAMLText

/// The keys of a destination of kind `http`: NDJSON batches for a collector of the user's own.
public struct CollectorKeys: Sendable {
    public var batches: BatchKeys
    /// Sent as a bearer token.
    public var token: SecretReference?

    init(_ section: YAMLSection) {
        batches = BatchKeys(section)
        token = section.presentSecret("token")
    }
}
