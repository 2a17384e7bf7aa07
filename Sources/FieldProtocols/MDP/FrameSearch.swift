internal import Glibc

/// Searches in bytes without zeros: line feeds, and what begins like a frame (a code byte, then `5A A1 01`).
enum FrameSearch {
    /// Bytes of a stuffed frame up to and including its version.
    private static let prefixCount = 4
    /// Headers tried in one segment, from each end: binary payloads may hold the magic too, hostile ones full of it.
    private static let attemptMax = 16

    /// Whether a frame of this version could begin at `offset`: magic and version hold no zero, so the code is 4 or more.
    @inline(__always)
    static func isHeader(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        offset + prefixCount <= bytes.count && bytes[offset] >= 4 && bytes[offset + 1] == 0x5A
            && bytes[offset + 2] == 0xA1 && bytes[offset + 3] == MDPHeader.version
    }

    static func firstHeader(in bytes: UnsafeRawBufferPointer, from start: Int = 0) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        // The rarest byte of the three is looked for: text has none of it.
        var offset = start + 2
        while offset < bytes.count, let found = memchr(base + offset, 0xA1, bytes.count - offset) {
            let magic = UnsafeRawPointer(found) - base
            if isHeader(bytes, at: magic - 2) { return magic - 2 }
            offset = magic + 1
        }
        return nil
    }

    static func lastHeader(in bytes: UnsafeRawBufferPointer, from oldest: Int) -> Int? {
        var offset = bytes.count - prefixCount
        while offset >= oldest {
            if isHeader(bytes, at: offset) { return offset }
            offset -= 1
        }
        return nil
    }

    static func lineFeed(in bytes: UnsafeRawBufferPointer, from start: Int, to end: Int) -> Int? {
        guard let base = bytes.baseAddress, start < end, let found = memchr(base + start, 0x0A, end - start) else {
            return nil
        }
        return UnsafeRawPointer(found) - base
    }

    static func lastLineFeed(in bytes: UnsafeRawBufferPointer) -> Int? {
        var offset = bytes.count - 1
        while offset >= 0, bytes[offset] != 0x0A { offset -= 1 }
        return offset >= 0 ? offset : nil
    }

    /// The headers worth a try: the first and the last `attemptMax` of those in reach of the end.
    struct Headers {
        private let bytes: UnsafeRawBufferPointer
        private var position: Int
        private var tried = 0
        /// Where the last ones begin; found when the first ones are used up.
        private var lastOnes: Int?

        init(in bytes: UnsafeRawBufferPointer) {
            self.bytes = bytes
            position = 0
        }

        mutating func next() -> Int? {
            if tried == attemptMax, lastOnes == nil {
                let start = startOfLast()
                lastOnes = start
                position = max(position, start)
            }
            guard let found = FrameSearch.firstHeader(in: bytes, from: position) else { return nil }
            position = found + 1
            tried += 1
            return found
        }

        private func startOfLast() -> Int {
            var left = attemptMax
            var start = bytes.count
            while left > 0, let found = lastHeader(before: start) {
                start = found
                left -= 1
            }
            return start
        }

        private func lastHeader(before end: Int) -> Int? {
            var offset = end - 1
            while offset >= position {
                if FrameSearch.isHeader(bytes, at: offset) { return offset }
                offset -= 1
            }
            return nil
        }
    }
}
