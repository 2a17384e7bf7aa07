import FieldProtocols
import GatewayModel

/// Turns the spectra of one instrument into observations, and keeps its dark frame while the port is open.
struct SpectrumRecorder {
    var device: DeviceName
    private(set) var axis: SpectrumAxis?
    private var darkFrame: [Double]?
    private var isDarkWanted = false

    init(device: DeviceName) { self.device = device }

    /// The channels from now on; nil if the site has no room for their names. A dark frame of other channels is dropped.
    mutating func use(_ axis: SpectrumAxis?) {
        if axis != self.axis { darkFrame = nil }
        self.axis = axis
    }

    /// The next spectrum is taken for the dark frame, which is subtracted from those after it.
    mutating func wantDark() { isDarkWanted = true }

    mutating func clearDark() {
        darkFrame = nil
        isDarkWanted = false
    }

    /// Adds an observation of the spectrum. False if its channels are not those of the axis.
    mutating func record(_ spectrum: Spectrum, at now: ReceiveTime, into batch: inout ObservationBatch) -> Bool {
        guard let axis else { return false }
        var spectrum = spectrum
        // Whether a channel was full shows before the dark frame is taken off.
        let isSaturated = spectrum.isSaturated
        if isDarkWanted, !spectrum.counts.isEmpty {
            darkFrame = spectrum.counts
            isDarkWanted = false
            spectrum.dark = .frame
        } else if let darkFrame, !spectrum.counts.isEmpty {
            _ = spectrum.subtract(darkFrame)
        }
        guard axis.append(spectrum, isSaturated: isSaturated, to: &batch) else { return false }
        batch.append(Observation(device: device, received: now, source: .serial))
        return true
    }
}
