/// Compresses a body that is made piece by piece. Belongs to one thread at a time.
public struct StreamEncoder: ~Copyable {
    private let encoder: any PieceEncoder

    /// Begins a body; throws only when memory is out.
    public init(_ encoding: ContentEncoding) throws(CompressionError) {
        switch encoding {
        case .zstd: encoder = try ZstdEncoder()
        case .gzip: encoder = try GzipEncoder()
        }
    }

    /// Takes a piece; what is ready is appended to `output`, possibly nothing yet.
    public mutating func append(_ bytes: UnsafeRawBufferPointer, to output: inout [UInt8]) throws(CompressionError) {
        try encoder.encode(bytes, .more, to: &output)
    }

    /// Appends all that was taken, so that the receiver can read it now; costs some of the ratio.
    public mutating func flush(to output: inout [UInt8]) throws(CompressionError) {
        try encoder.encode(UnsafeRawBufferPointer(start: nil, count: 0), .flush, to: &output)
    }

    /// Appends the rest and the end of the body.
    public consuming func finish(to output: inout [UInt8]) throws(CompressionError) {
        try encoder.encode(UnsafeRawBufferPointer(start: nil, count: 0), .finish, to: &output)
    }
}

/// What the two libraries have in common.
protocol PieceEncoder: AnyObject {
    func encode(
        _ bytes: UnsafeRawBufferPointer, _ directive: PieceDirective, to output: inout [UInt8]
    ) throws(CompressionError)
}

enum PieceDirective { case more, flush, finish }
