internal import Glibc

/// Finds frames and lines of text in the bytes of a serial port, however they are cut into reads.
///
/// A frame ends with a zero byte; text may stand in front of it without any delimiter (reference, section 1.8). What
/// comes out depends on the bytes alone, not on where reads begin. Every byte ends in exactly one event or is an end of
/// line or delimiter. Memory is fixed, and the work for a byte is bounded also for hostile input.
public struct MDPStream: ~Copyable {
    private var pending: PendingSegment
    private let scratch: UnsafeMutableRawBufferPointer
    /// Offset in the stream of the first pending byte, or of the next byte.
    private var base: Int64 = 0
    /// After an overflow the bytes up to the next delimiter or clean line were already reported.
    private var isSkipping = false
    private var drain: Drain?

    /// What remains to be said about the pending bytes.
    private struct Drain {
        var position: Int
        /// Where the undecided part ends and the outcome begins.
        var prefixEnd: Int
        var outcome: Outcome
        /// Pending bytes that are gone when everything is said.
        var end: Int
        /// Whether a delimiter follows `end` in the stream.
        var takesDelimiter: Bool
    }

    private enum Outcome {
        case none
        case frame(MDPFrame)
        case failure(MDPError, end: Int)
    }

    public init() {
        pending = PendingSegment(capacity: MDPLimits.pendingCountMax)
        scratch = .allocate(byteCount: MDPLimits.pendingCountMax, alignment: 16)
    }

    deinit { scratch.deallocate() }

    /// Bytes waiting for their delimiter or end of line.
    public var pendingCount: Int { pending.count }

    /// Takes bytes from the front of `input` until there is something to tell; nil when all are taken.
    ///
    /// Call it with the same `input` until it gives nil.
    public mutating func next(_ input: inout UnsafeRawBufferPointer) -> MDPEvent? {
        while true {
            if let event = nextDrained() { return event }
            guard !input.isEmpty else { return nil }
            if pending.isEmpty, let event = wholeLine(&input) ?? wholeFrame(&input) { return event }
            guard !input.isEmpty else { return nil }
            take(&input)
        }
    }

    /// Tells, one by one, what the pending bytes were if nothing follows; nil when all is told.
    public mutating func finish() -> MDPEvent? {
        if let event = nextDrained() { return event }
        guard !pending.isEmpty else { return nil }
        let bytes = pending.bytes
        if let start = FrameSearch.firstHeader(in: bytes) {
            begin(prefixEnd: start, .failure(.incomplete, end: bytes.count))
        } else if TextScan.isText(bytes) {
            begin(prefixEnd: bytes.count, .none)
        } else {
            let start = pending.lineStart
            begin(prefixEnd: start, isSkipping ? .none : .failure(.incomplete, end: bytes.count))
        }
        return nextDrained()
    }

    /// Forgets the pending bytes: the port was closed and opened again.
    public mutating func reset() {
        base += Int64(pending.count)
        pending.removeAll()
        drain = nil
        isSkipping = false
    }

    // MARK: - Taking bytes

    /// The usual case of lines, without copying: a whole line of text stands at the front of the input. Text holds no
    /// control characters, so no frame can begin in it.
    private mutating func wholeLine(_ input: inout UnsafeRawBufferPointer) -> MDPEvent? {
        guard TextScan.isPrintable(input[0]) else { return nil }
        let ascii = TextScan.asciiCount(input)
        var end = ascii
        if end == input.count { return nil }
        if !TextScan.isEndOfLine(input[end]) {
            guard input[end] >= 0x80, let lineFeed = FrameSearch.lineFeed(in: input, from: end, to: input.count) else {
                return nil
            }
            end = lineFeed
            guard TextScan.isText(UnsafeRawBufferPointer(rebasing: input[ascii..<end])) else { return nil }
        } else if input[end] == 0x0D {
            guard end + 1 < input.count, input[end + 1] == 0x0A else { return nil }
            end += 1
        }
        guard end < MDPLimits.pendingCountMax else { return nil }
        let line = TextScan.trimmed(UnsafeRawBufferPointer(rebasing: input[..<end]))
        guard !line.isEmpty else { return nil }
        let text = UnsafeRawBufferPointer(rebasing: input[line])
        let offset = base + Int64(line.lowerBound)
        consume(&input, end + 1)
        isSkipping = false
        return .text(text, at: offset, terminated: true)
    }

