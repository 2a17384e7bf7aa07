internal import GatewayModel

/// How a spectrum was taken, as readings beside its channels.
enum SpectrumProperties {
    private static let integration = MetricName(known: "spectrum.integration")
    private static let gain = MetricName(known: "spectrum.gain")
    private static let saturated = MetricName(known: "spectrum.saturated")
    private static let dark = MetricName(known: "spectrum.dark")
    private static let darkTaken = MetricName(known: "spectrum.dark_taken")
    private static let linear = MetricName(known: "spectrum.linear")
    private static let lamp = MetricName(known: "spectrum.lamp")
    private static let clear = MetricName(known: "spectrum.clear")
    private static let temperatures = [
        MetricName(known: "spectrum.temperature"), MetricName(known: "spectrum.temperature_2"),
        MetricName(known: "spectrum.temperature_3"),
    ]

    static func append(_ spectrum: Spectrum, isSaturated: Bool?, to batch: inout ObservationBatch) {
        if let clear = spectrum.clear { batch.append(Reading(Self.clear, .number(clear), unit: .one)) }
        if let milliseconds = spectrum.integration {
            batch.append(Reading(integration, .number(milliseconds), unit: .millisecond))
        }
        if let gain = spectrum.gain { batch.append(Reading(Self.gain, .number(gain), unit: .one)) }
        if let isSaturated { batch.append(Reading(saturated, .flag(isSaturated))) }
        batch.append(Reading(dark, .text(spectrum.dark.rawValue)))
        if let taken = spectrum.darkTaken { batch.append(Reading(darkTaken, .text(RFC3339.text(taken)))) }
        if let isLinear = spectrum.isLinear { batch.append(Reading(linear, .flag(isLinear))) }
        if let lamp = spectrum.lamp { batch.append(Reading(Self.lamp, .flag(lamp))) }
        for (metric, celsius) in zip(temperatures, spectrum.temperatures) {
            batch.append(Reading(metric, .number(celsius), unit: .celsius))
        }
    }
}
