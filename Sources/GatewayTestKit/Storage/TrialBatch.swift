internal import GatewayModel
internal import Journal

/// One append of a storage trial: messages that can be told apart again when they are read, and one note.
struct TrialBatch {
    let round: Int
    let messages: [Int]

    init(round: Int, count: Int) {
        self.round = round
        messages = Array(round * count..<(round + 1) * count)
    }

    /// Every second message has an id, the others a number of their device.
    func observations(at received: ReceiveTime) -> ObservationBatch {
        var batch = ObservationBatch()
        guard let named = DeviceID("named").flatMap({ DeviceName($0) }),
            let numbered = DeviceID("numbered").flatMap({ DeviceName($0) })
        else { preconditionFailure("both are names of devices") }
        for number in messages {
            let isNamed = number % 2 == 0
            var observation = Observation(device: isNamed ? named : numbered, received: received, source: .mqtt)
            observation.payloadHash = UInt64(number) &* 0x9E37_79B9_7F4A_7C15
            if !isNamed { observation.deviceSeq = UInt32(number / 2) }
            let text = String(repeating: "0123456789abcdef", count: 6) + String(number)
            batch.append(Reading(MetricName(known: "sys.state"), .text(text), unit: .one))
            var id = isNamed ? "m-\(number)" : ""
            id.withUTF8 { batch.append(observation, messageID: $0) }
        }
        batch.append(Note(.audit, kind: "trial", body: #"{"round":\#(round)}"#, received: received))
        return batch
    }

    /// The message's number; nil if the record is none of a trial, or not what was appended.
    static func number(of record: StoredRecord) -> Int? {
        let number = record.messageID.flatMap { Int($0.dropFirst(2)) } ?? record.deviceSeq.map { Int($0) * 2 + 1 }
        guard let number, case .text(let text)? = record.readings.first?.value, text.hasSuffix("f\(number)") else {
            return nil
        }
        return number
    }
}
