/// The lines that are not JSON: what they are, and which firmware they give away.
enum TextLines {
    static func lineClass(of line: ByteText) -> LineClass {
        // What comes most stands first.
        if line.hasPrefix("AMB addr=") || line.hasPrefix("ENV addr=") {
            return LegacySensorLine(line).hasNaN ? .legacySensorLineWithNaN : .legacySensorLine
        }
        if line.hasPrefix("[BIO]") { return .fciBioLine }
        if line.hasPrefix("[CAL]") { return .fciCalibrationLine }
        if line.hasPrefix("[WS]") { return .linkText }
        if line.hasPrefix("[READY]") || line.hasPrefix("Ready!") { return .bannerReady }
        if line.hasPrefix("[INIT] Device ID:") { return .bannerDeviceID }
        if line.hasPrefix("MAC: ") { return .bannerMAC }
        if line.hasPrefix("Firmware: ") { return .bannerFirmware }
        if line.hasPrefix("found: 0x") { return .i2cFound }
        if line.hasPrefix("Unknown cmd") { return .cliError }
        if line.hasPrefix("AMB: present=") || line.hasPrefix("ENV: present=") { return .statusLine }
        return .noise
    }

    /// A banner names its firmware beyond doubt.
    static func generation(of line: ByteText, _ lineClass: LineClass) -> LineGeneration? {
        switch lineClass {
        case .fciBioLine, .fciCalibrationLine, .bannerDeviceID: return .g10
        case .legacySensorLine, .legacySensorLineWithNaN, .statusLine: return .g1
        case .noise: break
        default: return nil
        }
        for (text, generation) in banners where line.contains(text) { return generation }
        return nil
    }

    private static let banners: [(StaticString, LineGeneration)] = [
        ("SuperMorgIO", .g1), ("ESP32AB A-SIDE", .g1), ("MycoBrain Side-A Production", .g2),
        ("MycoBrain Side-A (Dual Mode)", .g3), ("MycoBrain Side-A (BSEC2", .g4),
        ("MycoBrain Science Communications", .g5), ("MycoBrain Side-B", .g7), ("MycoBrain FCI", .g10),
    ]
}
