internal import Crypto
internal import GatewayModel
internal import JSONText

extension CaptureDecoder {
    mutating func decodeSemtech(_ bytes: UnsafeRawBufferPointer) {
        let packet: SemtechPacket
        let message: SemtechMessage
        do throws(LoRaError) {
            packet = try SemtechPacket(bytes)
            message = try SemtechMessage(packet, parser: parser)
        } catch {
            return fail(error.code.rawValue, at: error.offset)
        }
        let json = packet.json.isEmpty ? nil : (try? parser.parse(packet.json)).map { JSON($0) }  // parsed above
        if !message.unusable.isEmpty { markFailed() }
        print { writer in
            Self.write(packet, json, &writer)
            if packet.kind == .pushData { write(message.uplinks, &writer) }
            if let transmission = message.transmission {
                writer.key("result")
                writer.string(transmission.failure ?? "NONE")
                Self.write("warning", transmission.warning, &writer)
            }
            if let downlink = message.downlink {
                writer.key("payload_hex")
                writer.string(Hex.encode(downlink.payload))
            }
            if let error = message.unusable.first { Self.write(error.code.rawValue, at: error.offset, &writer) }
        }
    }

    private static func write(_ packet: SemtechPacket, _ json: JSON?, _ writer: inout JSONWriter) {
        writer.key("version")
        writer.unsigned(packet.version)
        writer.key("token")
        writer.string(Hex.encode([UInt8(packet.token >> 8), UInt8(truncatingIfNeeded: packet.token)]))
        writer.key("id")
        writer.unsigned(packet.kind.rawValue)
        writer.key("type")
        writer.string(packet.kind.name)
        if let gateway = packet.gateway {
            writer.key("gateway_eui")
            writer.string(gateway.description)
        }
        writer.key("json")
        writer.value(json ?? .null)
    }

    private func write(_ uplinks: [SemtechUplink], _ writer: inout JSONWriter) {
        writer.key("crc_bad")
        writer.integer(uplinks.count { $0.checksum == .bad })
        writer.key("uplinks")
        writer.beginArray()
        for uplink in uplinks {
            writer.beginObject()
            writer.key("crc")
            writer.string(uplink.checksum.name)
            if let time = uplink.time ?? uplink.gpsMilliseconds.map({ GPSTime.unixMilliseconds($0) }) {
                writer.key("time")
                writer.string(RFC3339.text(time))
            }
            Self.write("rssi", uplink.rssi, &writer)
            Self.write("snr", uplink.snr, &writer)
            Self.write(uplink.radio, &writer)
            if uplink.checksum != .bad {
                writer.key("payload_hex")
                writer.string(Hex.encode(uplink.payload))
                // Anything may be sent by LoRa.
                if case .lora = uplink.radio.modulation, let frame = try? PHYPayload(uplink.payload) {
                    writer.key("lorawan")
                    writer.beginObject()
                    _ = writeFrame(frame, keys: LoRaWANKeys(options), &writer)
                    writer.endObject()
                }
            }
            writer.endObject()
        }
        writer.endArray()
    }

    static func write(_ radio: RadioSetting, _ writer: inout JSONWriter) {
        write("frequency", radio.frequencyHertz, &writer)
        switch radio.modulation {
        case .lora(let factor, let bandwidth):
            writer.key("spreading_factor")
            writer.integer(factor)
            writer.key("bandwidth")
            writer.integer(bandwidth)
        case .fsk(let bitRate):
            writer.key("bit_rate")
            writer.integer(bitRate)
        case .other(let name): write("data_rate", name, &writer)
        case nil: break
        }
        write("coding_rate", radio.codingRate, &writer)
    }

    static func write(_ key: String, _ value: Double?, _ writer: inout JSONWriter) {
        guard let value else { return }
        writer.key(key)
        writer.shortNumber(value)
    }

    static func write(_ key: String, _ value: String?, _ writer: inout JSONWriter) {
        guard let value else { return }
        writer.key(key)
        writer.string(value)
    }
}
