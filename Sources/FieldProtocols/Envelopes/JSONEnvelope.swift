internal import Crypto
public import JSONText

/// The JSON form of an envelope: `hdr`, `ts`, `seq`, `pack`, `hash`, `sig` (field reference, section 4.4).
public enum JSONEnvelope {
    /// How much must be there.
    public enum Demand: Sendable {
        /// Hash and signature may be absent, and a signature whose key is unknown is passed over.
        case whatIsThere
        /// Every key of the contract must be there, as brokers want it; a key that is unknown is still tolerated.
        case everyKey
        /// As `everyKey`, and the device's key must be known.
        case signature
    }

    private static let keys: [StaticString] = ["hdr", "ts", "seq", "pack", "hash", "sig"]
    private static let messageKeys: [StaticString] = ["hdr", "seq", "pack"]

    /// Checks form, hash and signature; `publicKey` has 32 bytes and is nil if the device's key is not known.
    public static func verify(
        _ envelope: JSONValue, publicKey: [UInt8]?, demand: Demand = .everyKey
    ) throws(JSONEnvelopeError) -> EnvelopeIntegrity {
        try checkForm(envelope, demand: demand)
        let digest = try hash(of: envelope)
        guard let signature = envelope["sig"] else {
            return EnvelopeIntegrity(hash: digest == nil ? .absent : .valid, signature: .absent)
        }
        guard let digest else { throw .invalidHashField }
        let bytes = try signatureBytes(signature)
        guard let publicKey else {
            if demand == .signature { throw .noDeviceKey }
            return EnvelopeIntegrity(hash: .valid, signature: .unchecked)
        }
        let message = EnvelopeSignature.message(hash: digest)
        guard Ed25519.isValid(signature: bytes, message: message, publicKey: publicKey) else {
            throw .signatureMismatch
        }
        return EnvelopeIntegrity(hash: .valid, signature: .valid)
    }

    /// The text that is hashed: without `hash` and `sig`, as Python prints it with sorted keys and no spaces.
    public static func canonicalBytes(_ envelope: JSONValue) -> [UInt8] {
        var writer = JSONWriter(escaping: .ascii)
        writer.canonical(envelope, without: ["hash", "sig"])
        return writer.bytes
    }

    private static func checkForm(_ envelope: JSONValue, demand: Demand) throws(JSONEnvelopeError) {
        let wanted = demand == .whatIsThere ? messageKeys : keys
        let missing = wanted.filter { envelope[$0] == nil }.map(\.description)
        guard missing.isEmpty else { throw .missingKeys(missing) }
        guard let header = envelope["hdr"], isText(header["deviceId"]), isText(header["msgId"]) else {
            throw .missingHeaderFields
        }
        guard envelope["seq"]?.uint64 != nil else { throw .invalidSeq }
        guard let pack = envelope["pack"], pack.isArray else { throw .invalidPack }
        var isWhole = true
        pack.forEachElement { item in
            if !isText(item["id"]) || item["v"] == nil { isWhole = false }
        }
        guard isWhole else { throw .invalidPack }
    }

    private static func isText(_ value: JSONValue?) -> Bool { value?.utf8.map { !$0.isEmpty } ?? false }

    /// The hash the envelope carries, after it was found right; nil if it carries none.
    private static func hash(of envelope: JSONValue) throws(JSONEnvelopeError) -> [UInt8]? {
        guard let field = envelope["hash"] else { return nil }
        guard let text = field.string, let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")),
            let claimed = Hex.decode(String(text[text.utf8.index(after: colon)...])), claimed.count == 32
        else { throw .invalidHashField }
        let canonical = canonicalBytes(envelope)
        let computed: [UInt8]
        switch text[..<colon] {
        case "sha256": computed = SHA256.hash(canonical)
        case "blake2b256": computed = BLAKE2b256.hash(canonical)
        default: throw .invalidHashField
        }
        guard computed == claimed else { throw .hashMismatch }
        return computed
    }

    private static func signatureBytes(_ field: JSONValue) throws(JSONEnvelopeError) -> [UInt8] {
        guard let text = field.string, let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
            throw .invalidSignatureField
        }
        guard text[..<colon] == "ed25519" else { throw .unsupportedSignatureScheme }
        guard let bytes = Base64.decode(String(text[text.utf8.index(after: colon)...])),
            bytes.count == Ed25519.signatureByteCount
        else { throw .invalidSignatureField }
        return bytes
    }
}
