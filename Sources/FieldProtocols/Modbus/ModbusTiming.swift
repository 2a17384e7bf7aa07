/// The silences of Modbus RTU by speed (MODBUS over serial line V1.02, section 2.5.1.1). A character has 11 bits; above
/// 19200 baud the times stay what they are.
public enum ModbusTiming {
    /// The longest pause inside a frame, in microseconds, rounded to the nearest.
    public static func withinFrame(baud: Int) -> Int { baud > 19_200 ? 750 : rounded(33_000_000, 2 * baud) }

    /// The shortest silence between frames, in microseconds, rounded to the nearest.
    public static func betweenFrames(baud: Int) -> Int { baud > 19_200 ? 1_750 : rounded(77_000_000, 2 * baud) }

    private static func rounded(_ value: Int, _ divisor: Int) -> Int {
        divisor > 0 ? (value + divisor / 2) / divisor : 0
    }
}
