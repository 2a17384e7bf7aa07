internal import Crypto
internal import JSONText

/// The keys that a frame is read with.
struct LoRaWANKeys {
    var session: SessionKeys?
    var device: AES128?
    var counterHigh: UInt32

    init(_ options: CaptureDecoder.Options) {
        counterHigh = UInt32(options.counterHigh) << 16
        device = options.deviceKey.flatMap { AES128(key: $0) }
        // One key is enough for one half of the work: the other stands for itself.
        if let network = options.networkKey ?? options.applicationKey {
            session = SessionKeys(network: network, application: options.applicationKey ?? network)
        }
        checksCode = options.networkKey != nil
        decrypts = options.applicationKey != nil
    }

    var checksCode: Bool
    var decrypts: Bool
}

extension CaptureDecoder {
    /// A frame in binary; or JSON that holds frames beside their keys, as in `{"phy_payload_hex","nwk_s_key","app_s_key"}`.
    mutating func decodeLoRaWAN(_ bytes: UnsafeRawBufferPointer) {
        // No frame of LoRaWAN begins as JSON does: that would be a rejoin request of another major version.
        if bytes.first == UInt8(ascii: "{") || bytes.first == UInt8(ascii: "["), let root = try? parser.parse(bytes) {
            return decodeFrames(in: JSON(root))  // else it is looked at as a frame
        }
        decodeFrame(Array(bytes), options)
    }

    private mutating func decodeFrames(in value: JSON) {
        switch value {
        case .array(let elements): for element in elements { decodeFrames(in: element) }
        case .object(let members):
            let hex = value["phy_payload_hex"]?.string.flatMap { Hex.decode($0) }
            let base64 = value["phy_payload_base64"]?.string.flatMap { Base64.decode($0) }
            guard let frame = hex ?? base64 else {
                for member in members { decodeFrames(in: member.value) }
                return
            }
            var own = options
            own.networkKey = value["nwk_s_key"]?.string.flatMap { Hex.decode($0) } ?? own.networkKey
            own.applicationKey = value["app_s_key"]?.string.flatMap { Hex.decode($0) } ?? own.applicationKey
            own.deviceKey = value["app_key"]?.string.flatMap { Hex.decode($0) } ?? own.deviceKey
            if let counter = value["f_cnt"]?.uint64.flatMap({ UInt32(exactly: $0) }) {
                own.counterHigh = UInt16(counter >> 16)
            }
            decodeFrame(frame, own)
        default: break
        }
    }

    private mutating func decodeFrame(_ bytes: [UInt8], _ options: Options) {
        let frame: PHYPayload
        do throws(LoRaError) { frame = try PHYPayload(bytes) } catch {
            return fail(error.code.rawValue, at: error.offset)
        }
        var error: LoRaError.Code?
        print { writer in
            error = writeFrame(frame, keys: LoRaWANKeys(options), &writer)
            if let error { Self.write(error.rawValue, at: bytes.count - 4, &writer) }
        }
        if error != nil { markFailed() }
    }

    /// Writes what a frame says; the error if its code is wrong under the keys that are known.
    func writeFrame(_ frame: PHYPayload, keys: LoRaWANKeys, _ writer: inout JSONWriter) -> LoRaError.Code? {
        writer.key("mtype")
        writer.string(frame.type.name)
        var isValid: Bool?
        switch frame.content {
        case .data(let data): isValid = Self.write(data, frame, keys, &writer)
        case .joinRequest(let join):
            Self.write("join_eui", join.joinEUI.upperCase, &writer)
            Self.write("dev_eui", join.deviceEUI.upperCase, &writer)
            Self.write(
                "dev_nonce", Hex.encode([UInt8(join.nonce >> 8), UInt8(truncatingIfNeeded: join.nonce)]), &writer)
            isValid = keys.device.map { SessionKeys.mic(ofJoin: frame.message, key: $0) == frame.mic }
        case .joinAccept(let content): Self.write("encrypted_hex", Hex.encode(content), &writer)
        case .rejoinRequest(let content), .proprietary(let content):
            Self.write("payload_hex", Hex.encode(content), &writer)
        }
        Self.write("mic_hex", Hex.encode(frame.mic?.bytes ?? []), &writer)
        Self.write("mic", isValid.map { $0 ? "valid" : "invalid" } ?? "unchecked", &writer)
        return isValid == false ? .micMismatch : nil
    }

    private static func write(
        _ data: DataFrame, _ frame: PHYPayload, _ keys: LoRaWANKeys, _ writer: inout JSONWriter
    ) -> Bool? {
        write("dev_addr", data.addressText, &writer)
        writer.key("f_ctrl")
        writer.beginObject()
        for (key, mask) in [("adr", UInt8(0x80)), ("ack", 0x20)] {
            writer.key(key)
            writer.bool(data.control & mask != 0)
        }
        write("raw", Hex.encode([data.control]), &writer)
        writer.endObject()
        let counter = keys.counterHigh | UInt32(data.counter)
        writer.key("f_cnt")
        writer.unsigned(counter)
        if !data.options.isEmpty { write("f_opts_hex", Hex.encode(data.options), &writer) }
        if let port = data.port {
            writer.key("f_port")
            writer.unsigned(port)
            write("frm_payload_encrypted_hex", Hex.encode(data.payload), &writer)
        }
        guard let session = keys.session else { return nil }
        let isValid = keys.checksCode ? session.mic(of: frame.message, data, counter: counter) == frame.mic : nil
        // Under a wrong code or key the bytes would mean nothing.
        if let port = data.port, isValid != false, port == 0 ? keys.checksCode : keys.decrypts {
            write("frm_payload_plain_hex", Hex.encode(session.crypt(data, counter: counter)), &writer)
        }
        return isValid
    }
}
