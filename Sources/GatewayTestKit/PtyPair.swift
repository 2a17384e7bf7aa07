import GatewayModel
import CLinux
import Glibc

/// A pseudo terminal standing in for a serial cable: the test holds the board's end, the gateway opens `path`.
public final class PtyPair: Sendable {
    /// The path of the gateway's end, `/dev/pts/N`.
    public let path: String
    private let board: Int32
    // While it is open, the board's end does not fail with EIO when the gateway closes its end.
    private let heldGatewayEnd: Int32?

    /// Whether the pair itself keeps the gateway's end open, and so cannot tell whether somebody listens.
    public enum GatewayEnd: Sendable {
        case held, free
    }

    /// A pair in raw mode, which it keeps when its ends are closed and opened.
    public init(gatewayEnd: GatewayEnd = .held) throws(FileError) {
        var board: Int32 = -1
        var gateway: Int32 = -1
        var name = [CChar](repeating: 0, count: 128)
        guard openpty(&board, &gateway, &name, nil, nil) == 0 else { throw .last("openpty", "") }
        var mode = termios()
        tcgetattr(gateway, &mode)
        cfmakeraw(&mode)
        tcsetattr(gateway, TCSANOW, &mode)
        for end in [board, gateway] { _ = clinux_fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = clinux_fcntl(board, F_SETFL, O_NONBLOCK)
        self.board = board
        heldGatewayEnd = gatewayEnd == .held ? gateway : nil
        if gatewayEnd == .free { close(gateway) }
        path = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        close(board)
        if let heldGatewayEnd { close(heldGatewayEnd) }
    }

    /// Bits a second that the gateway's end is set to, as far as boards know such a speed: a pseudo terminal keeps the
    /// setting, though it carries bytes at any.
    public var baud: Int? {
        var mode = termios()
        guard tcgetattr(board, &mode) == 0 else { return nil }
        let speed = cfgetospeed(&mode)
        return Self.speeds.first { $0.code == speed }?.baud
    }

    private static let speeds: [(code: speed_t, baud: Int)] = [
        (speed_t(B9600), 9_600), (speed_t(B19200), 19_200), (speed_t(B38400), 38_400), (speed_t(B57600), 57_600),
        (speed_t(B115200), 115_200),
    ]

    /// Whether somebody has the gateway's end open; always true of a pair that holds it.
    public var isListened: Bool {
        var entry = pollfd(fd: board, events: 0, revents: 0)
        return poll(&entry, 1, 0) == 0 || Int32(entry.revents) & POLLHUP == 0
    }

    /// Breaks the connection of whoever has the gateway's end open, which stays there to be opened again: as an adapter
    /// does whose device is broken. False if the kernel does not let us (it takes CAP_SYS_ADMIN).
    @discardableResult
    public func hangUp() -> Bool {
        let gateway = clinux_open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0)
        guard gateway >= 0 else { return false }
        defer { close(gateway) }
        return clinux_ioctl_none(gateway, 0x5437) == 0
    }

    /// Puts a link to the gateway's end at `link`, replacing another one at once, as udev does for by-id names.
    public func link(at link: String) throws(FileError) {
        let new = "\(link).new"
        unlink(new)
        guard symlink(path, new) == 0 else { throw .last("symlink", new) }
        guard rename(new, link) == 0 else { throw .last("rename", link) }
    }

    /// Sends bytes from the board; what nobody reads fills the terminal's buffer and the rest is lost, as on a board.
    ///
    /// - Returns: how many bytes were taken.
    @discardableResult
    public func send(_ bytes: [UInt8], within limit: Duration = .seconds(1)) -> Int {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { write(board, $0.baseAddress, $0.count) }
            if count > 0 {
                offset += count
            } else if !(count < 0 && errno == EINTR), !isReady(POLLOUT, within: limit) {
                break
            }
        }
        return offset
    }

    /// Fills the way to the board, as one that hangs leaves it: what the gateway writes from now on has no room.
    ///
    /// - Returns: how many bytes there was room for.
    @discardableResult
    public func fill() -> Int {
        let gateway = clinux_open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0)
        guard gateway >= 0 else { return 0 }
        defer { close(gateway) }
        var total = 0
        var entry = pollfd(fd: gateway, events: Int16(POLLOUT), revents: 0)
        // What was written moves on inside the kernel, which makes room again.
        repeat {
            while write(gateway, " ", 1) == 1 { total += 1 }
        } while poll(&entry, 1, 50) > 0
        return total
    }

    /// The bytes the gateway sent; waits until there are some, empty if there are none within `limit`.
    public func receive(within limit: Duration = .seconds(2)) -> [UInt8] {
        guard isReady(POLLIN, within: limit) else { return [] }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(board, &bytes, bytes.count)
        return Array(bytes.prefix(max(0, count)))
    }

    /// Throws away what the gateway's end has not read yet; how a board looks that sent while nobody listened.
    public func discardUnread() {
        if let heldGatewayEnd {
            tcflush(heldGatewayEnd, TCIFLUSH)
            return
        }
        let gateway = clinux_open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0)
        guard gateway >= 0 else { return }
        tcflush(gateway, TCIFLUSH)
        close(gateway)
    }

    /// The board's descriptor, for loops that poll several.
    public var boardDescriptor: Int32 { board }

    private func isReady(_ events: Int32, within limit: Duration) -> Bool {
        var entry = pollfd(fd: board, events: Int16(events), revents: 0)
        return poll(&entry, 1, Int32(clamping: limit.milliseconds)) > 0 && Int32(entry.revents) & events != 0
    }
}
