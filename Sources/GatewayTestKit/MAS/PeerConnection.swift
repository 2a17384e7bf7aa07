internal import CLinux
internal import Glibc

/// One connection of a stand-in peer.
final class PeerConnection {
    enum State {
        case open
        /// A late, dribbled or blocked answer is being sent: look again soon.
        case waiting
        case closed
    }

    let descriptor: Int32
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    private var written = 0
    private var closesAfter = false
    private var manner = PeerReply.Manner.whole
    private var resumeAt: Int64 = 0
    private var saidContinue = false

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    func readable(_ respond: (PeerRequest, UnsafeRawBufferPointer) -> PeerReply) -> State {
        var closedByPeer = false
        withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 16) { buffer in
            while true {
                let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
                if count > 0 {
                    input.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                    if count == buffer.count { continue }
                } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
                    closedByPeer = true
                }
                return
            }
        }
        if closedByPeer { return .closed }
        return isBusy ? .waiting : answerAll(respond)
    }

    func timePassed(_ respond: (PeerRequest, UnsafeRawBufferPointer) -> PeerReply) -> State {
        let state = flush()
        return state == .open && !isBusy ? answerAll(respond) : state
    }

    private var isBusy: Bool {
        if case .stream = manner { return true }
        return !output.isEmpty || manner == .never
    }

    private func answerAll(_ respond: (PeerRequest, UnsafeRawBufferPointer) -> PeerReply) -> State {
        while !input.isEmpty {
            switch input.withUnsafeBytes(PeerRequest.scan) {
            case .incomplete: return .open
            case .broken: return .closed
            case .complete(let request):
                let total = request.headCount + request.bodyCount
                guard input.count >= total else {
                    if request.expectsContinue, !saidContinue {
                        saidContinue = true
                        _ = send(descriptor, "HTTP/1.1 100 Continue\r\n\r\n", 25, Int32(MSG_NOSIGNAL))
                    }
                    return .open
                }
                saidContinue = false
                let reply = input.withUnsafeBytes {
                    respond(request, UnsafeRawBufferPointer(rebasing: $0[request.headCount..<total]))
                }
                input.removeFirst(total)
                let state = begin(reply, closes: request.closes)
                if state != .open { return state }
            }
        }
        return .open
    }

    private func begin(_ reply: PeerReply, closes: Bool) -> State {
        manner = reply.manner
        closesAfter = closes || manner == .half || manner == .garbage
        switch manner {
        case .unanswered: return .closed
        case .never: return .open
        case .late(let milliseconds): resumeAt = Self.now() + milliseconds
        case .whole, .half, .dribbled, .garbage, .stream: resumeAt = 0
        }
        output.removeAll(keepingCapacity: true)
        written = 0
        reply.write(to: &output, closes: closes)
        return flush()
    }

    private func flush() -> State {
        while written < output.count {
            if resumeAt > 0, Self.now() < resumeAt { return .waiting }
            var chunk = output.count - written
            if case .dribbled(let milliseconds) = manner {
                chunk = min(chunk, 8)
                resumeAt = Self.now() + milliseconds
            }
            let count = output.withUnsafeBytes { bytes in
                bytes.baseAddress.map { send(descriptor, $0 + written, chunk, Int32(MSG_NOSIGNAL)) } ?? 0
            }
            if count < 0 { return errno == EAGAIN ? .waiting : .closed }
            written += count
        }
        output.removeAll(keepingCapacity: true)
        written = 0
        if case .stream(let feed) = manner {
            guard let more = feed.take() else { return .closed }
            output = more
            return .waiting
        }
        return closesAfter ? .closed : .open
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