    /// The usual case, without copying: a whole frame stands at the front of the input.
    private mutating func wholeFrame(_ input: inout UnsafeRawBufferPointer) -> MDPEvent? {
        guard let start = input.baseAddress, let zero = memchr(start, 0, input.count) else { return nil }
        let count = UnsafeRawPointer(zero) - start
        if count == 0 {
            consume(&input, 1)
            return nil
        }
        let encoded = UnsafeRawBufferPointer(rebasing: input[..<count])
        guard FrameSearch.isHeader(encoded, at: 0), case .success(let frame) = decode(encoded) else { return nil }
        let offset = base
        consume(&input, count + 1)
        isSkipping = false
        return .frame(frame, at: offset)
    }

    private mutating func consume(_ input: inout UnsafeRawBufferPointer, _ count: Int) {
        input = UnsafeRawBufferPointer(rebasing: input[count...])
        base += Int64(count)
    }

    /// Moves bytes to the pending ones up to a delimiter, an end of line or the limit, and decides what can be decided.
    private mutating func take(_ input: inout UnsafeRawBufferPointer) {
        let stop = pending.append(from: &input)
        switch stop {
        case .starved: break
        case .lineEnd: lineEnded()
        case .delimiter: frameEnded()
        case .full: overflowed()
        }
    }

    private mutating func lineEnded() {
        let bytes = pending.bytes
        let line = UnsafeRawBufferPointer(rebasing: bytes[pending.lineStart...])
        if line.allSatisfy(TextScan.isEndOfLine) {
            blankLineEnded()
        } else if !pending.holdsHeader && TextScan.isText(line) {
            isSkipping = false
            begin(prefixEnd: bytes.count, .none)
        } else {
            pending.holdLine()
        }
    }

    /// The last byte of it stays: it may be the code byte of a frame.
    private mutating func blankLineEnded() {
        guard pending.lineStart == 0 else { return pending.holdLine() }
        let dropped = pending.count - 1
        pending.removeFirst(dropped)
        base += Int64(dropped)
    }

    private mutating func frameEnded() {
        let bytes = pending.bytes
        guard !bytes.isEmpty else {
            base += 1
            return
        }
        switch recover(bytes) {
        case .frame(let frame, let start):
            begin(prefixEnd: start, .frame(frame), takesDelimiter: true)
        case .failure(let error, let start):
            begin(
                prefixEnd: start, isSkipping ? .none : .failure(error, end: failureEnd(bytes, from: start)),
                takesDelimiter: true)
        }
        isSkipping = false
    }

    /// No delimiter within the limit: what is pending cannot become a frame, except for a header near its end.
    private mutating func overflowed() {
        let bytes = pending.bytes
        let oldest = bytes.count - MDPLimits.encodedCountMax + 1
        if let start = FrameSearch.lastHeader(in: bytes, from: max(oldest, 1)) {
            begin(prefixEnd: start, .none, end: start)
            return
        }
        let end = pending.lineStart > 0 ? pending.lineStart : bytes.count
        if isSkipping {
            begin(prefixEnd: end, .none, end: end)
        } else {
            begin(prefixEnd: 0, .failure(.oversized, end: failureEnd(bytes, from: 0, limit: end)), end: end)
        }
        isSkipping = true
    }

    /// A broken frame reaches up to the first line that is clearly text.
    private func failureEnd(_ bytes: UnsafeRawBufferPointer, from start: Int, limit: Int? = nil) -> Int {
        let limit = limit ?? bytes.count
        var lineStart = start
        while let lineEnd = FrameSearch.lineFeed(in: bytes, from: lineStart, to: limit) {
            let line = UnsafeRawBufferPointer(rebasing: bytes[lineStart...lineEnd])
            if lineStart > start, TextScan.isText(line), !line.allSatisfy(TextScan.isEndOfLine) { return lineStart }
            lineStart = lineEnd + 1
        }
        return limit
    }

    // MARK: - Finding the frame in front of a delimiter

    private enum Recovery {
        case frame(MDPFrame, start: Int)
        case failure(MDPError, start: Int)
    }

