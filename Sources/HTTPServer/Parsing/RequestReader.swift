/// Turns the bytes of one connection into requests, one at a time: the next one is looked at only when asked for, so that
/// pipelined requests are answered in order.
struct RequestReader: ~Copyable {
    enum Step {
        /// Nothing more can be said before bytes arrive.
        case needsBytes
        /// The client waits for leave to send its body.
        case sendContinue
        case request(RequestHead, body: [UInt8])
        /// The stream cannot be read any further.
        case refused(Refusal)
    }

    enum Progress: Equatable {
        /// No byte of a next request has come.
        case idle
        case inHead
        case inBody(received: Int)
    }

    private enum Place {
        case head
        case counted(RequestHead, length: Int)
        case chunked(RequestHead, ChunkedBody)
        case failed(Refusal)
    }

    private let headerLimit: Int
    private let bodyLimit: Int
    private var place = Place.head
    private var inbox: [UInt8] = []
    /// Bytes before this one are used up, bytes before `scanned` hold no end of a head.
    private var start = 0
    private var scanned = 0
    private var body: [UInt8] = []
    private var hasSentContinue = false

    init(headerLimit: Int, bodyLimit: Int) {
        self.headerLimit = headerLimit
        self.bodyLimit = bodyLimit
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if start == inbox.count {
            inbox.removeAll(keepingCapacity: inbox.capacity <= 64 * 1024)
            start = 0
            scanned = 0
        } else if start > 64 * 1024 {
            inbox.removeSubrange(..<start)
            scanned = max(0, scanned - start)
            start = 0
        }
        inbox.append(contentsOf: bytes)
    }

    var progress: Progress {
        switch place {
        case .head: start == inbox.count ? .idle : .inHead
        case .counted, .chunked, .failed: .inBody(received: body.count)
        }
    }

    /// What has come and belongs to no request: the connection speaks something else from here on.
    mutating func takeUnread() -> [UInt8] {
        defer {
            inbox = []
            start = 0
            scanned = 0
        }
        return Array(inbox[start...])
    }

    /// Bytes held for a body that is not complete.
    var bodyBytes: Int { body.count }

    mutating func step() -> Step {
        do throws(Refusal) {
            switch place {
            case .head:
                guard let head = try takeHead() else { return .needsBytes }
                try enterBody(head)
                return step()
            case .counted(let head, let length):
                takeBytes(length - body.count)
                if body.count == length { return finish(head) }
                place = .counted(head, length: length)
                return waitForBody(head)
            case .chunked(let head, var chunks):
                start += try chunks.decode(inbox[start...], into: &body)
                if chunks.isDone { return finish(head) }
                place = .chunked(head, chunks)
                return waitForBody(head)
            case .failed(let refusal):
                return .refused(refusal)
            }
        } catch {
            place = .failed(error)
            return .refused(error)
        }
    }

    private mutating func enterBody(_ head: RequestHead) throws(Refusal) {
        hasSentContinue = false
        switch head.framing {
        case .none: place = .counted(head, length: 0)
        case .length(let length):
            guard length <= bodyLimit else { throw .bodyTooLarge }
            body.reserveCapacity(min(length, 64 * 1024))
            place = .counted(head, length: length)
        case .chunked: place = .chunked(head, ChunkedBody(limit: bodyLimit))
        }
    }

    private mutating func waitForBody(_ head: RequestHead) -> Step {
        guard head.expectsContinue, !hasSentContinue, body.isEmpty else { return .needsBytes }
        hasSentContinue = true
        return .sendContinue
    }

    private mutating func finish(_ head: RequestHead) -> Step {
        place = .head
        scanned = start
        let complete = body
        body = []
        return .request(head, body: complete)
    }

    private mutating func takeBytes(_ wanted: Int) {
        let count = min(wanted, inbox.count - start)
        guard count > 0 else { return }
        body.append(contentsOf: inbox[start..<start + count])
        start += count
    }

    /// The next head, or nil if its end has not come. Every byte is looked at once, however slowly they come.
    private mutating func takeHead() throws(Refusal) -> RequestHead? {
        while start + 1 < inbox.count, inbox[start] == 0x0D, inbox[start + 1] == 0x0A { start += 2 }
        scanned = max(scanned, start)
        while scanned < inbox.count {
            let index = scanned
            scanned += 1
            guard inbox[index] == 0x0A else { continue }
            guard index > start, inbox[index - 1] == 0x0D else { throw .malformed("a line ends in LF without CR") }
            guard index - start >= 3, inbox[index - 2] == 0x0A else { continue }
            guard index + 1 - start <= headerLimit else { throw .headTooLarge }
            let head = try RequestHead(inbox[start..<index - 1])
            start = index + 1
            return head
        }
        if inbox.count - start > headerLimit { throw .headTooLarge }
        return nil
    }
}
