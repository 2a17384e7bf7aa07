internal import CLinux
internal import Glibc

/// What a machine can tell of the time, read afresh with every call. A value, so that tests can be the machine.
public struct MachineClock: Sendable {
    /// Milliseconds since 1970 by the system's clock, whatever it is worth.
    public var wall: @Sendable () -> Int64
    /// Milliseconds since the machine booted (CLOCK_BOOTTIME).
    public var monotonic: @Sendable () -> Int64
    /// Whether the kernel calls its clock synchronised.
    public var isSynchronized: @Sendable () -> Bool
    /// Milliseconds since 1970 by the battery-backed clock; nil if there is none.
    public var battery: @Sendable () -> Int64?
    /// Whether the machine is a virtual one without a clock of its own, which starts with its host's.
    public var isGuest: Bool

    public init(
        wall: @escaping @Sendable () -> Int64, monotonic: @escaping @Sendable () -> Int64,
        isSynchronized: @escaping @Sendable () -> Bool = { false }, battery: @escaping @Sendable () -> Int64? = { nil },
        isGuest: Bool = false
    ) {
        self.wall = wall
        self.monotonic = monotonic
        self.isSynchronized = isSynchronized
        self.battery = battery
        self.isGuest = isGuest
    }

    /// This machine.
    public static func own() -> MachineClock {
        MachineClock(
            wall: { milliseconds(CLOCK_REALTIME) }, monotonic: { milliseconds(CLOCK_BOOTTIME) },
            isSynchronized: {
                var state = timex()
                return isSynchronized(answer: adjtimex(&state), status: state.status)
            },
            battery: {
                // Whole seconds, so the middle of the one it tells.
                text(of: "/sys/class/rtc/rtc0/since_epoch").flatMap { Int64($0) }.map { $0 * 1_000 + 500 }
            },
            isGuest: isVirtual)
    }

    /// What `adjtimex` answers: below zero it was not allowed to look, and says nothing.
    static func isSynchronized(answer: Int32, status: Int32) -> Bool {
        answer >= 0 && answer != TIME_ERROR && status & STA_UNSYNC == 0
    }

    private static var isVirtual: Bool {
        if access("/sys/hypervisor/type", F_OK) == 0 || access("/proc/device-tree/hypervisor", F_OK) == 0 {
            return true
        }
        return text(of: "/proc/cpuinfo", byteCountMax: 8_192)?.contains("hypervisor") ?? false
    }

    private static func milliseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// The beginning of a small file of the kernel's, without the newline at its end; nil if it cannot be read.
    private static func text(of path: String, byteCountMax: Int = 64) -> Substring? {
        let file = clinux_open(path, O_RDONLY | O_CLOEXEC, 0)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: byteCountMax)
        let count = read(file, &bytes, bytes.count)
        guard count > 0 else { return nil }
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        return text.hasSuffix("\n") ? text.dropLast() : text[...]
    }
}
