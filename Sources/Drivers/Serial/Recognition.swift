import FieldProtocols
import GatewayModel

/// Holds what a board sends until its HELLO has told its id: with aliases by reported id, the readings before it would
/// be kept under another device.
struct Recognition: ~Copyable {
    /// Boards answer within milliseconds; one that does not is named by its port after this while.
    static let waitMilliseconds: Int64 = 2_000
    static let byteCountMax = 65_536

    /// Milliseconds of the monotonic clock.
    let deadline: Int64
    private(set) var held: [UInt8] = []
    private var scout = BoardDecoder()
    private let device: DeviceName
    private var scratch = ObservationBatch()

    init(of device: DeviceName, now: Int64) {
        self.device = device
        deadline = now + Self.waitMilliseconds
    }

    var isFull: Bool { held.count >= Self.byteCountMax }

    /// Holds the bytes; the id of the board if they tell it.
    mutating func hold(_ bytes: UnsafeRawBufferPointer, at time: ReceiveTime) -> String? {
        held.append(contentsOf: bytes)
        defer { scratch.removeAll() }
        for event in scout.receive(bytes, at: time, into: &scratch, device: device) {
            if case .hello(let hello) = event, let id = hello.reportedID { return id }
        }
        return nil
    }
}
