internal import Crypto

/// An operator of a nats-server in the decentralised way: an account and its users, proved by JWTs that it has signed
/// (NATS documentation, "JWT authentication"; keys as nkeys: base32 of kind, key and CRC-16).
public struct NATSOperator {
    private enum Kind: UInt8 {
        case account = 0
        case `operator` = 0x70
        case user = 0xA0
    }

    /// One key pair.
    private struct Key {
        let kind: Kind
        let seed: [UInt8]

        var publicText: String { NATSOperator.nkey([kind.rawValue] + (Ed25519.publicKey(seed: seed) ?? [])) }

        var seedText: String {
            NATSOperator.nkey([0x90 | kind.rawValue >> 5, (kind.rawValue & 31) << 3] + seed)
        }

        /// The claims about `subject`, signed.
        func signed(_ subject: Key, _ name: String, _ claims: String) -> String {
            let head = NATSOperator.base64(#"{"typ":"JWT","alg":"ed25519-nkey"}"#)
            let body = NATSOperator.base64(
                #"{"jti":"\#(name)","iat":1,"iss":"\#(publicText)","name":"\#(name)","sub":"\#(subject.publicText)","#
                    + #""nats":\#(claims)}"#)
            let signature = Ed25519.sign(message: Array("\(head).\(body)".utf8), seed: seed) ?? []
            return "\(head).\(body).\(NATSOperator.base64(signature))"
        }
    }

    private let owner: Key
    private let account: Key
    private let system: Key
    private var random: SeededRandom

    /// The keys follow from the seed.
    public init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        owner = Key(kind: .operator, seed: random.bytes(32))
        account = Key(kind: .account, seed: random.bytes(32))
        system = Key(kind: .account, seed: random.bytes(32))
    }

    /// Lines for the configuration of a server that trusts this operator.
    public var settings: [String] {
        let everything = #""subs":-1,"data":-1,"payload":-1"#
        let stored = #""mem_storage":-1,"disk_storage":-1,"streams":-1,"consumer":-1"#
        func limits(_ storage: String) -> String {
            #"{"limits":{\#(everything),"imports":-1,"exports":-1,"wildcards":true,"conn":-1,"leaf":-1\#(storage)},"#
                + #""default_permissions":{"pub":{},"sub":{}},"type":"account","version":2}"#
        }
        return [
            "operator: \(owner.signed(owner, "test-operator", #"{"type":"operator","version":2}"#))",
            "system_account: \(system.publicText)",
            "resolver: MEMORY",
            "resolver_preload: {",
            "  \(account.publicText): \(owner.signed(account, "test-account", limits("," + stored)))",
            "  \(system.publicText): \(owner.signed(system, "test-system", limits("")))",
            "}",
        ]
    }

    /// The content of a `.creds` file for a user of the account.
    ///
    /// - Parameter isForged: with the seed of another key than the JWT is for.
    public mutating func credentials(user name: String, isForged: Bool = false) -> String {
        let user = Key(kind: .user, seed: random.bytes(32))
        let claims = #"{"pub":{},"sub":{},"subs":-1,"data":-1,"payload":-1,"type":"user","version":2}"#
        let seed = isForged ? Key(kind: .user, seed: random.bytes(32)).seedText : user.seedText
        return """
            -----BEGIN NATS USER JWT-----
            \(account.signed(user, name, claims))
            ------END NATS USER JWT------

            -----BEGIN USER NKEY SEED-----
            \(seed)
            ------END USER NKEY SEED------

            """
    }

    /// Base32 (RFC 4648) without padding, of the bytes and their CRC-16 (XMODEM), low byte first.
    private static func nkey(_ bytes: [UInt8]) -> String {
        var crc: UInt16 = 0
        for byte in bytes {
            crc ^= UInt16(byte) << 8
            for _ in 0..<8 { crc = crc & 0x8000 != 0 ? crc << 1 ^ 0x1021 : crc << 1 }
        }
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
        var text: [UInt8] = []
        var held: UInt32 = 0
        var count: UInt32 = 0
        for byte in bytes + [UInt8(truncatingIfNeeded: crc), UInt8(truncatingIfNeeded: crc >> 8)] {
            held = held << 8 | UInt32(byte)
            count += 8
            while count >= 5 {
                count -= 5
                text.append(alphabet[Int(held >> count & 31)])
            }
            held &= 1 << count - 1
        }
        if count > 0 { text.append(alphabet[Int(held << (5 - count) & 31)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// For URLs (RFC 4648, section 5), without padding.
    private static func base64(_ text: String) -> String { base64(Array(text.utf8)) }

    private static func base64(_ bytes: [UInt8]) -> String {
        let text = Base64.encode(bytes).utf8.filter { $0 != UInt8(ascii: "=") }
        let plus = UInt8(ascii: "+")
        let slash = UInt8(ascii: "/")
        return String(
            decoding: text.map { $0 == plus ? UInt8(ascii: "-") : $0 == slash ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
    }
}
