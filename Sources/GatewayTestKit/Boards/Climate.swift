/// The air around a simulated sensor: a slow random walk within what a BME688 measures.
public struct Climate: Sendable {
    /// Degrees Celsius, percent, hectopascal and ohm, as 32-bit floats like the firmware's.
    public private(set) var temperature: Float = 22.4
    public private(set) var humidity: Float = 51.2
    public private(set) var pressure: Float = 1013.3
    public private(set) var gas: Float = 48_321

    /// Raw 12-bit counts of the analog inputs.
    public private(set) var counts: [Int] = [1_204, 0, 4_095, 733]

    mutating func step(using random: inout SeededRandom) {
        func walked(_ value: Float, _ step: Float, _ range: ClosedRange<Float>) -> Float {
            min(max(value + Float.random(in: -step...step, using: &random), range.lowerBound), range.upperBound)
        }
        temperature = walked(temperature, 0.1, 15...30)
        humidity = walked(humidity, 0.3, 30...95)
        pressure = walked(pressure, 0.05, 980...1040)
        gas = walked(gas, 200, 10_000...120_000).rounded()
        counts[0] = min(max(counts[0] + random.integer(in: -4...4), 0), 4_095)
        counts[3] = min(max(counts[3] + random.integer(in: -2...2), 0), 4_095)
    }

    /// A 32-bit float as ArduinoJson prints it after widening: up to seven decimals, so that 22.4 reads 22.3999996.
    static func text(_ value: Float) -> String { "\((Double(value) * 1e7).rounded() / 1e7)" }
}
