/// One frame as it travels: whom it is for or from, and what it says.
public struct ModbusFrame: Sendable, Equatable {
    public var unit: UInt8
    public var pdu: ModbusPDU
    /// TCP only: the number that answers repeat.
    public var transaction: UInt16?

    public init(unit: UInt8, _ pdu: ModbusPDU, transaction: UInt16? = nil) {
        self.unit = unit
        self.pdu = pdu
        self.transaction = transaction
    }
}

/// Cuts a capture of either transport into frames, and remembers the last request so that its answer can be told from
/// another request and its bits be counted.
public struct ModbusCapture: Sendable {
    private var asked: [UInt16: ModbusFrame] = [:]

    /// Before the first frame.
    public init() {}

    /// A frame, or why there is none, and the bytes it takes.
    public struct Step: Sendable {
        public var frame: Result<ModbusFrame, ModbusError>
        public var byteCount: Int
    }

    /// The RTU frame at the front of `bytes`. There are no pauses in a capture, so the end of a frame is where its function
    /// and byte count say and its checksum agrees; bytes that make no frame are one error, up to where their length says if a
    /// good frame begins there, else up to the end.
    public mutating func nextRTU(_ bytes: UnsafeRawBufferPointer) -> Step {
        guard bytes.count >= 4 else { return Step(frame: .failure(.tooShort), byteCount: bytes.count) }
        let body = UnsafeRawBufferPointer(rebasing: bytes[1...])
        let sides: [ModbusSide] =
            isAnswerDue(unit: bytes[0], function: bytes[1]) ? [.response, .request] : [.request, .response]
        for side in sides {
            guard let count = ModbusPDU.byteCount(body, from: side), holdsChecksum(bytes, count) else { continue }
            guard let pdu = try? pdu(body[..<count], side) else { continue }  // the other side may fit
            return Step(frame: .success(take(ModbusFrame(unit: bytes[0], pdu), side)), byteCount: count + 3)
        }
        return leftover(bytes)
    }

    /// What is no frame by its own lengths: one whose length is told by nothing but the end, or a damaged one.
    private mutating func leftover(_ bytes: UnsafeRawBufferPointer) -> Step {
        let body = UnsafeRawBufferPointer(rebasing: bytes[1...])
        guard bytes.count <= ModbusPDU.byteCountMax + 3, holdsChecksum(bytes, bytes.count - 3) else {
            return damaged(bytes)
        }
        // The checksum over everything holds: it is of the side whose length nothing tells, or what is wrong is inside.
        let likely: ModbusSide = body[0] <= 4 && bytes.count != 8 ? .response : .request
        var failure = ModbusError.lengthMismatch
        for side in [likely, likely == .request ? .response : .request] {
            do throws(ModbusError) {
                let pdu = try pdu(body[..<(bytes.count - 3)], side)
                return Step(frame: .success(take(ModbusFrame(unit: bytes[0], pdu), side)), byteCount: bytes.count)
            } catch {
                if side == likely { failure = error }
            }
        }
        return Step(frame: .failure(failure), byteCount: bytes.count)
    }

