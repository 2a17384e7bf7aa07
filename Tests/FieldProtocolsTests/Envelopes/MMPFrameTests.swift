import Crypto
import FieldProtocols
import GatewayTestKit
import JSONText
import Testing

@Suite struct MMPFrames {
    /// Plain COBS, so that this suite rests on nothing but the vectors.
    private func unstuffed(_ wire: [UInt8]) -> [UInt8] {
        var raw: [UInt8] = []
        var index = 0
        while index < wire.count, wire[index] != 0 {
            let code = Int(wire[index])
            raw.append(contentsOf: wire[(index + 1)..<min(index + code, wire.count)])
            index += code
            if code < 0xFF, index < wire.count, wire[index] != 0 { raw.append(0) }
        }
        return raw
    }

    private func decode(_ raw: [UInt8]) throws(MMPFrame.Failure) -> MMPFrame {
        let result = raw.withUnsafeBytes { raw -> Result<MMPFrame, MMPFrame.Failure> in
            do throws(MMPFrame.Failure) { return .success(try MMPFrame(raw: raw)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    @Test func everyFrameDecodesAsItsVectorSays() throws {
        let vectors = try JSON(parsing: Vectors.text("mycosoft/mmp_v1.json"))
        let frames = try #require(vectors["frames"]?.array)
        #expect(frames.count >= 8)
        for vector in frames {
            let wire = try #require(Hex.decode(vector["wire_hex"]?.string ?? ""))
            let raw = unstuffed(wire)
            guard vector["expected"]?.string == "ok" else {
                let error = #expect(throws: MMPFrame.Failure.self) { try decode(raw) }
                #expect(error?.rawValue == vector["expected"]?.string)
                continue
            }
            let frame = try decode(raw)
            let fields = vector["fields"]
            #expect(Int64(frame.deviceType) == fields?["device_type"]?.int64)
            #expect(Int64(frame.deviceID) == fields?["device_id"]?.int64)
            #expect(frame.milliseconds == fields?["timestamp_ms"]?.uint64)
            #expect(Int64(frame.seq) == fields?["seq"]?.int64)
            #expect(Int64(frame.payloadType) == fields?["payload_type"]?.int64)
            #expect(Int64(frame.flags) == fields?["flags"]?.int64)
            #expect(String(decoding: frame.payload, as: UTF8.self) == fields?["payload_utf8"]?.string)
            #expect(frame.raw == raw)
        }
    }

    @Test func mutatedFramesNeverTrapAndNeverPass() throws {
        let frame = MMPFrame(
            deviceType: 1, deviceID: 7, milliseconds: 1, seq: 2, payloadType: 1, flags: 0, payload: Array("{}".utf8))
        let raw = try #require(frame.raw)
        var random = SeededRandom(seed: 9)
        for _ in 0..<5_000 {
            let bad = random.mutated(raw)
            if bad != raw { #expect(throws: MMPFrame.Failure.self) { try decode(bad) } }
        }
    }
}
