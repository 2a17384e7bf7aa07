internal import GatewayModel

/// The metric names of one sensor of a board whose raw data is imported.
struct BMERawMetrics: Sendable {
    let temperature: MetricName
    let humidity: MetricName
    let pressure: MetricName
    let gas: MetricName
    let profile: MetricName
    let heater: MetricName
    let step: MetricName
    let cycle: MetricName
    let scanning: MetricName
    let label: MetricName
    let error: MetricName

    /// Nil if the site's table of names is full.
    static func of(sensor index: Int) -> BMERawMetrics? {
        func name(_ last: String) -> MetricName? { MetricName("bme_\(index).\(last)") }
        guard let temperature = name("temperature"), let humidity = name("humidity"), let pressure = name("pressure"),
            let gas = name("gas_resistance"), let profile = name("heater_profile"),
            let heater = name("heater_temperature"), let step = name("heater_step"),
            let cycle = name("scanning_cycle"), let scanning = name("scanning_enabled"), let label = name("label_tag"),
            let error = name("error_code")
        else { return nil }
        return BMERawMetrics(
            temperature: temperature, humidity: humidity, pressure: pressure, gas: gas, profile: profile,
            heater: heater, step: step, cycle: cycle, scanning: scanning, label: label, error: error)
    }
}
