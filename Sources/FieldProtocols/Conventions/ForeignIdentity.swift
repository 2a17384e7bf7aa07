internal import Crypto
internal import GatewayModel
internal import JSONText

/// Ids of messages whose convention has none, made of what it has instead: a repetition gets the same one.
///
/// The topic is part of it, as a hash, so that no two devices can come to the same id.
struct ForeignIdentity {
    private var text: [UInt8] = []

    /// `prefix-TOPICHASH-number-number…`
    mutating func make(_ prefix: StaticString, _ message: TopicMessage, _ numbers: UInt64...) {
        text.removeAll(keepingCapacity: true)
        text.append(contentsOf: UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
        Hex.append(message.topicHash, to: &text)
        for number in numbers {
            text.append(UInt8(ascii: "-"))
            NumberText.append(number, to: &text)
        }
    }

    /// `prefix-TOPICHASH-PAYLOADHASH`: the same content on the same topic is the same message. `observation` is of it.
    mutating func make(_ prefix: StaticString, _ message: TopicMessage, _ observation: Observation) {
        make(prefix, message)
        text.append(UInt8(ascii: "-"))
        Hex.append(observation.payloadHash, to: &text)
    }

    /// Tells several records of one message apart.
    mutating func add(_ part: UInt64) {
        guard part > 0 else { return }
        text.append(UInt8(ascii: "-"))
        NumberText.append(part, to: &text)
    }

    /// Closes the observation of a message that has no number and no time. What the broker keeps comes again with each
    /// subscription, so a retained value is known by its content; a live one may well be the same as the last.
    mutating func close(
        _ observation: Observation, of message: TopicMessage, part: UInt64 = 0, in batch: inout ObservationBatch
    ) {
        guard message.isRetained else { return batch.append(observation) }
        make("kept-", message, observation)
        add(part)
        append(observation, to: &batch)
    }

    /// Closes the observation with the id made last.
    func append(_ observation: Observation, to batch: inout ObservationBatch) {
        text.withUnsafeBufferPointer { batch.append(observation, messageID: $0) }
    }
}
