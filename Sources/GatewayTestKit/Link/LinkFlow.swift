internal import CLinux
internal import Glibc

/// One direction of a connection.
final class LinkFlow {
    let source: Int32
    private let target: Int32
    private(set) var waiting: [UInt8] = []
    /// The source sends no more.
    private var hasEnded = false
    /// The target takes no more.
    private(set) var isUndeliverable = false
    var dribbleAt: Int64 = 0

    /// What is not passed on is taken up to here; then the sender has to wait, as it has on a slow link.
    private static let waitingCountMax = 1 << 20

    init(from source: Int32, to target: Int32) {
        self.source = source
        self.target = target
    }

    /// Everything that the source ever sends has been passed on.
    var isThrough: Bool { hasEnded && waiting.isEmpty }

    func take() {
        guard !hasEnded, !isUndeliverable, waiting.count < Self.waitingCountMax else { return }
        withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 16) { buffer in
            while waiting.count < Self.waitingCountMax {
                let count = recv(source, buffer.baseAddress, buffer.count, 0)
                if count < 0 {
                    if errno == EINTR { continue }
                    // A reset ends it as an orderly end does.
                    if errno != EAGAIN { hasEnded = true }
                    return
                }
                guard count > 0 else {
                    hasEnded = true
                    return
                }
                waiting.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }

    /// - Returns: how many bytes went.
    func pass(_ allowance: Int) -> Int {
        var sent = 0
        while !isUndeliverable, sent < min(allowance, waiting.count) {
            let count = waiting.withUnsafeBytes { bytes in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[sent..<min(allowance, bytes.count)])
                return send(target, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno != EAGAIN { isUndeliverable = true }
            guard count > 0 else { break }
            sent += count
        }
        waiting.removeFirst(sent)
        return sent
    }

    func interest(mayPass: Bool) -> [pollfd] {
        var entries: [pollfd] = []
        if !hasEnded, !isUndeliverable, waiting.count < Self.waitingCountMax {
            entries.append(pollfd(fd: source, events: Int16(POLLIN), revents: 0))
        }
        if mayPass, !isUndeliverable, !waiting.isEmpty {
            entries.append(pollfd(fd: target, events: Int16(POLLOUT), revents: 0))
        }
        return entries
    }
}
