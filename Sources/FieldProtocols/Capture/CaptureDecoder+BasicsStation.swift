internal import Crypto
internal import JSONText

extension CaptureDecoder {
    mutating func decodeBasicsStation(_ bytes: UnsafeRawBufferPointer) {
        for (item, offset) in jsonItems(bytes) {
            switch item {
            case .failure(let error): fail(error.code.rawValue, at: error.offset)
            case .success(let value):
                // Captures may say which way a message went.
                let message = value["json"]?.members != nil ? value["json"] ?? value : value
                var failure: LoRaError?
                withBorrowed(message) { root in
                    do throws(LoRaError) {
                        show(try BasicsStationMessage(root), value["dir"]?.string, message)
                    } catch {
                        failure = error
                    }
                }
                if let failure { fail(failure.code.rawValue, at: offset + failure.offset) }
            }
        }
    }

    private func show(_ message: BasicsStationMessage, _ direction: String?, _ json: JSON) {
        print { writer in
            Self.write("msgtype", message.type, &writer)
            Self.write("dir", direction, &writer)
            Self.write("router", message.router?.description, &writer)
            Self.write("dev_eui", message.deviceEUI?.description, &writer)
            switch message.kind {
            case .discovery(let uri, let error):
                Self.write("uri", uri, &writer)
                Self.write("reason", error, &writer)
            case .uplink(let phy):
                Self.write("phy_payload_hex", Hex.encode(phy), &writer)
                if let frame = try? PHYPayload(phy) {  // a proprietary frame may be anything
                    writer.key("lorawan")
                    writer.beginObject()
                    _ = writeFrame(frame, keys: LoRaWANKeys(options), &writer)
                    writer.endObject()
                }
            case .downlink(let pdu): Self.write("pdu_hex", Hex.encode(pdu), &writer)
            case .version, .transmitted, .timeRequest, .other: break
            }
            for (key, value) in [
                ("xtime", message.xtime), ("gpstime", message.gpsMicroseconds), ("frequency", message.frequencyHertz),
                ("dr", message.dataRate),
            ] {
                guard let value else { continue }
                writer.key(key)
                writer.integer(value)
            }
            Self.write("rssi", message.rssi, &writer)
            Self.write("snr", message.snr, &writer)
            writer.key("json")
            writer.value(json)
        }
    }
}
