import Compression

/// Applies a content coding that the client accepts.
enum ContentCoding {
    /// Below this a page is not worth compressing.
    static let byteCountMin = 1_024

    /// The coding and the coded bytes; nil and the bytes themselves if none is accepted or worth it.
    static func encode(_ bytes: [UInt8], accepted: String?) -> (coding: String?, bytes: [UInt8]) {
        guard bytes.count >= byteCountMin, let encoding = accepted.flatMap(ContentEncoding.init(acceptHeader:)),
            // A coder that fails leaves the plain bytes, which every client takes.
            let coded = try? encoding.compress(bytes)
        else { return (nil, bytes) }
        return (encoding.rawValue, coded)
    }
}
