internal import Glibc

/// A serial line on which we are the master. libmodbus takes the first byte that comes for the unit of the answer, and so
/// understands none behind an echo or a glitch: here the answer is looked for.
final class RTULine {
    private let descriptor: Int32
    private let characterNanoseconds: Int64
    /// Whether the adapter hears what it sends; learned from questions whose answers look otherwise.
    private var isEchoing = false

    /// How long an answer that has begun may pause: adapters deliver in lumps, hence far more than the 1.5 characters of the
    /// rule.
    private static let quietNanoseconds: Int64 = 100_000_000

    init(descriptor: Int32, baud: Int) {
        self.descriptor = descriptor
        characterNanoseconds = 11_000_000_000 / Int64(baud)
    }

    /// Sends unit and PDU and returns those of the answer, which has to begin within `timeout`.
    ///
    /// Nothing tells which question an answer belongs to, so whatever came before the question is thrown away.
    func ask(_ body: [UInt8], timeout: Duration) throws(ModbusClientError) -> [UInt8] {
        let question = RTUChecksum.appended(to: body)
        tcflush(descriptor, TCIFLUSH)
        let deadline = Self.now + Int64(timeout / .nanoseconds(1))
        try send(question, until: deadline)
        var search = AnswerSearch(to: question, isEchoing: isEchoing)
        defer { learn(question, search) }
        let end = deadline + 2 * Self.quietNanoseconds + Int64(AnswerSearch.byteCountMax) * characterNanoseconds
        var heardAt = deadline
        while true {
            if let answer = search.answer { return answer }
            let quiet = heardAt + Self.quietNanoseconds
            let until = search.hasHead ? quiet : search.mayHaveBegun ? max(deadline, quiet) : deadline
            guard !search.isFull, try wait(for: POLLIN, until: min(until, end)) else { throw search.failure }
            try read(into: &search)
            heardAt = Self.now
        }
    }

    private func learn(_ question: [UInt8], _ search: AnswerSearch) {
        guard !AnswerSearch.isOwnAnswer(question) else { return }
        // Silence tells nothing.
        if search.hasEcho || search.answer != nil { isEchoing = search.hasEcho }
    }

    private func send(_ bytes: [UInt8], until deadline: Int64) throws(ModbusClientError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                sent += count
            } else if errno != EAGAIN, errno != EINTR {
                throw .disconnected(errno: errno)
            } else if try !wait(for: POLLOUT, until: deadline) {
                throw .timeout
            }
        }
    }

    private func read(into search: inout AnswerSearch) throws(ModbusClientError) {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        if count > 0 { return search.append(bytes[..<count]) }
        guard count < 0, errno == EAGAIN || errno == EINTR else { throw .disconnected(errno: count < 0 ? errno : EIO) }
    }

    /// Whether the line is ready before `deadline`.
    private func wait(for events: Int32, until deadline: Int64) throws(ModbusClientError) -> Bool {
        while true {
            let left = max(0, deadline - Self.now)
            var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            // Rounded up: no turns without waiting at the end.
            let got = poll(&entry, 1, Int32(clamping: (left + 999_999) / 1_000_000))
            if got > 0 { return true }
            if got == 0, left <= 0 || Self.now >= deadline { return false }
            if got < 0, errno != EINTR { throw .disconnected(errno: errno) }
        }
    }

    private static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
