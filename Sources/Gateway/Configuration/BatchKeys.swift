import Compression
import YAMLText

/// The keys of destinations that take several records a request.
public struct BatchKeys: Sendable {
    /// How bodies are compressed.
    public enum Packing: String, CaseIterable, Sendable {
        case none, gzip, zstd
    }

    /// Records and rendered bytes of one request, and how long one waits to be filled.
    public var recordsMax: Int
    public var byteCountMax: Int64
    public var interval: Duration
    public var packing: Packing
    /// Sent with every request.
    public var headers: [(name: String, value: String)]

    init(_ section: YAMLSection) {
        recordsMax = section.integer("batch_size", in: 1...5_000, default: 500)
        byteCountMax = section.byteCount("batch_bytes", in: 1_024...(8 << 20), default: 1 << 20)
        interval = section.duration("batch_interval", in: .zero...(.seconds(300)), default: .seconds(1))
        packing = section.choice("compression", default: Packing.none)
        headers =
            section.texts("headers", countMax: 16)?.compactMap { text in
                guard let header = Self.header(text) else {
                    section.reject("headers", .outOfRange, "`\(text)`, accepted `NAME: VALUE`")
                    return nil
                }
                return header
            } ?? []
    }

    /// Of bodies; nil: none.
    var encoding: ContentEncoding? {
        switch packing {
        case .none: nil
        case .gzip: .gzip
        case .zstd: .zstd
        }
    }

    private static func header(_ text: String) -> (name: String, value: String)? {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty,
            parts[0].utf8.allSatisfy({ $0.isLetterOrDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }),
            parts[1].utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { return nil }
        return (String(parts[0]), String(parts[1].drop { $0 == " " }))
    }
}