    /// Why a frame whose checksum nowhere agrees is bad: the checksum is wrong, or it ends before either side's does. It
    /// ends where the next good one begins, if there is one where its own length says.
    private func damaged(_ bytes: UnsafeRawBufferPointer) -> Step {
        let body = UnsafeRawBufferPointer(rebasing: bytes[1...])
        // An answer that counts no bytes is none.
        let counts = [ModbusSide.request, .response].compactMap { ModbusPDU.byteCount(body, from: $0) }
            .filter { $0 > 2 || body[0] & 0x80 != 0 }.map { $0 + 3 }
        for count in counts where count + 4 <= bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[count...])
            guard isFrame(rest) else { continue }
            return Step(frame: .failure(.crcMismatch), byteCount: count)
        }
        let isCut = !counts.contains(bytes.count) && counts.contains { $0 > bytes.count }
        let isTooLong = counts.isEmpty && bytes.count > ModbusPDU.byteCountMax + 3
        return Step(
            frame: .failure(isCut ? .tooShort : isTooLong ? .oversized : .crcMismatch), byteCount: bytes.count)
    }

    /// Whether a frame of either side stands at the front.
    private func isFrame(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let body = UnsafeRawBufferPointer(rebasing: bytes[1...])
        return [ModbusSide.request, .response].contains { side in
            ModbusPDU.byteCount(body, from: side).map { holdsChecksum(bytes, $0) } ?? false
        }
    }

    private func holdsChecksum(_ bytes: UnsafeRawBufferPointer, _ count: Int) -> Bool {
        guard count >= 1, count <= ModbusPDU.byteCountMax, bytes.count >= count + 3 else { return false }
        let crc = ModbusCRC.of(UnsafeRawBufferPointer(rebasing: bytes[..<(count + 1)]))
        return bytes.u16(at: count + 1) == crc
    }

    private func pdu(_ bytes: Slice<UnsafeRawBufferPointer>, _ side: ModbusSide) throws(ModbusError) -> ModbusPDU {
        try ModbusPDU(UnsafeRawBufferPointer(rebasing: bytes), from: side)
    }

    /// The TCP frame at the front of `bytes`.
    public mutating func nextTCP(_ bytes: UnsafeRawBufferPointer) -> Step {
        guard bytes.count >= 8 else { return Step(frame: .failure(.tooShort), byteCount: bytes.count) }
        let count = Int(bytes.u16BE(at: 4))
        guard bytes.u16BE(at: 2) == 0 else { return Step(frame: .failure(.badProtocol), byteCount: bytes.count) }
        guard count <= ModbusPDU.byteCountMax + 1 else {
            return Step(frame: .failure(.oversized), byteCount: bytes.count)
        }
        guard count >= 2 else { return Step(frame: .failure(.lengthMismatch), byteCount: 6 + count) }
        guard bytes.count >= 6 + count else { return Step(frame: .failure(.tooShort), byteCount: bytes.count) }
        let body = UnsafeRawBufferPointer(rebasing: bytes[7..<(6 + count)])
        let transaction = bytes.u16BE(at: 0)
        var sides: [ModbusSide] = [.request, .response]
        if isAnswerDue(unit: bytes[6], function: body[0], transaction: transaction) { sides.reverse() }
        var failure = ModbusError.lengthMismatch
        for side in sides {
            do throws(ModbusError) {
                let frame = ModbusFrame(unit: bytes[6], try ModbusPDU(body, from: side), transaction: transaction)
                return Step(frame: .success(take(frame, side)), byteCount: 6 + count)
            } catch {
                if error != .lengthMismatch { failure = error }
            }
        }
        return Step(frame: .failure(failure), byteCount: 6 + count)
    }

    private func isAnswerDue(unit: UInt8, function: UInt8, transaction: UInt16 = 0) -> Bool {
        guard let asked = asked[transaction], asked.unit == unit else { return false }
        return switch asked.pdu {
        case .readRequest(let sent, _, _): sent == function & 0x7F
        case .writeRegisters: function == 16
        case .writeCoils: function == 15
        case .readWriteRequest: function == 23
        default: false
        }
    }

    /// Remembers a request; counts the bits of an answer by it.
    private mutating func take(_ frame: ModbusFrame, _ side: ModbusSide) -> ModbusFrame {
        let transaction = frame.transaction ?? 0
        guard side == .response else {
            if asked.count > 256 { asked.removeAll() }
            asked[transaction] = frame
            return frame
        }
        var frame = frame
        if case .bits(let function, let bits) = frame.pdu, let request = asked[transaction],
            case .readRequest(function, _, let count) = request.pdu, (bits.count + 7) / 8 == (Int(count) + 7) / 8
        {
            frame.pdu = .bits(function: function, Array(bits.prefix(Int(count))))
        }
        asked[transaction] = nil
        return frame
    }
}
