public import GatewayModel

/// A payload of records, each a key and as many bytes as the key says.
public struct RecordCodec: Sendable {
    /// One kind of record.
    public struct Kind: Sendable {
        /// The bytes it begins with.
        public var key: [UInt8]
        /// Bytes behind the key.
        public var byteCount: Int
        /// Offsets count from behind the key.
        public var fields: BinaryCodec

        public init(key: [UInt8], byteCount: Int, fields: BinaryCodec) {
            self.key = key
            self.byteCount = byteCount
            self.fields = fields
        }
    }

    /// The kinds that are known; the first whose key fits is taken.
    public let kinds: [Kind]
    /// By the first byte of a record: the kinds whose key begins with it.
    private let candidates: [[Kind]]

    public init(kinds: [Kind]) {
        self.kinds = kinds
        candidates = (UInt8.min...UInt8.max).map { byte in kinds.filter { $0.key.first == byte } }
    }

    /// Adds the readings to the open observation. A key that is not known ends it: how long it is nobody can tell.
    ///
    /// - Returns: whether every byte was understood.
    public func append(_ payload: UnsafeRawBufferPointer, to batch: inout ObservationBatch) -> Bool {
        var at = 0
        while at < payload.count {
            let rest = payload[at...]
            guard
                let kind = candidates[Int(payload[at])].first(where: { $0.key.count == 1 || rest.starts(with: $0.key) }
                ),
                kind.byteCount <= rest.count - kind.key.count
            else { return false }
            let start = at + kind.key.count
            kind.fields.append(UnsafeRawBufferPointer(rebasing: payload[start..<(start + kind.byteCount)]), to: &batch)
            at = start + kind.byteCount
        }
        return true
    }
}
