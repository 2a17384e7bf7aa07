internal import JSONText

extension CaptureDecoder {
    /// Objects such as `{"phy_bytes":13,"sf":7,"bw_hz":125000,"cr":"4/5","preamble":8}`; all but the first two may be missing.
    mutating func decodeTimeOnAir(_ bytes: UnsafeRawBufferPointer) {
        for (item, offset) in jsonItems(bytes) {
            switch item {
            case .failure(let error): fail(error.code.rawValue, at: error.offset)
            case .success(let value):
                guard let packet = Self.packet(value) else {
                    fail(LoRaError.Code.missingField.rawValue, at: offset)
                    continue
                }
                guard let seconds = TimeOnAir.seconds(packet) else {
                    fail(LoRaError.Code.numberOutOfRange.rawValue, at: offset)
                    continue
                }
                print { writer in
                    for (key, number) in [
                        ("phy_bytes", packet.byteCount), ("sf", packet.spreadingFactor),
                        ("bw_hz", packet.bandwidthHertz),
                    ] {
                        writer.key(key)
                        writer.integer(number)
                    }
                    Self.write("cr", "4/\(packet.codingRate)", &writer)
                    writer.key("preamble")
                    writer.integer(packet.preamble)
                    writer.key("time_on_air_s")
                    writer.number(seconds)
                }
            }
        }
    }

    private static func packet(_ value: JSON) -> TimeOnAir.Packet? {
        guard let count = value["phy_bytes"]?.int, let factor = value["sf"]?.int else { return nil }
        var packet = TimeOnAir.Packet(byteCount: count, spreadingFactor: factor)
        if let bandwidth = value["bw_hz"]?.int { packet.bandwidthHertz = bandwidth }
        if let preamble = value["preamble"]?.int { packet.preamble = preamble }
        if let rate = value["cr"]?.string {
            guard rate.hasPrefix("4/"), let denominator = Int(rate.dropFirst(2)) else { return nil }
            packet.codingRate = denominator
        }
        if let header = value["explicit_header"]?.bool { packet.hasExplicitHeader = header }
        if let checksum = value["crc"]?.bool { packet.hasChecksum = checksum }
        return packet
    }
}
