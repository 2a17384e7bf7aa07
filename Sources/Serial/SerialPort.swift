internal import CLinux
internal import Glibc

/// An open serial port, or the slave side of a pseudo terminal, held exclusively.
///
/// Opening must not reset a board. Linux raises DTR and RTS together when a port is first opened, which the two-transistor
/// reset circuit of ESP32 boards ignores; with HUPCL cleared our closing, or our being killed, does not drop them, so that
/// the next opening changes nothing at all. An Arduino that resets on the rising edge of DTR does so once after plugging in.
// One thread opens a port, another may use it afterwards; never two at a time, which the owner (a poll loop) sees to.
public final class SerialPort: @unchecked Sendable {
    /// The path it was opened by.
    public let path: String
    /// What the path led to when it was opened, such as `/dev/ttyACM0`.
    public let resolvedPath: String
    /// The device number, the same for every path to one port.
    public let deviceNumber: UInt64
    /// What a poll loop waits for; -1 once closed. Neither reading nor writing ever blocks.
    public private(set) var fileDescriptor: Int32
    private let settings: LineSettings

    /// Opens and sets the port; may take seconds if the adapter behind it hangs.
    ///
    /// - Throws: `SerialError`: `gone`, `busy`, `permission`, `notATerminal`, `baudRefused` or `failed`.
    public init(opening path: String, settings: LineSettings = LineSettings()) throws(SerialError) {
        let flags = O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC
        let descriptor = clinux_open(path, flags, 0)
        guard descriptor >= 0 else { throw SerialError(errno: errno, call: "open", path: path) }
        self.path = path
        self.settings = settings
        self.resolvedPath = PortPath.resolve(path) ?? path
        self.fileDescriptor = descriptor
        do {
            deviceNumber = try Self.claim(descriptor, path: path)
            try Self.apply(settings, to: descriptor, path: path)
        } catch {
            _ = Glibc.close(descriptor)
            throw error
        }
    }

    deinit { close() }

    /// Reads what is waiting into `buffer` and returns how many bytes that were; 0 if nothing waits.
    ///
    /// - Throws: `SerialError.gone` once the other side is no longer there.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(SerialError) -> Int {
        guard buffer.count > 0 else { return 0 }
        let count = Glibc.read(fileDescriptor, buffer.baseAddress, buffer.count)
        if count > 0 { return count }
        // With VMIN 1 an idle port answers EAGAIN; 0 bytes are the end of a port that was hung up.
        if count == 0 { throw .gone(path: path) }
        return try idleOrError("read")
    }

    /// Hands over as many of `bytes` as are taken now and returns how many that were; 0 if none.
    ///
    /// - Throws: `SerialError.gone` once the other side is no longer there.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(SerialError) -> Int {
        guard bytes.count > 0 else { return 0 }
        let count = Glibc.write(fileDescriptor, bytes.baseAddress, bytes.count)
        return count >= 0 ? count : try idleOrError("write")
    }

    /// Goes on at another speed; what is still being sent may be damaged by it.
    ///
    /// - Throws: `SerialError.baudRefused` if the speed is none, or none of this port.
    public func set(baud: Int) throws(SerialError) {
        try Self.apply(settings.at(baud: baud), to: fileDescriptor, path: path)
    }

    /// Sets DTR and RTS in one step.
    public func setModemLines(dtr: Bool, rts: Bool) throws(SerialError) {
        try Self.setModemLines(dtr: dtr, rts: rts, of: fileDescriptor, path: path)
    }

    /// Closes at once: what was not sent yet is thrown away, since Linux would wait up to 30 s for a port that hangs.
    public func close() {
        guard fileDescriptor >= 0 else { return }
        tcflush(fileDescriptor, TCOFLUSH)
        _ = Glibc.close(fileDescriptor)
        fileDescriptor = -1
    }

    private func idleOrError(_ call: String) throws(SerialError) -> Int {
        let number = errno
        if number == EAGAIN || number == EINTR { return 0 }
        throw SerialError(errno: number, call: call, path: path)
    }
}
