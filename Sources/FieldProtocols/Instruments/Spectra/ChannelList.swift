/// Reads a line of numbers that are parted by commas, semicolons, spaces or tabs.
enum ChannelList {
    /// Where a line is no list of numbers.
    struct Failure: Error, Equatable {
        var offset: Int
    }

    /// Puts the numbers of `text` into `values`, which is emptied first. A separator at the end is none too many, two in a
    /// row that are not blanks are.
    static func read(
        _ text: UnsafeRawBufferPointer, into values: inout [Double], countMax: Int = 4_096,
        allowsPrefixes: Bool = false
    ) throws(Failure) {
        values.removeAll(keepingCapacity: true)
        var position = 0
        var needsValue = false
        while position < text.count {
            while position < text.count, isBlank(text[position]) { position += 1 }
            guard position < text.count else { break }
            let start = position
            while position < text.count, !isBlank(text[position]), !isSeparator(text[position]) { position += 1 }
            let number = UnsafeRawBufferPointer(rebasing: text[start..<position])
            guard values.count < countMax, let value = ChannelNumber.value(number, allowsPrefixes: allowsPrefixes)
            else {
                throw Failure(offset: start)
            }
            values.append(value)
            needsValue = false
            while position < text.count, isBlank(text[position]) { position += 1 }
            if position < text.count, isSeparator(text[position]) {
                position += 1
                needsValue = true
            }
        }
        guard !values.isEmpty || !needsValue else { throw Failure(offset: 0) }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: ";")
    }
}
