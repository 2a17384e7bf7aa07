/// At how many bits a second an Ocean spectrometer is spoken to: at what it begins with, then at more once it has said who
/// it is and that it will follow. A device that is not heard at the one is looked for at the other.
struct OBPRate {
    /// What the device is set to when it is switched on.
    private let first: Int
    private let fast: Int
    private(set) var current: Int
    private var isRaising = false
    /// Raising was refused, or what came of it was not understood: not tried again while the port is open.
    private var isGivenUp = false
    /// The other one has just been tried in vain.
    private var isSecondTry = false

    /// - Parameter fast: nil, or no more than `first`, to stay where it is.
    init(_ first: Int, fast: Int?) {
        self.first = max(first, 300)
        self.fast = max(fast ?? 0, self.first)
        current = self.first
    }

    /// What the device shall be asked to go on with; nil if it is to stay as it is.
    var wanted: Int? { current < fast && !isGivenUp ? fast : nil }

    /// The device has said that it follows.
    mutating func raise() {
        current = fast
        isRaising = true
    }

    /// The device is heard at `current`.
    mutating func confirm() {
        isRaising = false
        isSecondTry = false
    }

    /// The device will not be asked again.
    mutating func giveUp() { isGivenUp = true }

    /// The device is not heard at `current`: true if it is to be tried at the other at once, false if that has been.
    mutating func change() -> Bool {
        guard fast > first else { return false }
        if isRaising { giveUp() }
        isRaising = false
        current = current == first ? fast : first
        isSecondTry.toggle()
        return isSecondTry
    }
}