    /// Tries the whole, then what follows the last line feed, then every header: a lost end merges two frames.
    private func recover(_ bytes: UnsafeRawBufferPointer) -> Recovery {
        let whole = decode(bytes)
        if case .success(let frame) = whole { return .frame(frame, start: 0) }
        var failure = (error: whole.error ?? .stuffingBroken, start: 0)
        if let lineFeed = FrameSearch.lastLineFeed(in: bytes), lineFeed + 1 < bytes.count {
            let rest = decode(UnsafeRawBufferPointer(rebasing: bytes[(lineFeed + 1)...]))
            if case .success(let frame) = rest { return .frame(frame, start: lineFeed + 1) }
            let isAfterText = TextScan.isText(UnsafeRawBufferPointer(rebasing: bytes[...lineFeed]))
            if isAfterText, let error = rest.error { failure = (error, lineFeed + 1) }
        }
        var headers = FrameSearch.Headers(in: bytes)
        var isFirst = true
        while let start = headers.next() {
            let candidate = start == 0 ? whole : decode(UnsafeRawBufferPointer(rebasing: bytes[start...]))
            if case .success(let frame) = candidate { return .frame(frame, start: start) }
            if isFirst, let error = candidate.error { failure = (error, start) }
            isFirst = false
        }
        return .failure(failure.error, start: failure.start)
    }

    private func decode(_ encoded: UnsafeRawBufferPointer) -> Result<MDPFrame, MDPError> {
        guard let source = encoded.baseAddress, encoded.count <= MDPLimits.encodedCountMax else {
            return .failure(.oversized)
        }
        guard let target = scratch.baseAddress,
            let count = COBS.decodeZeroFree(source, count: encoded.count, into: target)
        else { return .failure(.stuffingBroken) }
        do throws(MDPError) {
            return .success(try MDPFrame(raw: UnsafeRawBufferPointer(rebasing: scratch[..<count])))
        } catch {
            return .failure(error)
        }
    }

    // MARK: - Telling

    private mutating func begin(prefixEnd: Int, _ outcome: Outcome, end: Int? = nil, takesDelimiter: Bool = false) {
        drain = Drain(
            position: 0, prefixEnd: prefixEnd, outcome: outcome, end: end ?? pending.count,
            takesDelimiter: takesDelimiter)
    }

    private mutating func nextDrained() -> MDPEvent? {
        while var drain {
            if drain.position < drain.prefixEnd {
                let event = nextOfPrefix(&drain)
                self.drain = drain
                if let event { return event }
                continue
            }
            switch drain.outcome {
            case .frame(let frame):
                let offset = base + Int64(drain.position)
                end(drain)
                return .frame(frame, at: offset)
            case .failure(let error, let failureEnd):
                let event = MDPEvent.failure(
                    error, at: base + Int64(drain.position), count: failureEnd - drain.position)
                drain.position = failureEnd
                drain.prefixEnd = drain.end
                drain.outcome = .none
                self.drain = drain
                return event
            case .none:
                end(drain)
            }
        }
        return nil
    }

    private mutating func end(_ drain: Drain) {
        pending.removeFirst(drain.end)
        base += Int64(drain.end) + (drain.takesDelimiter ? 1 : 0)
        self.drain = nil
    }

    /// One line of the bytes in front of the outcome: text, garbage, garbage then text, or a broken frame.
    private func nextOfPrefix(_ drain: inout Drain) -> MDPEvent? {
        let bytes = pending.bytes
        let start = drain.position
        let lineFeed = FrameSearch.lineFeed(in: bytes, from: start, to: drain.prefixEnd)
        var lineEnd = lineFeed.map { $0 + 1 } ?? drain.prefixEnd
        let line = UnsafeRawBufferPointer(rebasing: bytes[start..<lineEnd])
        if let header = FrameSearch.firstHeader(in: line) {
            if header == 0 {
                drain.position = failureEnd(bytes, from: start, limit: drain.prefixEnd)
                return .failure(.stuffingBroken, at: base + Int64(start), count: drain.position - start)
            }
            lineEnd = start + header
        }
        return textOrGarbage(start..<lineEnd, isTerminated: lineEnd - 1 == lineFeed, &drain)
    }

    private func textOrGarbage(_ range: Range<Int>, isTerminated: Bool, _ drain: inout Drain) -> MDPEvent? {
        let bytes = UnsafeRawBufferPointer(rebasing: pending.bytes[range])
        let textStart = TextScan.textStart(bytes)
        if textStart > 0, !TextScan.isMostlyText(bytes) {
            drain.position = range.lowerBound + textStart
            return .garbage(count: textStart, at: base + Int64(range.lowerBound))
        }
        drain.position = range.upperBound
        let line = TextScan.trimmed(bytes)
        guard !line.isEmpty else { return nil }
        return .text(
            UnsafeRawBufferPointer(rebasing: bytes[line]), at: base + Int64(range.lowerBound + line.lowerBound),
            terminated: isTerminated)
    }
}

extension Result {
    fileprivate var error: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
