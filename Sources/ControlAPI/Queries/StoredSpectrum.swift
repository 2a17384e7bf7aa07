import FieldProtocols
import GatewayModel
import Journal

/// A spectrum as it is read back from the readings of one record, its channels by ascending wavelength.
struct StoredSpectrum: Sendable {
    /// A channel with what is known of it.
    struct Channel: Sendable, Equatable {
        var nanometres: Double
        var counts: Double?
        var calibrated: Double?
    }

    var seq: SequenceNumber
    var device: DeviceID
    var time: Timestamp
    private(set) var channels: [Channel] = []
    /// `integration`, `gain`, `saturated`, `dark`, `temperature` …
    private(set) var properties: [(name: String, reading: Reading)] = []
    private var counts: [Double: Double] = [:]
    private var calibrated: [Double: Double] = [:]
    private var pixels: [(Int, Double)] = []
    private var coefficients: [Int: Double] = [:]

    init(_ row: ReadingRow) {
        seq = row.seq
        device = row.device
        time = row.time
    }

    /// Whether there is anything to show.
    var isEmpty: Bool { channels.isEmpty }

    mutating func add(_ channel: SpectrumChannel, _ reading: Reading) {
        guard case .number(let value) = reading.value else {
            if case .property(let name) = channel { properties.append((name, reading)) }
            return
        }
        switch channel {
        case .counts(let nanometres): counts[nanometres] = value
        case .calibrated(let nanometres): calibrated[nanometres] = value
        case .pixel(let pixel): pixels.append((pixel, value))
        case .coefficient(let power): coefficients[power] = value
        case .property(let name): properties.append((name, reading))
        }
    }

    /// All readings of the record have been added.
    mutating func finish() {
        for (pixel, value) in pixels { counts[wavelength(of: pixel)] = value }
        let wavelengths = Set(counts.keys).union(calibrated.keys).sorted()
        channels = wavelengths.map { Channel(nanometres: $0, counts: counts[$0], calibrated: calibrated[$0]) }
        counts = [:]
        calibrated = [:]
        pixels = []
    }

    private func wavelength(of pixel: Int) -> Double {
        var value = 0.0
        for power in (0...(coefficients.keys.max() ?? 0)).reversed() {
            value = value * Double(pixel) + (coefficients[power] ?? 0)
        }
        return (value * 100).rounded() / 100
    }
}

/// Gathers the readings of a device into spectra; they come record by record.
struct SpectrumGathering {
    /// Names are looked at once, not for each of a million readings.
    private var known: [MetricName: SpectrumChannel?] = [:]
    private var open: StoredSpectrum?

    /// Adds a reading; returns the spectrum before, if this one begins another record.
    mutating func add(_ row: ReadingRow) -> StoredSpectrum? {
        let channel: SpectrumChannel?
        if let found = known[row.reading.metric] {
            channel = found
        } else {
            channel = SpectrumChannel(metric: row.reading.metric.text)
            known[row.reading.metric] = channel
        }
        var finished: StoredSpectrum?
        if open?.seq != row.seq { finished = finish() }
        guard let channel else { return finished }
        if open == nil { open = StoredSpectrum(row) }
        open?.add(channel, row.reading)
        return finished
    }

    /// The last spectrum.
    mutating func finish() -> StoredSpectrum? {
        guard var spectrum = open else { return nil }
        open = nil
        spectrum.finish()
        return spectrum.isEmpty ? nil : spectrum
    }
}
