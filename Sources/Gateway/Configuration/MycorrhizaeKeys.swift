public import YAMLText

/// The keys of a destination of kind `mycorrhizae`.
public struct MycorrhizaeKeys: Sendable {
    /// Without it the broker takes nothing at all.
    public var key: SecretReference?
    public var fetchesCommands: Bool
    public var acknowledgesReplays: Bool

    init(_ section: YAMLSection) {
        key = section.presentSecret("api_key")
        fetchesCommands = section.flag("commands", default: true)
        acknowledgesReplays = section.flag("replay_ack", default: true)
        if key == nil, !section.has("api_key") {
            section.missing(
                "api_key_file", accepted: "the broker's key: `api_key_file`, `api_key_credential`, `api_key_env`")
        }
    }
}
