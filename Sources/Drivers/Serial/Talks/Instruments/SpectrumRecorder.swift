import FieldProtocols
import GatewayModel

/// Turns the spectra of one instrument into observations, and takes its dark frame off them.
struct SpectrumRecorder {
    var device: DeviceName
    private(set) var axis: SpectrumAxis?
    /// Of the converter: counts less the dark frame, divided by the polynomial's value there, are proportional to light.
    /// Nil if nobody wants that done.
    var nonlinearity: [Double]?
    private let frames: DarkFrames
    private var darkFrame: DarkFrame?
    private var isDarkWanted = false

    init(device: DeviceName, frames: DarkFrames = .none) {
        self.device = device
        self.frames = frames
    }

    /// The channels from now on; nil if the site has no room for their names. A dark frame of other channels is dropped.
    mutating func use(_ axis: SpectrumAxis?) {
        if axis != self.axis {
            darkFrame = axis.flatMap { axis in
                frames.kept(device.id).flatMap { $0.wavelengths == axis.wavelengths ? $0 : nil }
            }
        }
        self.axis = axis
    }

    /// The next spectrum is taken for the dark frame, which is subtracted from those after it.
    mutating func wantDark() { isDarkWanted = true }

    mutating func clearDark() {
        darkFrame = nil
        isDarkWanted = false
        frames.keep(device.id, nil)
    }

    /// Adds an observation of the spectrum. False if its channels are not those of the axis.
    mutating func record(_ spectrum: Spectrum, at now: ReceiveTime, into batch: inout ObservationBatch) -> Bool {
        guard let axis else { return false }
        var spectrum = spectrum
        // Whether a channel was full shows before the dark frame is taken off.
        let isSaturated = spectrum.isSaturated
        if isDarkWanted, !spectrum.counts.isEmpty {
            keepDark(spectrum, axis, now)
            spectrum.dark = .frame
        } else if let frame = darkFrame, frame.integration == spectrum.integration, frame.gain == spectrum.gain {
            if !spectrum.counts.isEmpty, spectrum.subtract(frame.counts) {
                spectrum.darkTaken = frame.taken.milliseconds
            }
        }
        if let nonlinearity {
            spectrum.isLinear = spectrum.dark == .subtracted && spectrum.linearize(by: nonlinearity)
        }
        guard axis.append(spectrum, isSaturated: isSaturated, to: &batch) else { return false }
        batch.append(Observation(device: device, received: now, source: .serial))
        return true
    }

    private mutating func keepDark(_ spectrum: Spectrum, _ axis: SpectrumAxis, _ now: ReceiveTime) {
        let frame = DarkFrame(
            wavelengths: axis.wavelengths, counts: spectrum.counts, integration: spectrum.integration,
            gain: spectrum.gain, taken: now.wall)
        isDarkWanted = false
        darkFrame = frame
        frames.keep(device.id, frame)
    }
}
