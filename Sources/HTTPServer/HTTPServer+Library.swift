internal import CWebSockets

extension HTTPServer {
    /// The version of libwebsockets in use, such as `4.1.6`.
    public static var libraryVersion: String {
        String(cString: lws_get_library_version()).split(separator: "-").first.map(String.init) ?? "unknown"
    }
}
