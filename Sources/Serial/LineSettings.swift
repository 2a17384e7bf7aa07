internal import CLinux
internal import Glibc

/// How a port is set: always 8 data bits, no flow control, raw in both directions.
public struct LineSettings: Sendable, Equatable {
    /// What opening does to the two outputs that many boards wire to reset and boot mode.
    public enum ModemLines: Sendable, Equatable {
        /// Left as the driver of the port sets them: Linux raises DTR and RTS together when a port is opened.
        case unchanged
        /// Set in one step, so that a board never sees only one of them change.
        case set(dtr: Bool, rts: Bool)
    }

    /// A bit that tells whether a byte was damaged on its way; bytes that fail the check are dropped by the kernel.
    public enum Parity: String, CaseIterable, Sendable { case none, even, odd }

    /// Bits after each byte.
    public enum StopBits: String, CaseIterable, Sendable {
        case one = "1"
        case two = "2"
    }

    /// Bits a second; a standard speed from 300 to 4,000,000.
    public var baud: Int
    public var parity: Parity
    public var stopBits: StopBits
    public var modemLines: ModemLines

    public init(
        baud: Int = 115_200, parity: Parity = .none, stopBits: StopBits = .one, modemLines: ModemLines = .unchanged
    ) {
        self.baud = baud
        self.parity = parity
        self.stopBits = stopBits
        self.modemLines = modemLines
    }

    /// The same at another speed, with the outputs left alone.
    func at(baud: Int) -> LineSettings { LineSettings(baud: baud, parity: parity, stopBits: stopBits) }

    /// Whether Linux knows this speed by name.
    public static func isStandard(baud: Int) -> Bool { speed(of: baud) != nil }

    static func speed(of baud: Int) -> speed_t? { speeds.first { $0.baud == baud }.map { speed_t($0.code) } }

    private static let speeds: [(baud: Int, code: Int32)] = [
        (300, B300), (600, B600), (1_200, B1200), (2_400, B2400), (4_800, B4800), (9_600, B9600), (19_200, B19200),
        (38_400, B38400), (57_600, B57600), (115_200, B115200), (230_400, B230400), (460_800, B460800),
        (500_000, B500000), (576_000, B576000), (921_600, B921600), (1_000_000, B1000000), (1_152_000, B1152000),
        (1_500_000, B1500000), (2_000_000, B2000000), (2_500_000, B2500000), (3_000_000, B3000000),
        (3_500_000, B3500000), (4_000_000, B4000000),
    ]
}
