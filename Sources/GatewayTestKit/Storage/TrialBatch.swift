internal import GatewayModel
internal import Journal

/// One append of a storage trial: messages that can be told apart again when they are read, and a note for each of two
/// streams, so that each append is three commits, of which any may fail.
struct TrialBatch {
    let round: Int
    let messages: [Int]

    init(round: Int, count: Int) {
        self.round = round
        messages = Array(round * count..<(round + 1) * count)
    }

    /// A third of the messages have an id, a third a number of their device, the others neither.
    func observations(at received: ReceiveTime) -> ObservationBatch {
        var batch = ObservationBatch()
        let devices = ["named", "numbered", "plain"].compactMap { DeviceID($0).flatMap { DeviceName($0) } }
        for number in messages {
            let kind = number % devices.count
            var observation = Observation(device: devices[kind], received: received, source: .mqtt)
            observation.payloadHash = UInt64(number) &* 0x9E37_79B9_7F4A_7C15
            if kind == 1 { observation.deviceSeq = UInt32(number / devices.count) }
            batch.append(Reading(MetricName(known: "sys.state"), .text(Self.prefix + String(number)), unit: .one))
            var id = kind == 0 ? "m-\(number)" : ""
            id.withUTF8 { batch.append(observation, messageID: $0) }
        }
        for stream in Self.noteStreams {
            batch.append(Note(stream, kind: "trial", body: #"{"round":\#(round)}"#, received: received))
        }
        return batch
    }

    static let noteStreams: [StreamName] = [.logs, .audit]
    private static let prefix = String(repeating: "0123456789abcdef", count: 6)

    /// The message's number; nil if the record is none of a trial, or not what was appended.
    static func number(of record: StoredRecord) -> Int? {
        guard case .text(let text)? = record.readings.first?.value, text.hasPrefix(prefix),
            let number = Int(text.dropFirst(prefix.utf8.count)),
            record.messageID == (number % 3 == 0 ? "m-\(number)" : nil),
            record.deviceSeq == (number % 3 == 1 ? UInt32(number / 3) : nil)
        else { return nil }
        return number
    }
}
