/// Room for what a library writes at a time.
enum PieceRoom {
    static let byteCount = 16 << 10

    /// Lends room to `body`, which returns its result and how many bytes it wrote, and appends those to `output`.
    static func lend<Status>(
        to output: inout [UInt8], _ body: (UnsafeMutableBufferPointer<UInt8>) -> (status: Status, written: Int)
    ) -> Status {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: byteCount) { room in
            let result = body(room)
            output.append(contentsOf: UnsafeBufferPointer(rebasing: room[..<result.written]))
            return result.status
        }
    }
}
