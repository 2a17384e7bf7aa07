public import YAMLText

/// The keys of a destination of kind `website`: a fallback for another one.
public struct WebsiteKeys: Sendable {
    /// The destination for which it stands in.
    public var primary: String
    /// How long the primary has to be away.
    public var after: Duration
    public var token: SecretReference?
    public var key: SecretReference?

    init(_ section: YAMLSection) {
        primary = section.requiredText("fallback_for", length: 1...64)
        after = section.duration("after", in: .seconds(1)...(.seconds(86_400)), default: .seconds(600))
        token = section.presentSecret("token", isOnly: false)
        key = section.presentSecret("api_key", isOnly: false)
        if section.flag("required") == true {
            section.reject("required", .conflict, "a fallback is never waited for, accepted false")
        }
    }
}
