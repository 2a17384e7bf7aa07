internal import JSONText

/// The lines that are JSON objects: what they are, and which firmware they give away.
enum JSONLines {
    static func lineClass(of line: LineMembers) -> LineClass {
        if let type = line[.type]?.utf8 { return typed(type, line) }
        if line[.tsMs] != nil, line[.sensor] != nil { return .jsonSensor }
        if line[.loraInit] != nil { return .jsonLoRaInit }
        if isRadioHeader(line) { return .jsonLoRaReceived }
        if line[.sent] != nil { return .jsonSent }
        if line[.cloud] != nil { return .jsonCloud }
        if line[.wifiInit] != nil || line[.bleInit] != nil || line[.ble] != nil { return .jsonLink }
        if line[.side] != nil || line[.gateway] != nil, line[.status] != nil { return .jsonReady }
        if let ok = line[.ok]?.bool { return untypedAnswer(ok, line) }
        return line[.error] != nil ? .jsonErrorUntyped : .jsonOther
    }

    private static func isRadioHeader(_ line: LineMembers) -> Bool {
        guard line[.src]?.uint64 != nil, line[.seq]?.uint64 != nil, line[.type]?.uint64 != nil else { return false }
        return line[.tMs] != nil || line[.rx] != nil
    }

    private static func untypedAnswer(_ ok: Bool, _ line: LineMembers) -> LineClass {
        if !ok { return .jsonResponseError }
        return line[.hello] != nil ? .jsonHello : .jsonResponseOK
    }

    private static func typed(_ type: UnsafeBufferPointer<UInt8>, _ line: LineMembers) -> LineClass {
        let key = ByteKey(type)
        switch key {
        case "boot": return .jsonBoot
        case "tele": return .jsonTele
        default: break
        }
        let isWrapped = line[.data]?.isObject == true
        switch key {
        case "telemetry":
            if isWrapped { return .jsonTelemetryWrapped }
            return line[.firmware] != nil ? .jsonStatusAsTelemetry : .jsonTelemetry
        case "ack": return isWrapped ? .jsonAckWrapped : .jsonAck
        case "err", "error": return isWrapped ? .jsonErrorWrapped : .jsonError
        case "periph_list": return line[.devices] != nil ? .jsonPeripheralsAlternative : .jsonPeripherals
        case "status" where !isWrapped: return .jsonStatus
        case "device_identity" where !isWrapped: return .jsonIdentity
        default: return type.starts(with: "scope".utf8) ? .jsonScope : .jsonResponse
        }
    }

    /// The generation, and whether it is beyond doubt.
    static func evidence(_ line: LineMembers, _ lineClass: LineClass) -> (generation: LineGeneration, isStrong: Bool)? {
        switch lineClass {
        case .jsonSensor, .jsonInvalidNaN: (.g1, true)
        case .jsonBoot, .jsonHello: firmware(line).map { ($0, true) }
        case .jsonTele: (line[.bme688Count] != nil ? .g4 : .g3, true)
        case .jsonTelemetryWrapped, .jsonStatus, .jsonAckWrapped: (.g2, true)
        case .jsonTelemetry: telemetry(line)
        case .jsonStatusAsTelemetry: (.g5, true)
        case .jsonError: (line[.cmd] != nil ? .g5 : .g2, false)
        case .jsonScope: (.g3, false)
        case .jsonPeripheralsAlternative: (.g5, true)
        case .jsonErrorUntyped: (line[.cmd] != nil ? .g6 : .g8, false)
        case .jsonLoRaInit: (.g8, false)
        case .jsonLoRaReceived, .jsonLoRaRepeated: (.g8, true)
        case .jsonReady: (line[.side]?.string == "gateway" || line[.gateway] != nil ? .g8 : .g9, true)
        case .jsonLink, .jsonCloud: (.g9, false)
        default: nil
        }
    }

    private static func firmware(_ line: LineMembers) -> LineGeneration? {
        let name = line[.hello]?.string?.lowercased() ?? ""
        if name.contains("bsec2") { return .g4 }
        if name.contains("dualmode") { return line[.version]?.string == "1.2.0" ? .g6 : .g3 }
        if line[.bme688Count] != nil { return .g4 }
        return line[.type] == nil ? .g6 : nil
    }

    private static func telemetry(_ line: LineMembers) -> (LineGeneration, Bool) {
        if line[.ai1Voltage] != nil || line[.i2cAddresses] != nil { return (.g2, true) }
        if line[.optxActive] != nil || line[.led] != nil { return (.g5, true) }
        return (.g6, false)
    }
}
