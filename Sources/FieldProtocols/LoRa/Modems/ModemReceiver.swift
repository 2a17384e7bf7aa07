/// Puts the lines of a modem together to packets: some dialects tell signal and content on two lines.
public struct ModemReceiver: Sendable {
    public let dialect: ModemDialect
    private var signal: (byteCount: Int?, rssi: Double, snr: Double)?

    public init(_ dialect: ModemDialect) { self.dialect = dialect }

    /// Reads one line. A line with the signal alone gives `signal`, and the content after it a whole `packet`; a content
    /// without its signal is a damaged line, since it may be part of anything.
    public mutating func read(_ line: UnsafeRawBufferPointer) throws(LoRaError) -> ModemLine {
        let read = try dialect.read(line)
        switch read {
        case .signal(let byteCount, let rssi, let snr): signal = (byteCount, rssi, snr)
        case .content(let bytes):
            defer { signal = nil }
            guard let signal else { throw LoRaError(.malformedLine) }
            if let count = signal.byteCount, count != bytes.count { throw LoRaError(.sizeMismatch) }
            return .packet(ModemPacket(bytes, rssi: signal.rssi, snr: signal.snr))
        case .other: break
        default: signal = nil
        }
        return read
    }
}
