/// The header of one file in an archive that `tar` reads too (POSIX ustar).
struct TarHeader {
    static let size = 512

    var name: String
    var byteCount: Int64
    var modified: Int64

    /// Bytes after the content up to the next header.
    static func padding(_ byteCount: Int64) -> Int { Int((512 - byteCount % 512) % 512) }

    /// Nil if the name is too long.
    var bytes: [UInt8]? {
        guard name.utf8.count < 100 else { return nil }
        var bytes = [UInt8](repeating: 0, count: Self.size)
        func put(_ text: String, at offset: Int) {
            bytes.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
        }
        put(name, at: 0)
        put("0000600", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(Self.octal(byteCount, digits: 11), at: 124)
        put(Self.octal(max(0, modified), digits: 11), at: 136)
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar", at: 257)
        put("00", at: 263)
        let sum = bytes.reduce(Int64(0)) { $0 + Int64($1) }
        put(Self.octal(sum, digits: 6) + "\0 ", at: 148)
        return bytes
    }

    init(name: String, byteCount: Int64, modified: Int64) {
        self.name = name
        self.byteCount = byteCount
        self.modified = modified
    }

    /// Nil if the bytes are no header of an ordinary file.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.size, bytes[257..<262].elementsEqual("ustar".utf8),
            bytes[156] == UInt8(ascii: "0") || bytes[156] == 0, let sum = Self.number(bytes[148..<156]),
            let size = Self.number(bytes[124..<136]), let modified = Self.number(bytes[136..<148])
        else { return nil }
        let blank = bytes[..<148].reduce(Int64(0)) { $0 + Int64($1) } + 8 * 32
        guard bytes[156...].reduce(blank, { $0 + Int64($1) }) == sum else { return nil }
        name = String(decoding: bytes[..<100].prefix { $0 != 0 }, as: UTF8.self)
        byteCount = size
        self.modified = modified
    }

    private static func octal(_ value: Int64, digits: Int) -> String {
        let text = String(value, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }

    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        Int64(String(decoding: field.filter { (48..<56).contains($0) }, as: UTF8.self), radix: 8)
    }
}
