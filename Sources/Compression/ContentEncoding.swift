/// A content encoding of HTTP; the raw value is its token.
public enum ContentEncoding: String, Sendable, CaseIterable {
    case zstd, gzip

    /// The encoding that an `Accept-Encoding` header wants most, the best of those it wants alike; nil for none. A quality
    /// of 0 forbids.
    public init?(acceptHeader: String) {
        let offers = acceptHeader.split(separator: ",").map { offer in
            offer.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
        }
        func quality(_ name: String) -> Double? {
            guard let offer = offers.first(where: { $0.first == name }) else { return nil }
            return offer.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
        }
        var wanted: (encoding: Self, quality: Double)?
        for encoding in Self.allCases {
            let quality = quality(encoding.rawValue) ?? quality("*") ?? 0
            if quality > wanted?.quality ?? 0 { wanted = (encoding, quality) }
        }
        guard let wanted else { return nil }
        self = wanted.encoding
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
