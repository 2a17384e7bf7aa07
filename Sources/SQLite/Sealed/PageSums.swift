internal import CSQLite

/// Checksums of the pages of a database file that will not be changed any more, kept behind its last page.
///
/// SQLite goes by the number of pages in the header and does not look at what follows. The checksums stand between two
/// equal marks, which are written only after the checksums are durable: without a mark there are none, with one of them
/// each page is judged by its own, so that damage among the checksums spoils no more than it touches.
///
///     page 1 … page n | mark | n checksums of 4 bytes | mark       all numbers little-endian
public struct PageSums: Sendable {
    /// Bytes of a page.
    public let pageSize: Int
    private let sums: [UInt32]

    /// "MYCOSUMS"
    private static let magic: UInt64 = 0x534D_5553_4F43_594D
    /// The magic, then number and size of the pages with 4 bytes each.
    private static let markSize = 16
    private static let pageSizes: Set<Int> = [512, 1_024, 2_048, 4_096, 8_192, 16_384, 32_768, 65_536]

    /// Pages that have a checksum: all of the file.
    public var count: Int { sums.count }

    /// Reads the checksums of a file; nil if it has none.
    public init?(of path: String) {
        guard let file = RawFile(path, isWritten: false) else { return nil }
        self.init(file)
    }

    init?(_ file: RawFile) {
        guard let size = file.size, let (count, pageSize) = Self.layout(file, size),
            let bytes = file.read(count * 4, at: Int64(count * pageSize + Self.markSize))
        else { return nil }
        self.pageSize = pageSize
        sums = bytes.withUnsafeBytes { bytes in
            (0..<count).map { UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)) }
        }
    }

    /// Whether a file has checksums.
    public static func exist(of path: String) -> Bool {
        guard let file = RawFile(path, isWritten: false), let size = file.size else { return false }
        return layout(file, size) != nil
    }

    /// Whether the page, counted from 1, is what it was.
    public func match(_ page: UnsafeRawBufferPointer, _ number: Int) -> Bool {
        guard number > 0, number <= sums.count, page.count == pageSize else { return false }
        return sums[number - 1] == Self.sum(page, number)
    }

    /// Numbers of the pages of a file that are not what they were; nil if it has no checksums.
    public static func damagedPages(of path: String) -> [Int]? {
        guard let file = RawFile(path, isWritten: false), let sums = PageSums(file) else { return nil }
        return (1...max(1, sums.count)).filter { number in
            let page = file.read(sums.pageSize, at: Int64((number - 1) * sums.pageSize))
            return page?.withUnsafeBytes { !sums.match($0, number) } ?? true
        }
    }

    /// Adds checksums to a database that is complete in its one file. Durable on return; if it throws, the file has none.
    public static func add(to path: String) throws(SQLiteError) {
        guard let file = RawFile(path, isWritten: true) else {
            throw SQLiteError(.cannotOpen, message: "cannot open \(path)")
        }
        guard let head = file.read(100, at: 0), let size = file.size,
            let (count, pageSize) = database(head), Int64(count * pageSize) <= size
        else { throw SQLiteError(.corrupt, message: "no database in one file: \(path)") }
        var sums: [UInt8] = []
        sums.reserveCapacity(count * 4)
        for number in 1...count {
            guard let page = file.read(pageSize, at: Int64((number - 1) * pageSize)) else {
                throw SQLiteError(.io, message: "cannot read page \(number) of \(path)")
            }
            let sum = page.withUnsafeBytes { Self.sum($0, number) }
            withUnsafeBytes(of: sum.littleEndian) { sums.append(contentsOf: $0) }
        }
        let start = Int64(count * pageSize)
        let blank = [UInt8](repeating: 0, count: markSize)
        let mark = mark(count, pageSize)
        // Whatever an attempt left that was broken off is not taken for part of this one.
        try file.truncate(to: start)
        try file.write(blank + sums + blank, at: start)
        try file.sync()
        try file.write(mark, at: start)
        try file.write(mark, at: start + Int64(markSize + sums.count))
        try file.sync()
    }

    static func sum(_ page: UnsafeRawBufferPointer, _ number: Int) -> UInt32 {
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: number)
        var offset = 0
        while offset + 8 <= page.count {
            let word = page.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
            let product = (hash ^ word).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
            hash = product.high ^ product.low
            offset += 8
        }
        return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
    }

    private static func mark(_ count: Int, _ pageSize: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        withUnsafeBytes(of: magic.littleEndian) { bytes.append(contentsOf: $0) }
        for number in [count, pageSize] {
            withUnsafeBytes(of: UInt32(truncatingIfNeeded: number).littleEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    /// Number and size of the pages by one of the marks, the last bytes of the file or those behind its pages.
    private static func layout(_ file: RawFile, _ size: Int64) -> (count: Int, pageSize: Int)? {
        guard size > 2 * Int64(markSize) else { return nil }
        if let found = layout(file.read(markSize, at: size - Int64(markSize)), size) { return found }
        for pageSize in pageSizes {
            let count = (size - 2 * Int64(markSize)) / Int64(pageSize + 4)
            if let found = layout(file.read(markSize, at: count * Int64(pageSize)), size) { return found }
        }
        return nil
    }

    private static func layout(_ mark: [UInt8]?, _ size: Int64) -> (count: Int, pageSize: Int)? {
        guard let mark, mark.count == markSize else { return nil }
        let (found, count, pageSize) = mark.withUnsafeBytes { bytes in
            (
                UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)),
                Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))),
                Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self)))
            )
        }
        guard found == magic, pageSizes.contains(pageSize), count > 0,
            Int64(count * (pageSize + 4) + 2 * markSize) == size
        else { return nil }
        return (count, pageSize)
    }

    /// Number and size of the pages by the database's own header (SQLite file format, section 1.3).
    private static func database(_ head: [UInt8]) -> (count: Int, pageSize: Int)? {
        let size = Int(head[16]) << 8 | Int(head[17])
        let count = head[28..<32].reduce(0) { $0 << 8 | Int($1) }
        let pageSize = size == 1 ? 65_536 : size
        guard head[18] == 1, head[19] == 1, pageSizes.contains(pageSize), count > 0 else { return nil }
        return (count, pageSize)
    }
}
