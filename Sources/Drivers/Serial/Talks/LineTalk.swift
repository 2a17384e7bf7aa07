import FieldProtocols
import GatewayModel

/// A conversation with a device that speaks in lines, and with it alone: whole ones are read, overlong ones are damage.
protocol LineTalk: PortTalk {
    /// Bytes of a line at most, and what a longer one is called.
    static var lineByteCountMax: Int { get }
    static var overlongLine: String { get }

    var lines: LineCollector { get set }
    var counters: PortCounters { get set }

    /// Takes one line without its end; it is not empty.
    mutating func read(
        _ line: UnsafeRawBufferPointer, _ now: ReceiveTime, _ batch: inout ObservationBatch
    ) -> [PortOutcome]
}

extension LineTalk {
    mutating func received(
        _ bytes: UnsafeRawBufferPointer, at now: ReceiveTime, into batch: inout ObservationBatch
    ) -> [PortOutcome] {
        readLines(bytes, at: now, into: &batch)
    }

    /// Cuts bytes into lines and reads each.
    mutating func readLines(
        _ bytes: UnsafeRawBufferPointer, at now: ReceiveTime, into batch: inout ObservationBatch
    ) -> [PortOutcome] {
        var outcomes: [PortOutcome] = []
        var lines = lines
        lines.receive(bytes) { line in
            guard let line else {
                counters.damaged += 1
                outcomes.append(.damaged(code: Self.overlongLine, byteCount: Self.lineByteCountMax))
                return
            }
            outcomes += read(line, now, &batch)
        }
        self.lines = lines
        return outcomes
    }
}
