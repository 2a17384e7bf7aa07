public import GatewayModel

/// Turns the rows of a `.bmerawdata` file into observations of the board that wrote it.
///
/// A gas value without profile and step means nothing, so each row carries `bme_N.heater_profile`, `bme_N.heater_step` and
/// `bme_N.scanning_cycle` beside `bme_N.gas_resistance`; N is the sensor's index on the board.
public struct BMERawReadings: Sendable {
    /// Sensors of a board; the name table must not grow with what a file claims.
    public static let sensorCountMax = 64

    private let file: BMERawFile
    /// Unix milliseconds at which the board was switched on, as far as its rows tell.
    private var switchedOn: Int64?

    public init(_ file: BMERawFile) { self.file = file }

    /// `bme-` and the board's id in lower case; nil if that cannot name a device.
    public static func device(of file: BMERawFile) -> DeviceID? {
        file.boardID.isEmpty ? nil : DeviceID("bme-" + file.boardID.lowercased())
    }

    /// What tells one run of a board from all others.
    public var run: String {
        [file.boardID, file.seed, String(file.powerCount)].map { $0.prefix(32) }.joined(separator: ":")
    }

    /// What tells a row from all others, wherever it comes from: the run, and sensor, time and step within it.
    public func identity(of row: BMERawRow) -> String {
        let parts: [String] = [
            row.sensorIndex.map { String($0) } ?? "-", row.sincePowerOn.map { String($0) } ?? "-",
            row.heaterStep.map { String($0) } ?? "-",
        ]
        return "bmerawdata:" + run + ":" + parts.joined(separator: ":")
    }

    /// Takes note of a row that is there already: times of those after it may hang on its clock.
    public mutating func skip(_ row: BMERawRow) { _ = time(of: row) }

    /// When a row was measured: the board's clock counts whole seconds, its time since power-on milliseconds.
    public mutating func time(of row: BMERawRow) -> Int64? {
        guard let clock = row.clock else { return nil }
        guard let sincePowerOn = row.sincePowerOn else { return clock * 1_000 }
        let apparent = clock * 1_000 - sincePowerOn
        // Set anew where the clock was set meanwhile.
        if let known = switchedOn, (known - apparent).magnitude <= 2_000 { return known + sincePowerOn }
        switchedOn = apparent
        return clock * 1_000
    }

    /// Adds the observation of a row. False, and nothing is added, if the row has no sensor or no value.
    public mutating func append(
        _ row: BMERawRow, of device: DeviceName, at now: ReceiveTime, to batch: inout ObservationBatch
    ) -> Bool {
        guard let index = row.sensorIndex, index < Self.sensorCountMax, let names = BMERawMetrics.of(sensor: index)
        else { return false }
        appendValues(row, names, &batch)
        guard !batch.openReadings.isEmpty else { return false }
        var observation = Observation(device: device, received: now, source: .http)
        if let time = time(of: row) { observation.deviceTime = Timestamp(milliseconds: time, trusted: true) }
        var id = identity(of: row)
        id.withUTF8 { batch.append(observation, messageID: $0) }
        return true
    }

    private func appendValues(_ row: BMERawRow, _ names: BMERawMetrics, _ batch: inout ObservationBatch) {
        func number(_ metric: MetricName, _ value: Double?, _ unit: Unit, _ quality: Quality = .ok) {
            if let value { batch.append(Reading(metric, .number(value), unit: unit, quality: quality)) }
        }
        let quality: Quality = (row.errorCode ?? 0) > 0 ? .warn : .ok
        number(names.temperature, row.celsius, .celsius, quality)
        number(names.humidity, row.humidityPercent, .percent, quality)
        number(names.pressure, row.hectopascal, .hectopascal, quality)
        number(names.gas, row.gasOhm, .ohm, quality)
        if let profile = row.sensorIndex.flatMap({ file.profilesBySensor[$0] }) {
            batch.append(Reading(names.profile, .text(String(profile.prefix(64)))))
            if let step = row.heaterStep, let steps = file.heaterProfiles[profile], step < steps.count {
                number(names.heater, steps[step].celsius, .celsius)
            }
        }
        number(names.step, row.heaterStep.map(Double.init), .one)
        number(names.cycle, row.scanningCycle.map(Double.init), .one)
        if let isScanning = row.isScanning { batch.append(Reading(names.scanning, .flag(isScanning))) }
        number(names.label, row.labelTag.map(Double.init), .one)
        number(names.error, row.errorCode.map(Double.init), .one)
    }
}
