import Crypto
import Testing

@Suite struct Hashing {
    @Test(arguments: [
        ("", "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"),
        ("abc", "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"),
    ])
    func blake2bHasItsDigestLengthAsParameter(text: String, digest: String) {
        #expect(Hex.encode(BLAKE2b256.hash(Array(text.utf8))) == digest)
    }

    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ])
    func sha256AgreesWithTheStandard(text: String, digest: String) {
        #expect(Hex.encode(SHA256.hash(Array(text.utf8))) == digest)
    }

    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"), ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    ])
    func sha1AgreesWithTheStandard(text: String, digest: String) {
        var digester = Digester(.sha1)
        let hash = Array(text.utf8).withUnsafeBytes { digester.withHash(of: $0) { Array($0) } }
        #expect(Hex.encode(hash) == digest)
    }

    @Test func aDigesterHashesOneTextAfterAnotherAndItsCopiesToo() {
        var first = Digester(.sha256)
        var second = Digester(.sha1)
        var copy = first
        for length in 0..<200 {
            let text = [UInt8](repeating: UInt8(length), count: length)
            #expect(text.withUnsafeBytes { first.withHash(of: $0) { Array($0) } } == SHA256.hash(text))
            var fresh = Digester(.sha1)
            let once = text.withUnsafeBytes { fresh.withHash(of: $0) { Array($0) } }
            #expect(text.withUnsafeBytes { second.withHash(of: $0) { Array($0) } } == once)
            #expect(text.withUnsafeBytes { copy.withHash(of: $0) { Array($0) } } == SHA256.hash(text))
            if length % 10 == 0 { copy = first }
        }
    }
}

@Suite struct Signing {
    /// RFC 8032, section 7.1, test 2.
    let seed = Hex.decode("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb") ?? []
    let publicKey = Hex.decode("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c") ?? []
    let signature =
        Hex.decode(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00") ?? []

    @Test func signaturesAgreeWithTheStandard() {
        #expect(Ed25519.publicKey(seed: seed) == publicKey)
        #expect(Ed25519.sign(message: [0x72], seed: seed) == signature)
        #expect(Ed25519.isValid(signature: signature, message: [0x72], publicKey: publicKey))
    }

    @Test func everyFlippedBitIsNoticed() {
        for bit in 0..<signature.count * 8 {
            var forged = signature
            forged[bit / 8] ^= 1 << (bit % 8)
            #expect(!Ed25519.isValid(signature: forged, message: [0x72], publicKey: publicKey))
        }
        #expect(!Ed25519.isValid(signature: signature, message: [0x73], publicKey: publicKey))
    }

    @Test func wrongLengthsAreRefused() {
        #expect(!Ed25519.isValid(signature: signature.dropLast(), message: [0x72], publicKey: publicKey))
        #expect(!Ed25519.isValid(signature: signature, message: [0x72], publicKey: []))
        #expect(Ed25519.sign(message: [1], seed: []) == nil)
    }
}

@Suite struct Texts {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func base64AgreesWithTheStandard(plain: String, text: String) {
        #expect(Base64.encode(Array(plain.utf8)) == text)
        #expect(Base64.decode(text) == Array(plain.utf8))
        #expect(Base64.decode(text.replacing("=", with: "")) == Array(plain.utf8))
    }

    @Test(arguments: ["A", "Zg=", "Zg===", "Z===", "Zh==", "Zm9!", "Zm 9", "=Zg=", "Zg==Zg==", "-_-_"])
    func badBase64IsRefused(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test func hexReadsBackWhatItWrote() {
        let bytes = Array(UInt8.min...UInt8.max)
        #expect(Hex.decode(Hex.encode(bytes)) == bytes)
        #expect(Hex.decode("aB") == [0xAB])
        #expect(Hex.decode("a") == nil)
        #expect(Hex.decode("gg") == nil)
    }

    @Test func aNumberInHexHasAllItsDigits() {
        for number in [0, 0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210, 0x9A9A_0F0F_AAAA_0009, .max] as [UInt64] {
            var text = Array("id-".utf8)
            Hex.append(number, to: &text)
            let digits = String(number, radix: 16)
            #expect(text == Array("id-".utf8) + Array((String(repeating: "0", count: 16 - digits.count) + digits).utf8))
        }
    }

    @Test func derivedIdsAgreeWithTheStandard() {
        let dns = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
        #expect(UUIDText.v5(namespace: dns, name: "python.org") == "886313e1-3b8a-5372-9b90-0c9aee199e5d")
        #expect(UUIDText.v5(namespace: dns, name: "mycogate.local") == UUIDText.recordNamespace)
        #expect(UUIDText.v5(namespace: "no uuid", name: "x") == nil)
    }

    @Test func randomIdsSayThatTheyAreRandom() throws {
        var generator = SystemRandomNumberGenerator()
        let bytes = try #require(UUIDText.bytes(of: UUIDText.random(using: &generator)))
        #expect(bytes[6] >> 4 == 4)
        #expect(bytes[8] >> 6 == 2)
    }
}
