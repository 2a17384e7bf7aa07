public import GatewayModel

/// Neighbours of one table that are read by one request.
public struct ReadBlock: Sendable, Equatable {
    public var table: ModbusTable
    public var start: UInt16
    public var count: Int
    /// The points in it, as indices of the map.
    public var points: [Int]

    public init(table: ModbusTable, start: UInt16, count: Int, points: [Int]) {
        self.table = table
        self.start = start
        self.count = count
        self.points = points
    }
}

extension ModbusMap {
    /// The requests that read a group: neighbours together, unless more than `gapMax` lies between them or the request
    /// would exceed what the device allows.
    public func blocks(of group: Int) -> [ReadBlock] {
        let wanted = points.indices.filter { points[$0].group == group }.sorted {
            (points[$0].table.readFunction, points[$0].address) < (points[$1].table.readFunction, points[$1].address)
        }
        var blocks: [ReadBlock] = []
        for index in wanted {
            let point = points[index]
            let end = Int(point.address) + point.count
            if var last = blocks.last, last.table == point.table {
                let countMax = last.table.isBits ? last.table.countMax : min(registerCountMax, last.table.countMax)
                let lastEnd = Int(last.start) + last.count
                let count = max(end, lastEnd) - Int(last.start)
                if Int(point.address) - lastEnd <= gapMax, count <= countMax {
                    last.count = count
                    last.points.append(index)
                    blocks[blocks.count - 1] = last
                    continue
                }
            }
            blocks.append(ReadBlock(table: point.table, start: point.address, count: point.count, points: [index]))
        }
        return blocks
    }

    /// The block cut into one request a point: what is left when a slave refuses the whole for an address in between.
    public func singles(of block: ReadBlock) -> [ReadBlock] {
        block.points.map {
            ReadBlock(table: block.table, start: points[$0].address, count: points[$0].count, points: [$0])
        }
    }

    /// Adds the readings of a block to the open observation. Bits come as registers of 0 or 1.
    ///
    /// - Parameter registers: what was read, `block.count` of them; fewer give fewer readings.
    public func append(_ registers: [UInt16], of block: ReadBlock, to batch: inout ObservationBatch) {
        for index in block.points {
            let point = points[index]
            let lower = Int(point.address) - Int(block.start)
            guard lower >= 0, lower + point.count <= registers.count else { continue }
            point.append(registers[lower..<(lower + point.count)], to: &batch)
        }
    }
}

extension ModbusMap {
    /// The points that a read request reaches; nil if it is no read request.
    public func block(of request: ModbusPDU) -> ReadBlock? {
        guard case .readRequest(let function, let start, let count) = request,
            let table = ModbusTable.allCases.first(where: { $0.readFunction == function })
        else { return nil }
        let reached = points.indices.filter {
            points[$0].table == table && points[$0].address >= start
                && Int(points[$0].address) + points[$0].count <= Int(start) + Int(count)
        }
        return ReadBlock(table: table, start: start, count: Int(count), points: reached)
    }
}

extension ModbusPDU {
    /// What an answer to a read holds; bits as registers of 0 or 1.
    public var registers: [UInt16]? {
        switch self {
        case .registers(_, let registers): registers
        case .bits(_, let bits): bits.map { $0 ? 1 : 0 }
        default: nil
        }
    }
}
