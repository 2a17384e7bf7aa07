internal import CSimdjson

/// Parses JSON texts into borrowed values. One parser serves one thread; it keeps its memory for the next text.
public final class JSONParser {
    /// Nesting that is accepted.
    public static let depthMax = 64
    /// Largest text in bytes that is accepted unless `init(byteCountMax:)` says otherwise: 1 MiB.
    public static let byteCountMax = 1 << 20

    private let parser: OpaquePointer
    private let byteCountMax: Int

    public init(byteCountMax: Int = JSONParser.byteCountMax) {
        guard let parser = csimdjson_create(Self.depthMax) else { preconditionFailure("memory is out") }
        self.parser = parser
        self.byteCountMax = byteCountMax
    }

    deinit { csimdjson_destroy(parser) }

    /// The root value of `bytes`, valid until the next call of `parse` or the end of this parser, whichever is first.
    ///
    /// Texts deeper than `depthMax`, larger than the limit, not UTF-8, with lone surrogates or with integers beyond
    /// 64 bits are refused.
    public func parse(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> JSONValue {
        guard bytes.count <= byteCountMax else { throw .tooLarge }
        guard let base = bytes.baseAddress else { throw .malformed }
        var document = csimdjson_document()
        let status = csimdjson_parse(parser, base.assumingMemoryBound(to: UInt8.self), bytes.count, &document)
        switch status {
        case CSIMDJSON_OK: break
        case CSIMDJSON_NOT_UTF8: throw .notUTF8
        case CSIMDJSON_TOO_DEEP: throw .tooDeep
        case CSIMDJSON_NO_MEMORY: throw .outOfMemory
        case CSIMDJSON_NUMBER: throw NumberScan.everyNumberIsWellFormed(bytes) ? .numberOutOfRange : .malformed
        default: throw .malformed
        }
        guard let tape = document.tape, let strings = document.strings else { throw .malformed }
        return JSONValue(tape: tape, strings: strings, index: 1)
    }

    /// As `parse(_:)`, lending the value to `body` only.
    public func withParsed<R>(_ text: String, _ body: (JSONValue) -> R) throws(JSONError) -> R {
        var text = text
        let result = text.withUTF8 { utf8 -> Result<R, JSONError> in
            do throws(JSONError) { return .success(body(try parse(UnsafeRawBufferPointer(utf8)))) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
