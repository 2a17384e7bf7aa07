extension SeededRandom {
    /// `bytes` damaged as a fuzzer does: 1 to 8 flips, overwrites, cuts, insertions and doubled stretches.
    public mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        for _ in 0..<integer(in: 1...8) { mutateOnce(&result) }
        return result
    }

    private mutating func mutateOnce(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else {
            bytes = self.bytes(integer(in: 1...8))
            return
        }
        let at = integer(in: 0...(bytes.count - 1))
        let length = integer(in: 1...min(16, bytes.count - at))
        switch integer(in: 0...5) {
        case 0: bytes[at] ^= 1 << UInt8(integer(in: 0...7))
        case 1: bytes[at] = [0, 1, 0x0A, 0x0D, 0x22, 0x7B, 0x7F, 0x80, 0xFF].randomElement(using: &self) ?? 0
        case 2: bytes.removeSubrange(at..<(at + length))
        case 3: bytes.insert(contentsOf: self.bytes(length), at: at)
        case 4: bytes.insert(contentsOf: Array(bytes[at..<(at + length)]), at: at)
        default: bytes.removeSubrange(at...)
        }
    }
}
