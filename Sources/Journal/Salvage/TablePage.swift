internal import SQLite

/// One page of a table's tree (SQLite file format, section 1.6). What makes no sense in it is passed over.
struct TablePage {
    private static let leaf: UInt8 = 0x0D
    private static let interior: UInt8 = 0x05

    private let bytes: [UInt8]
    private let start: Int
    let isLeaf: Bool

    static func isTable(_ flags: UInt8) -> Bool { flags == leaf || flags == interior }

    /// Nil if the page is none of a table.
    init?(_ bytes: [UInt8], number: Int) {
        start = number == 1 ? 100 : 0
        guard bytes.count >= start + 12, Self.isTable(bytes[start]) else { return nil }
        self.bytes = bytes
        isLeaf = bytes[start] == Self.leaf
    }

    private var cells: [Int] {
        let first = start + (isLeaf ? 8 : 12)
        let count = min(bytes.short(at: start + 3), (bytes.count - first) / 2)
        return (0..<count).map { bytes.short(at: first + 2 * $0) }.filter { $0 >= first && $0 + 4 <= bytes.count }
    }

    /// The pages below an interior page.
    var children: [Int] {
        isLeaf ? [] : cells.map { Int(bytes.word(at: $0)) } + [Int(bytes.word(at: start + 8))]
    }

    /// The rows of a leaf that can be read.
    func rows(_ pages: DatabasePages) -> [TableRow] {
        guard isLeaf else { return [] }
        return cells.compactMap { cell in
            bytes.withUnsafeBytes { raw -> TableRow? in
                var reader = ByteReader(UnsafeRawBufferPointer(rebasing: raw[cell...]))
                guard let size = Int(exactly: reader.databaseVarint()), size <= 1 << 30 else { return nil }
                let rowID = Int64(bitPattern: reader.databaseVarint())
                guard let payload = payload(size, &reader, pages) else { return nil }
                return TableRow(rowID, payload)
            }
        }
    }

    /// The content of a row, the part on overflow pages included.
    private func payload(_ size: Int, _ reader: inout ByteReader, _ pages: DatabasePages) -> [UInt8]? {
        let usable = bytes.count
        let most = usable - 35
        let least = (usable - 12) * 32 / 255 - 23
        let some = least + (size - least) % (usable - 4)
        let local = size <= most ? size : some <= most ? some : least
        guard let range = reader.take(local) else { return nil }
        var payload = Array(reader.bytes[range])
        guard local < size else { return payload }
        var next = Int(reader.bigEndianWord())
        guard !reader.isBroken else { return nil }
        while payload.count < size {
            guard next > 0, let page = pages.page(next) else { return nil }
            payload += page[4..<min(page.count, 4 + size - payload.count)]
            next = Int(page.word(at: 0))
        }
        return payload
    }
}

/// A row of a table whose key is its number: the key stands for its first column.
struct TableRow {
    let rowID: Int64
    /// Without the first column.
    let values: [SQLiteValue]

    /// Nil if the record's header and its content do not fit.
    init?(_ rowID: Int64, _ payload: [UInt8]) {
        self.rowID = rowID
        guard
            let values = payload.withUnsafeBytes({ bytes -> [SQLiteValue]? in
                var header = ByteReader(bytes)
                guard let size = Int(exactly: header.databaseVarint()), size >= header.offset, size <= bytes.count
                else {
                    return nil
                }
                var content = ByteReader(bytes)
                _ = content.take(size)
                var values: [SQLiteValue] = []
                while header.offset < size {
                    guard let value = content.databaseValue(header.databaseVarint()) else { return nil }
                    values.append(value)
                }
                return header.offset == size && content.isAtEnd && !content.isBroken ? values : nil
            }), !values.isEmpty, values[0] == .null
        else { return nil }
        self.values = Array(values.dropFirst())
    }
}

extension ByteReader {
    /// SQLite's varint: up to nine bytes, the highest first.
    mutating func databaseVarint() -> UInt64 {
        var value: UInt64 = 0
        for _ in 0..<8 {
            let next = byte()
            value = value << 7 | UInt64(next & 0x7F)
            if next < 0x80 { return value }
        }
        return value << 8 | UInt64(byte())
    }

    mutating func bigEndianWord() -> UInt32 { fixed32().byteSwapped }

    /// A value of the given serial type; nil for a type that does not exist, or more than there is.
    mutating func databaseValue(_ type: UInt64) -> SQLiteValue? {
        switch type {
        case 0: return .null
        case 1...6:
            let size = [1, 2, 3, 4, 6, 8][Int(type) - 1]
            guard let range = take(size) else { return nil }
            var value: Int64 = bytes[range.lowerBound] >= 0x80 ? -1 : 0
            for byte in bytes[range] { value = value << 8 | Int64(byte) }
            return .integer(value)
        case 7:
            guard let range = take(8) else { return nil }
            return .real(Double(bitPattern: bytes[range].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }))
        case 8: return .integer(0)
        case 9: return .integer(1)
        case 12...:
            guard let size = Int(exactly: (type - 12) / 2), let range = take(size) else { return nil }
            let content = UnsafeRawBufferPointer(rebasing: bytes[range])
            guard type & 1 == 1 else { return .blob(Array(content)) }
            guard let text = String(validating: content, as: UTF8.self) else { return nil }
            return .text(text)
        default: return nil
        }
    }
}
