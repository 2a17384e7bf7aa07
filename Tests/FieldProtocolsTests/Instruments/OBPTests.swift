import Crypto
import GatewayTestKit
import JSONText
import Testing

@testable import FieldProtocols

@Suite struct OBPTests {
    static func vectors() throws -> JSON { try JSON(parsing: try Vectors.bytes("instruments/obp-frames.json")) }
    static func spectrum() throws -> [UInt8] {
        let text = try Vectors.text("instruments/obp-sts-spectrum.hex")
        return try #require(Hex.decode(text.filter { !$0.isWhitespace }))
    }

    @Test func everyFrameOfTheVectorIsShownAsItSays() throws {
        for frame in try #require(Self.vectors()["frames"]?.array) {
            let hex = frame["hex"]?.string
            let bytes = try hex.map { try #require(Hex.decode($0)) } ?? Self.spectrum()
            #expect(Hex.encode(SHA256.hash(bytes)) == frame["sha256"]?.string)
            let (lines, isGood) = CaptureDecoderTests.decode(bytes, .obp)
            #expect(isGood)
            try #require(lines.count == 1)
            #expect(lines[0]["len"] == frame["len"])
            #expect(lines[0]["dir"] == frame["dir"])
            for member in frame["expect"]?.members ?? [] {
                let key = member.key == "bytes_remaining_field" ? "bytes_remaining" : member.key
                #expect(lines[0][key] == member.value, "\(frame["name"]?.text ?? "") \(member.key)")
            }
        }
    }

    @Test func encodingGivesTheBytesOfTheVector() throws {
        for frame in try #require(Self.vectors()["frames"]?.array) {
            let bytes = try frame["hex"]?.string.map { try #require(Hex.decode($0)) } ?? Self.spectrum()
            let decoded = try bytes.withUnsafeBytes { try OBPFrame($0) }
            #expect(decoded.wire == bytes)
        }
        let set = OBPFrame.set(.setIntegration, 100_000)
        #expect(Hex.encode(set.wire).hasPrefix("c1c0001104000000100011000000000000000000000000"))
        #expect(OBPFrame.get(.wavelengthCoefficient, index: 2).immediate == [2])
    }

    @Test func theWavelengthsOfTheVectorFollowFromItsCoefficients() throws {
        let vectors = try Self.vectors()
        let coefficients = (vectors["wavelength_coefficients"]?.array ?? []).compactMap(\.double)
        let polynomial = try #require(WavelengthPolynomial(coefficients: coefficients, base: 0))
        #expect(polynomial.isMonotonic(count: 1_024))
        for member in vectors["wavelength_nm_at"]?.members ?? [] {
            let pixel = try #require(Int(member.key))
            #expect(abs(polynomial.wavelength(at: pixel) - (member.value.double ?? 0)) < 0.0001)
        }
    }

    @Test func hexTextIsTakenForTheBytesItStandsFor() throws {
        let (lines, isGood) = CaptureDecoderTests.decode(try Vectors.bytes("instruments/obp-sts-spectrum.hex"), .obp)
        #expect(isGood && lines.first?["pixels"] == 1_024 && lines.first?["max"] == 10_791)
    }

    @Test func everyDamageHasItsName() throws {
        let good = OBPFrame.get(.serialNumber).wire
        func damaged(_ change: (inout [UInt8]) -> Void) -> [UInt8] {
            var bytes = good
            change(&bytes)
            return bytes
        }
        let spectrum = try Self.spectrum()
        var flipped = spectrum
        flipped[100] ^= 1
        let cases: [([UInt8], String)] = [
            ([], "too_short"), (Array(good.dropLast()), "too_short"), (Array("hello".utf8), "bad_magic"),
            (damaged { $0[3] = 0x33 }, "unsupported_version"), (damaged { $0[42] = 2 }, "oversized"),
            (damaged { $0[40] = 19 }, "length_mismatch"), (damaged { $0[23] = 17 }, "length_mismatch"),
            (damaged { $0[22] = 7 }, "bad_checksum_type"), (damaged { $0[63] = 0 }, "bad_footer"),
            (flipped, "checksum_mismatch"),
        ]
        for (bytes, code) in cases {
            let (lines, isGood) = CaptureDecoderTests.decode(bytes, .obp)
            #expect(!isGood)
            #expect(lines.first?["error"] == .string(code))
            #expect(lines.first?["at"] == 0)
        }
    }

    @Test func framesAreFoundAgainAfterAnyNoiseHoweverTheyAreCut() throws {
        let first = OBPFrame(
            type: OBPMessageType.serialNumber.rawValue, flags: .response, regarding: 7, immediate: Array("S1".utf8))
        let second = try Self.spectrum()
        var random = SeededRandom(seed: 11)
        for _ in 0..<200 {
            var wire = random.bytes(random.integer(in: 0...80))
            // A header that claims more than there is would hide what follows until the driver's timeout.
            wire.removeAll { $0 == 0xC1 }
            wire += first.wire + [0xC1, 0x00, 0xC1] + second
            var stream = OBPStream()
            var frames: [OBPFrame] = []
            var start = 0
            while start < wire.count {
                let end = min(wire.count, start + random.integer(in: 1...700))
                wire[start..<end].withUnsafeBytes { piece in
                    stream.receive(piece) { if case .frame(let frame) = $0 { frames.append(frame) } }
                }
                start = end
            }
            #expect(frames.map(\.type) == [first.type, OBPMessageType.correctedSpectrum.rawValue])
            #expect(!stream.isInsideMessage)
        }
    }

    @Test func aFalseHeaderHidesTheNextFrameOnlyUntilResync() {
        let good = OBPFrame.get(.lamp).wire
        var claim = OBPFrame(type: 1, payload: Array(repeating: 0, count: 500)).wire
        claim.removeSubrange(44...)
        var stream = OBPStream()
        var frames = 0
        (claim + good).withUnsafeBytes { stream.receive($0) { if case .frame = $0 { frames += 1 } } }
        #expect(frames == 0 && stream.isInsideMessage)
        stream.resync { if case .frame = $0 { frames += 1 } }
        #expect(frames == 1)
    }
}
