/// UUIDs as lower-case text (RFC 9562).
public enum UUIDText {
    /// The name space for ids derived from a record's identity: v5 of the DNS name space and `mycogate.local`.
    public static let recordNamespace = "6e95a592-734d-582d-af9b-8f2752fc78f0"

    /// The version 5 UUID of `name`; nil if `namespace` is not a UUID.
    public static func v5(namespace: String, name: String) -> String? {
        guard let namespace = bytes(of: namespace) else { return nil }
        return v5(namespace: namespace, name: Array(name.utf8))
    }

    /// As `v5(namespace:name:)`, from the 16 bytes of a name space that is known.
    public static func v5(namespace: [UInt8], name: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        var digester = Digester(.sha1)
        appendV5(namespace + name, with: &digester, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the text of the version 5 UUID; `qualifiedName` is the 16 bytes of the name space and then the name, and
    /// `digester` is for SHA-1.
    public static func appendV5(_ qualifiedName: [UInt8], with digester: inout Digester, to text: inout [UInt8]) {
        qualifiedName.withUnsafeBytes { name in
            digester.withHash(of: name) { digest in
                append(to: &text) { index in
                    switch index {
                    case 6: digest[6] & 0x0F | 0x50
                    case 8: digest[8] & 0x3F | 0x80
                    default: digest[index]
                    }
                }
            }
        }
    }

    /// A version 4 UUID.
    public static func random(using generator: inout some RandomNumberGenerator) -> String {
        var bytes = withUnsafeBytes(of: (generator.next() as UInt64, generator.next() as UInt64)) { Array($0) }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        return text(of: bytes) ?? ""
    }

    /// `c556918f-a570-5ef5-9af9-10e43de637ef`; nil unless there are 16 bytes.
    public static func text(of bytes: some Collection<UInt8>) -> String? {
        guard bytes.count == 16 else { return nil }
        var text: [UInt8] = []
        text.reserveCapacity(36)
        let bytes = Array(bytes)
        append(to: &text) { bytes[$0] }
        return String(decoding: text, as: UTF8.self)
    }

    private static func append(to text: inout [UInt8], byteAt byte: (Int) -> UInt8) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 36) { digits in
            var place = 0
            for index in 0..<16 {
                if index == 4 || index == 6 || index == 8 || index == 10 {
                    digits[place] = UInt8(ascii: "-")
                    place += 1
                }
                digits[place] = Hex.digit(byte(index) >> 4)
                digits[place + 1] = Hex.digit(byte(index) & 0xF)
                place += 2
            }
            text.append(contentsOf: digits)
        }
    }

    /// The 16 bytes of the text, upper or lower case; nil if it is not a UUID.
    public static func bytes(of text: String) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count == 36 else { return nil }
        var digits: [UInt8] = []
        for (position, character) in characters.enumerated() {
            if [8, 13, 18, 23].contains(position) {
                guard character == UInt8(ascii: "-") else { return nil }
            } else {
                digits.append(character)
            }
        }
        return Hex.decode(utf8: digits)
    }
}
