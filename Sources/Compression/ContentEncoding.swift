/// A content encoding of HTTP; the raw value is its token.
public enum ContentEncoding: String, Sendable, CaseIterable {
    case zstd, gzip

    /// The best encoding that an `Accept-Encoding` header allows; nil for none. A quality of 0 forbids.
    public init?(acceptHeader: String) {
        let offers = acceptHeader.split(separator: ",").map { offer in
            offer.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
        }
        func allows(_ name: String) -> Bool? {
            guard let offer = offers.first(where: { $0.first == name }) else { return nil }
            let quality = offer.dropFirst().first { $0.hasPrefix("q=") }
            return quality.flatMap { Double($0.dropFirst(2)) } != 0
        }
        let chosen = Self.allCases.first { allows($0.rawValue) ?? allows("*") ?? false }
        guard let chosen else { return nil }
        self = chosen
    }

    /// The whole of `bytes`, compressed.
    public func compress(_ bytes: UnsafeRawBufferPointer) throws(CompressionError) -> [UInt8] {
        var stream = try StreamEncoder(self)
        var compressed: [UInt8] = []
        try stream.append(bytes, to: &compressed)
        try stream.finish(to: &compressed)
        return compressed
    }

    /// As above, from an array.
    public func compress(_ bytes: [UInt8]) throws(CompressionError) -> [UInt8] {
        try Self.lending(bytes) { (bytes) throws(CompressionError) in try compress(bytes) }
    }

    /// What was compressed; never more than `byteCountMax` bytes are made of it.
    public func decompress(_ bytes: UnsafeRawBufferPointer, byteCountMax: Int) throws(CompressionError) -> [UInt8] {
        switch self {
        case .zstd: try ZstdDecoder.decode(bytes, byteCountMax: byteCountMax)
        case .gzip: try GzipDecoder.decode(bytes, byteCountMax: byteCountMax)
        }
    }

    /// As above, from an array.
    public func decompress(_ bytes: [UInt8], byteCountMax: Int) throws(CompressionError) -> [UInt8] {
        try Self.lending(bytes) { (bytes) throws(CompressionError) in
            try decompress(bytes, byteCountMax: byteCountMax)
        }
    }

    private static func lending(
        _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(CompressionError) -> [UInt8]
    ) throws(CompressionError) -> [UInt8] {
        let result = bytes.withUnsafeBytes { bytes -> Result<[UInt8], CompressionError> in
            do throws(CompressionError) { return .success(try body(bytes)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
