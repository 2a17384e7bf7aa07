internal import CLinux
internal import Glibc

extension SerialPort {
    /// Makes sure that nobody else uses the port and returns its device number.
    static func claim(_ descriptor: Int32, path: String) throws(SerialError) -> UInt64 {
        var attributes = stat()
        guard fstat(descriptor, &attributes) == 0 else { throw SerialError(errno: errno, call: "fstat", path: path) }
        guard attributes.st_mode & S_IFMT == S_IFCHR, isatty(descriptor) == 1 else { throw .notATerminal(path: path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw SerialError(errno: errno, call: "flock", path: path)
        }
        // TIOCEXCL keeps out programs that know nothing of locks. Not on a pseudo terminal: there the flag outlives the
        // process, and a daemon that was killed could never open it again.
        if !PortPath.isPseudoTerminal(device: UInt64(attributes.st_rdev)),
            clinux_ioctl_none(descriptor, UInt(TIOCEXCL)) != 0
        {
            throw SerialError(errno: errno, call: "TIOCEXCL", path: path)
        }
        return UInt64(attributes.st_rdev)
    }

    static func apply(_ settings: LineSettings, to descriptor: Int32, path: String) throws(SerialError) {
        guard let speed = LineSettings.speed(of: settings.baud) else {
            throw .baudRefused(path: path, baud: settings.baud)
        }
        var attributes = termios()
        guard tcgetattr(descriptor, &attributes) == 0 else {
            throw SerialError(errno: errno, call: "tcgetattr", path: path)
        }
        let wasRaw = attributes.c_lflag & tcflag_t(ICANON) == 0
        cfmakeraw(&attributes)
        attributes.c_iflag |= tcflag_t(IGNBRK)
        attributes.c_iflag &= ~tcflag_t(INPCK | IXOFF | IXANY)
        attributes.c_cflag |= tcflag_t(CLOCAL | CREAD)
        attributes.c_cflag &= ~tcflag_t(HUPCL | CSTOPB | PARENB | PARODD) & ~tcflag_t(CRTSCTS)
        if settings.stopBits == .two { attributes.c_cflag |= tcflag_t(CSTOPB) }
        if settings.parity != .none {
            attributes.c_cflag |= tcflag_t(PARENB)
            attributes.c_iflag |= tcflag_t(INPCK | IGNPAR)
        }
        if settings.parity == .odd { attributes.c_cflag |= tcflag_t(PARODD) }
        withUnsafeMutableBytes(of: &attributes.c_cc) { characters in
            characters[Int(VMIN)] = 1
            characters[Int(VTIME)] = 0
        }
        cfsetispeed(&attributes, speed)
        cfsetospeed(&attributes, speed)
        guard tcsetattr(descriptor, TCSANOW, &attributes) == 0 else {
            throw SerialError(errno: errno, call: "tcsetattr", path: path)
        }
        // Bytes that came through line editing are not what the board sent; bytes that waited in a raw port are.
        if !wasRaw { tcflush(descriptor, TCIFLUSH) }
        var result = termios()
        guard tcgetattr(descriptor, &result) == 0 else {
            throw SerialError(errno: errno, call: "tcgetattr", path: path)
        }
        guard cfgetospeed(&result) == speed else { throw .baudRefused(path: path, baud: settings.baud) }
        if case .set(let dtr, let rts) = settings.modemLines {
            try setModemLines(dtr: dtr, rts: rts, of: descriptor, path: path)
        }
    }

    static func setModemLines(dtr: Bool, rts: Bool, of descriptor: Int32, path: String) throws(SerialError) {
        var lines: Int32 = 0
        guard clinux_ioctl_int(descriptor, UInt(TIOCMGET), &lines) == 0 else {
            throw SerialError(errno: errno, call: "TIOCMGET", path: path)
        }
        lines = dtr ? lines | Int32(TIOCM_DTR) : lines & ~Int32(TIOCM_DTR)
        lines = rts ? lines | Int32(TIOCM_RTS) : lines & ~Int32(TIOCM_RTS)
        guard clinux_ioctl_int(descriptor, UInt(TIOCMSET), &lines) == 0 else {
            throw SerialError(errno: errno, call: "TIOCMSET", path: path)
        }
    }
}
