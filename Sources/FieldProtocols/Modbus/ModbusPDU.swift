/// What a Modbus frame says, without address and checksum.
public enum ModbusPDU: Sendable, Equatable {
    /// Functions 1 to 4: `count` bits or registers from `start`.
    case readRequest(function: UInt8, start: UInt16, count: UInt16)
    /// Functions 3, 4 and 23.
    case registers(function: UInt8, [UInt16])
    /// Functions 1 and 2, first bit first; as many as the bytes hold unless the request is known.
    case bits(function: UInt8, [Bool])
    /// Functions 5 and 6, request and answer alike. A coil is on at 0xFF00.
    case writeSingle(function: UInt8, address: UInt16, value: UInt16)
    /// Function 16.
    case writeRegisters(start: UInt16, [UInt16])
    /// Function 15.
    case writeCoils(start: UInt16, [Bool])
    /// The answer to functions 15 and 16.
    case written(function: UInt8, start: UInt16, count: UInt16)
    /// Function 22, request and answer alike.
    case maskWrite(address: UInt16, and: UInt16, or: UInt16)
    /// Function 23.
    case readWriteRequest(readStart: UInt16, readCount: UInt16, writeStart: UInt16, [UInt16])
    /// The answer in place of any other: `function` without its top bit.
    case exception(function: UInt8, code: UInt8)
    /// Functions that have no shape of their own here: 7, 8, 11, 17, 20, 21, 24 and 43.
    case other(function: UInt8, [UInt8])

    /// The largest counts of the specification.
    public static let registerCountMax = 125
    public static let bitCountMax = 2_000
    public static let writeRegisterCountMax = 123
    public static let writeBitCountMax = 1_968
    /// Bytes of a PDU: an RTU frame has 3 more, a TCP frame 7.
    public static let byteCountMax = 253
}

/// Whether a frame comes from the master or from a slave, which some frames do not tell by themselves.
public enum ModbusSide: Sendable { case request, response }
