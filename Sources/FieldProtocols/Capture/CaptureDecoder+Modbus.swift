internal import JSONText

extension CaptureDecoder {
    /// Frames one after the other, requests and answers as they come.
    mutating func decodeModbus(_ bytes: UnsafeRawBufferPointer, isTCP: Bool) {
        guard !bytes.isEmpty else { return fail(ModbusError.tooShort.code, at: 0) }
        var capture = ModbusCapture()
        var start = 0
        while start < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
            let step = isTCP ? capture.nextTCP(rest) : capture.nextRTU(rest)
            switch step.frame {
            case .success(let frame): print { Self.write(frame, &$0) }
            case .failure(let error): fail(error.code, at: start)
            }
            start += max(step.byteCount, 1)
        }
    }

    private static func write(_ frame: ModbusFrame, _ writer: inout JSONWriter) {
        if let transaction = frame.transaction {
            writer.key("transaction")
            writer.unsigned(transaction)
        }
        writer.key("unit")
        writer.unsigned(frame.unit)
        writer.key("kind")
        writer.string(frame.pdu.kind)
        writer.key("fc")
        writer.unsigned(frame.pdu.function)
        write(frame.pdu, &writer)
    }

    private static func write(_ pdu: ModbusPDU, _ writer: inout JSONWriter) {
        switch pdu {
        case .readRequest(_, let start, let count), .written(_, let start, let count):
            write([("start", start), ("count", count)], &writer)
        case .registers(_, let registers):
            write("registers", registers, &writer)
            if registers.count == 2 { WordOrderReadings.write(registers, &writer) }
        case .bits(_, let bits): write("bits", bits, &writer)
        case .writeSingle(_, let address, let value): write([("register", address), ("value", value)], &writer)
        case .writeRegisters(let start, let values):
            write([("start", start), ("count", UInt16(values.count))], &writer)
            write("values", values, &writer)
        case .writeCoils(let start, let bits):
            write([("start", start), ("count", UInt16(bits.count))], &writer)
            write("bits", bits, &writer)
        case .maskWrite(let address, let and, let or):
            write([("register", address), ("and", and), ("or", or)], &writer)
        case .readWriteRequest(let readStart, let readCount, let writeStart, let values):
            write([("start", readStart), ("count", readCount), ("write_start", writeStart)], &writer)
            write("values", values, &writer)
        case .exception(_, let code):
            writer.key("code")
            writer.unsigned(code)
            writer.key("exception")
            if let known = ModbusException(rawValue: code) { writer.string(known.name) } else { writer.null() }
        case .other(_, let bytes):
            writer.key("data")
            writer.beginArray()
            for byte in bytes { writer.unsigned(byte) }
            writer.endArray()
        }
    }

    private static func write(_ fields: [(String, UInt16)], _ writer: inout JSONWriter) {
        for (key, value) in fields {
            writer.key(key)
            writer.unsigned(value)
        }
    }

    private static func write(_ key: String, _ values: [UInt16], _ writer: inout JSONWriter) {
        writer.key(key)
        writer.beginArray()
        for value in values { writer.unsigned(value) }
        writer.endArray()
    }

    private static func write(_ key: String, _ bits: [Bool], _ writer: inout JSONWriter) {
        write(key, bits.map { $0 ? 1 : 0 }, &writer)
    }
}

extension ModbusPDU {
    /// The function that the frame names, without the mark of an exception.
    public var function: UInt8 {
        switch self {
        case .readRequest(let function, _, _), .registers(let function, _), .bits(let function, _),
            .writeSingle(let function, _, _), .written(let function, _, _), .exception(let function, _),
            .other(let function, _):
            function
        case .writeRegisters: 16
        case .writeCoils: 15
        case .maskWrite: 22
        case .readWriteRequest: 23
        }
    }

    /// What the frame is, as `decode` prints it.
    public var kind: String {
        switch self {
        case .readRequest: "request"
        case .registers, .bits: "response"
        case .writeSingle: "write_single"
        case .writeRegisters, .writeCoils: "write_multiple"
        case .written: "write_multiple_response"
        case .maskWrite: "mask_write"
        case .readWriteRequest: "read_write"
        case .exception: "exception"
        case .other: "other"
        }
    }
}
