/// A key or word compared with literals without making a string of it.
struct ByteKey: ExpressibleByStringLiteral {
    private let bytes: UnsafeBufferPointer<UInt8>

    @inline(__always)
    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    @inline(__always)
    init(stringLiteral text: StaticString) {
        bytes = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }

    @inline(__always)
    static func ~= (pattern: ByteKey, key: ByteKey) -> Bool {
        guard pattern.bytes.count == key.bytes.count else { return false }
        for index in 0..<key.bytes.count where pattern.bytes[index] != key.bytes[index] { return false }
        return true
    }
}
