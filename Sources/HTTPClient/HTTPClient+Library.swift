internal import CCurl

extension HTTPClient {
    /// The version of libcurl in use, such as `7.88.1`.
    public static var libraryVersion: String {
        let words = String(cString: curl_version()).split(separator: " ").first?.split(separator: "/") ?? []
        return words.count == 2 ? String(words[1]) : "unknown"
    }
}
