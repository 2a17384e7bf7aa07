internal import Glibc

/// The committed pages of a write-ahead log (SQLite file format, section 4), found without SQLite.
///
/// SQLite reads a log up to the first frame whose checksum is wrong. Each frame names the checksum of all before it, so
/// that the frames behind a broken one can be told to be sound as well: here they count.
struct WALFrames {
    let pageSize: Int
    /// Where in the log the newest sound version of each page is.
    private(set) var pages: [UInt32: Int] = [:]
    /// As SQLite would find it.
    private(set) var pagesBeforeBreak: [UInt32: Int] = [:]
    /// Whether a sound commit follows behind something broken: the log is damaged, not just unfinished.
    private(set) var isBroken = false

    private static let headerSize = 32
    private static let frameHeaderSize = 24

    /// Nil if there is nothing that could be told to be sound.
    init?(_ descriptor: Int32) {
        guard let header = Self.read(descriptor, at: 0, count: Self.headerSize) else { return nil }
        let magic = header.word(at: 0)
        guard magic & ~1 == 0x377F_0682, let size = Int(exactly: header.word(at: 8)), size >= 512, size <= 65_536,
            size & (size - 1) == 0
        else { return nil }
        pageSize = size
        let isBigEndian = magic & 1 != 0
        let salts = (header.word(at: 16), header.word(at: 20))
        var sum = (header.word(at: 24), header.word(at: 28))
        var isSound = true
        var open: [UInt32: Int] = [:]
        var offset = Self.headerSize
        while let frame = Self.read(descriptor, at: offset, count: Self.frameHeaderSize + pageSize) {
            defer { offset += Self.frameHeaderSize + pageSize }
            guard (frame.word(at: 8), frame.word(at: 12)) == salts else {
                // What an earlier use of the log left behind its end looks the same as a broken frame.
                isSound = false
                sum = (frame.word(at: 16), frame.word(at: 20))
                continue
            }
            let found = Self.checksum(frame[..<8], sum, isBigEndian)
            let whole = Self.checksum(frame[Self.frameHeaderSize...], found, isBigEndian)
            sum = (frame.word(at: 16), frame.word(at: 20))
            guard whole == sum else {
                isSound = false
                continue
            }
            open[frame.word(at: 0)] = offset + Self.frameHeaderSize
            guard frame.word(at: 4) != 0 else { continue }
            pages.merge(open) { $1 }
            if isSound { pagesBeforeBreak = pages } else { isBroken = true }
            open.removeAll(keepingCapacity: true)
        }
    }

    private static func checksum(
        _ bytes: ArraySlice<UInt8>, _ start: (UInt32, UInt32), _ isBigEndian: Bool
    ) -> (UInt32, UInt32) {
        var sum = start
        bytes.withUnsafeBytes { bytes in
            for at in stride(from: 0, to: bytes.count - 7, by: 8) {
                let first = bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)
                let second = bytes.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self)
                sum.0 &+= (isBigEndian ? UInt32(bigEndian: first) : UInt32(littleEndian: first)) &+ sum.1
                sum.1 &+= (isBigEndian ? UInt32(bigEndian: second) : UInt32(littleEndian: second)) &+ sum.0
            }
        }
        return sum
    }

    private static func read(_ descriptor: Int32, at offset: Int, count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return pread(descriptor, &bytes, count, off_t(offset)) == count ? bytes : nil
    }
}

extension [UInt8] {
    /// Four bytes, the highest first. There must be so many.
    func word(at offset: Int) -> UInt32 {
        UInt32(self[offset]) << 24 | UInt32(self[offset + 1]) << 16 | UInt32(self[offset + 2]) << 8
            | UInt32(self[offset + 3])
    }

    /// Two bytes, the higher first. There must be so many.
    func short(at offset: Int) -> Int { Int(self[offset]) << 8 | Int(self[offset + 1]) }
}
