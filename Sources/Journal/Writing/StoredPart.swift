internal import GatewayModel

/// What is durable of a batch of which another part could not be stored.
///
/// Streams are files of their own, so that their commits succeed or fail one by one. The batch as a whole is refused then
/// and comes again; what is durable of it must not be stored a second time, and neither a note nor a message without id
/// and number could be recognised by itself.
struct StoredPart {
    /// Those of the first observations.
    var outcomes: [AppendReceipt.Outcome] = []
    /// How many of the notes that belong into a stream.
    var noteCounts: [StreamName: Int] = [:]

    var isEmpty: Bool { outcomes.isEmpty && noteCounts.isEmpty }
}

/// The stored parts of batches that will come again. On the writer's thread.
struct PartlyStored {
    private var parts: [(filling: ObservationBatch.Filling, part: StoredPart)] = []

    /// Each transport has one batch that comes again; what was given up by its owner is forgotten in its turn.
    private static let countMax = 64

    mutating func take(_ filling: ObservationBatch.Filling) -> StoredPart {
        guard let index = parts.firstIndex(where: { $0.filling === filling }) else { return StoredPart() }
        return parts.remove(at: index).part
    }

    mutating func keep(_ filling: ObservationBatch.Filling, _ part: StoredPart) {
        guard !part.isEmpty else { return }
        if parts.count == Self.countMax { parts.removeFirst() }
        parts.append((filling, part))
    }
}
