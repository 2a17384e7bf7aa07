public import YAMLText

/// The keys of a destination of kind `mindex`.
public struct MINDEXKeys: Sendable {
    /// Pre-shared.
    public var token: SecretReference?
    /// With which tokens are signed, and under whose name.
    public var secret: SecretReference?
    public var service: String
    public var key: SecretReference?
    /// Whether the downlink queue is looked at, and how often.
    public var fetchesCommands: Bool
    public var pollInterval: Duration
    /// Zero: no reports.
    public var healthInterval: Duration

    init(_ section: YAMLSection) {
        token = section.presentSecret("token", isOnly: false)
        secret = section.presentSecret("hmac_secret", isOnly: false)
        key = section.presentSecret("api_key", isOnly: false)
        service =
            section.value("service", accepted: "1…64 letters, digits, `-`, `_`") { node -> String? in
                guard let text = node.text, SyncSection.isConsumerName(text) else { return nil }
                return text
            } ?? "mycogate"
        fetchesCommands = section.flag("commands", default: true)
        pollInterval = section.duration("poll_interval", in: .seconds(1)...(.seconds(3_600)), default: .seconds(10))
        healthInterval = section.duration(
            "health_interval", in: .zero...(.seconds(86_400)), default: .seconds(300))
        if token == nil, secret == nil, key == nil {
            section.missing(
                "token_file",
                accepted:
                    "a token (`token_file` …), a secret to sign with (`hmac_secret_file` …) or an `api_key_file` …")
        }
        if token != nil, secret != nil {
            section.reject("hmac_secret_file", .conflict, "a pre-shared token is given too, accepted one of them")
        }
    }
}
