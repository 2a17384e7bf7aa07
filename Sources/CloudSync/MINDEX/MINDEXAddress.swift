/// Where the routes of a MINDEX stand.
public enum MINDEXAddress {
    /// A configured URL with the prefix of the routes: the public one unless the URL ends with one of the two there are.
    public static func base(_ url: String) -> String {
        url.hasSuffix("/api/mindex") || url.hasSuffix("/api/mindex/internal") ? url : url + "/api/mindex"
    }
}
