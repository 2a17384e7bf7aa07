internal import FieldProtocols

/// An STS: 1,024 pixels over the Ocean binary protocol, with a checksum on its spectra.
public struct OceanSpectrometer: BoardFirmware {
    public let serialNumber: String
    /// Garbage before answers, which may look like the beginning of a message.
    public var garbage: Double
    /// Answers with a flipped bit.
    public var corrupted: Double
    /// How often in a row it says that the answer comes later, before it comes.
    public var deferrals: Int
    /// What it does when it is told to go on at another speed.
    public var following: Following
    /// Bits a second that it is set to: at another speed it understands nothing.
    public private(set) var baud: Int
    private let firstBaud: Int
    private var lineBaud: Int?
    /// Set by the host.
    public private(set) var integrationMicroseconds: UInt32 = 100_000
    public private(set) var isLampOn = false
    public var interval: Duration { .seconds(3_600) }
    private var random: SeededRandom
    private var stream = OBPStream()
    private var spectra = 0

    /// What it does when it is told to go on at another speed.
    public enum Following: Sendable {
        case follows
        /// As a device that knows no other.
        case refuses
        /// Says that it will, and stays.
        case stays
        /// Follows, and the host never hears of it.
        case followsSilently
        /// Knows nothing of speeds, and answers nothing.
        case ignores
    }

    /// As an inspection sheet has them.
    public static let coefficients: [Float] = [337.0215, 0.4609331, -1.83e-05, -1.02e-09]
    public static let pixelCount = 1_024
    /// Of its converter, which gives a little less the fuller it is.
    public static let nonlinearity: [Float] = [0.94, 5e-6]

    public init(
        serialNumber: String = "S05507", garbage: Double = 0, corrupted: Double = 0, deferrals: Int = 0,
        following: Following = .follows, baud: Int = 9_600, seed: UInt64 = 1
    ) {
        self.serialNumber = serialNumber
        self.garbage = garbage
        self.corrupted = corrupted
        self.deferrals = deferrals
        self.following = following
        self.baud = baud
        firstBaud = baud
        random = SeededRandom(seed: seed)
    }

    /// Says nothing until it is asked.
    public mutating func boot() -> [BoardOutput] {
        stream = OBPStream()
        baud = firstBaud
        return []
    }

    /// A line at another speed than its own carries nothing that it understands.
    public mutating func line(baud: Int) { lineBaud = baud }

    /// It measures on demand only.
    public mutating func measure(uptime: Duration) -> [BoardOutput] { [] }

    /// Answers each whole message.
    public mutating func receive(_ bytes: [UInt8], uptime: Duration) -> [BoardOutput] {
        guard lineBaud ?? baud == baud else { return [] }
        var frames: [OBPFrame] = []
        bytes.withUnsafeBytes { stream.receive($0) { if case .frame(let frame) = $0 { frames.append(frame) } } }
        return frames.flatMap { frame in
            defer { if frame.kind == .setBaudRate { follow(frame) } }
            let isUnheard = frame.kind == .setBaudRate && [.ignores, .followsSilently].contains(following)
            return isUnheard ? [] : answer(to: frame)
        }
    }

    /// After it has answered, at the speed before.
    private mutating func follow(_ question: OBPFrame) {
        guard following == .follows || following == .followsSilently, let wanted = question.u32 else { return }
        baud = Int(wanted)
    }

    private mutating func answer(to question: OBPFrame) -> [BoardOutput] {
        var output: [BoardOutput] = []
        let isSpectrum = question.kind == .correctedSpectrum || question.kind == .rawSpectrum
        if isSpectrum {
            for _ in 0..<deferrals {
                let later = reply(question, flags: [.response, .refused], error: OBPRefusal.deferred.rawValue)
                output.append(BoardOutput(.talk, later.wire))
            }
        }
        var bytes = made(question).wire
        var kind = BoardOutput.Kind.talk
        if isSpectrum { kind = .telemetry(seq: nil) }
        if random.chance(corrupted) {
            bytes[random.integer(in: 0...bytes.count - 1)] ^= 0x10
            kind = isSpectrum ? .corrupted(seq: nil) : .talk
        }
        if random.chance(garbage) {
            output.append(BoardOutput(.talk, [0xC1, 0xC0, 0x00, 0x11] + random.bytes(random.integer(in: 1...90))))
        }
        return output + [BoardOutput(kind, bytes)]
    }

    private func reply(_ question: OBPFrame, flags: OBPFrame.Flags, error: UInt16 = 0) -> OBPFrame {
        OBPFrame(type: question.type, flags: flags, error: error, regarding: question.regarding)
    }

    private mutating func made(_ question: OBPFrame) -> OBPFrame {
        var answer = reply(question, flags: .response)
        switch question.kind {
        case .serialNumber: answer.immediate = Array(serialNumber.utf8)
        case .wavelengthCount: answer.immediate = [UInt8(Self.coefficients.count)]
        case .wavelengthCoefficient:
            let index = Int(question.u8 ?? 255)
            guard index < Self.coefficients.count else { return refusal(question, .badData) }
            answer.immediate = withUnsafeBytes(of: Self.coefficients[index].bitPattern.littleEndian, Array.init)
        case .integration: answer.immediate = withUnsafeBytes(of: integrationMicroseconds.littleEndian, Array.init)
        case .setIntegration:
            guard let value = question.u32, (10...85_000_000).contains(value) else {
                return refusal(question, .badData)
            }
            integrationMicroseconds = value
            answer.flags = [.response, .acknowledged]
        case .nonlinearityCount: answer.immediate = [UInt8(Self.nonlinearity.count)]
        case .nonlinearityCoefficient:
            let index = Int(question.u8 ?? 255)
            guard index < Self.nonlinearity.count else { return refusal(question, .badData) }
            answer.immediate = withUnsafeBytes(of: Self.nonlinearity[index].bitPattern.littleEndian, Array.init)
        case .setBaudRate:
            guard following != .refuses else { return refusal(question, .badData) }
            answer.flags = [.response, .acknowledged]
        case .setLamp:
            isLampOn = question.u8 == 1
            answer.flags = [.response, .acknowledged]
        case .correctedSpectrum, .rawSpectrum:
            answer.checksum = .md5
            answer.payload = spectrum()
        default: return refusal(question, .unknownType)
        }
        return answer
    }

    private func refusal(_ question: OBPFrame, _ refusal: OBPRefusal) -> OBPFrame {
        reply(question, flags: [.response, .refused], error: refusal.rawValue)
    }

    /// A line at pixel 512 over a floor; with each spectrum a little higher.
    private mutating func spectrum() -> [UInt8] {
        spectra += 1
        return (0..<Self.pixelCount).flatMap { pixel -> [UInt8] in
            let distance = Double(pixel - 512) / 60
            let count = UInt16(min(1_500 + 9_000 / (1 + distance * distance) + Double(spectra % 100), 16_383))
            return [UInt8(truncatingIfNeeded: count), UInt8(truncatingIfNeeded: count >> 8)]
        }
    }
}
