import Compression

/// Chooses and applies a content coding that the client accepts (RFC 9110, section 12.5.3).
enum ContentCoding {
    /// Below this a page is not worth compressing.
    static let byteCountMin = 1_024

    /// The coding and the coded bytes; nil and the bytes themselves if none is accepted or worth it.
    static func encode(_ bytes: [UInt8], accepted: String?) -> (coding: String?, bytes: [UInt8]) {
        guard bytes.count >= byteCountMin, let accepted else { return (nil, bytes) }
        let names = accepted.split(separator: ",").compactMap { name(of: $0) }
        // A coder that fails leaves the plain bytes, which every client takes.
        if names.contains("zstd"), let coded = try? Zstandard.compress(bytes) { return ("zstd", coded) }
        if names.contains("gzip"), let coded = try? Gzip.compress(bytes) { return ("gzip", coded) }
        return (nil, bytes)
    }

    private static func name(of element: Substring) -> String? {
        let parts = element.split(separator: ";").map { $0.filter { $0 != " " } }
        guard let name = parts.first?.lowercased() else { return nil }
        let isRefused = parts.dropFirst().contains { $0 == "q=0" || $0 == "q=0.0" || $0 == "q=0.00" || $0 == "q=0.000" }
        return isRefused ? nil : name
    }
}
