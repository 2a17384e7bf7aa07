/// What a transport has decoded since its last commit. Emptied and reused, so that the data path allocates nothing.
public struct ObservationBatch: Sendable {
    public private(set) var observations: [Observation] = []
    public private(set) var readings: [Reading] = []
    public private(set) var bytes: [UInt8] = []
    public private(set) var notes: [Note] = []
    /// What the `heard` of observations points to.
    public private(set) var heardSequences: [ClosedRange<UInt32>] = []
    /// How many observations `settle` has seen.
    private var settledCount = 0
    /// Stays the same until the batch is emptied, whatever is added: a batch that is stored in parts is known by it when it
    /// comes again. Of two copies only one may go on.
    public private(set) var filling = Filling()

    /// Is told from others by being another object.
    public final class Filling: Sendable {
        fileprivate init() {}
    }

    public init() {}

    /// Whether there is nothing to store.
    public var isEmpty: Bool { observations.isEmpty && notes.isEmpty }
    /// Records that the batch will become.
    public var count: Int { observations.count + notes.count }

    /// Adds a reading to the observation being built; `append(_:messageID:)` or `discardReadings()` ends it.
    public mutating func append(_ reading: consuming Reading) { readings.append(reading) }

    /// The readings added since the last observation.
    public var openReadings: Range<Int> { (observations.last?.readings.upperBound ?? 0)..<readings.count }

    /// Lends the readings added since the last observation to `body`, which may change them.
    public mutating func reviseOpenReadings(_ body: (UnsafeMutableBufferPointer<Reading>) -> Void) {
        let open = openReadings
        guard !open.isEmpty else { return }
        readings.withUnsafeMutableBufferPointer { body(UnsafeMutableBufferPointer(rebasing: $0[open])) }
    }

    /// Drops the readings added since the last observation: the message turned out to be unusable.
    public mutating func discardReadings() { readings.removeSubrange(openReadings) }

    /// Drops all but the first `count` of them: one way of reading a message has failed, another may follow.
    public mutating func discardReadings(keeping count: Int) {
        readings.removeSubrange(openReadings.dropFirst(count))
    }

    /// Adds numbers that came without a record to the observation being built; they stand in ascending order.
    public mutating func append(heard numbers: ClosedRange<UInt32>) { heardSequences.append(numbers) }

    /// Closes the observation: it takes the readings added since the last one and the given message id.
    public mutating func append(
        _ observation: Observation, messageID: UnsafeBufferPointer<UInt8> = .init(start: nil, count: 0)
    ) {
        var observation = observation
        observation.readings = openReadings
        let start = bytes.count
        if !messageID.isEmpty { bytes.append(contentsOf: messageID) }
        observation.messageID = start..<bytes.count
        observation.heard = (observations.last?.heard.upperBound ?? 0)..<heardSequences.count
        observations.append(observation)
    }

    /// The observations that `settle` has not seen yet.
    public var unsettled: ArraySlice<Observation> { observations[settledCount...] }

    /// Shows the readings of observations that were added since the last time to `reading`, which may change them; those
    /// for which it says false are left out, and observations of nothing else with them. `isAffected` says which
    /// observations are to be looked at.
    public mutating func settle(
        where isAffected: (Observation) -> Bool, reading: (Observation, inout Reading) -> Bool
    ) {
        defer { settledCount = observations.count }
        guard unsettled.contains(where: isAffected) else { return }
        var write = observations[settledCount].readings.lowerBound
        var kept = settledCount
        let end = observations[observations.count - 1].readings.upperBound
        for index in settledCount..<observations.count {
            var observation = observations[index]
            let (start, affected) = (write, isAffected(observation))
            for position in observation.readings {
                var changed = readings[position]
                guard !affected || reading(observation, &changed) else { continue }
                readings[write] = changed
                write += 1
            }
            let isLeftOut = write == start && !observation.readings.isEmpty && observation.isReadingsOnly
            observation.readings = start..<write
            if isLeftOut { continue }
            observations[kept] = observation
            kept += 1
        }
        observations.removeSubrange(kept...)
        readings.removeSubrange(write..<end)
    }

    /// Adds a record of another stream.
    public mutating func append(_ note: Note) { notes.append(note) }

    /// Says of which message the notes from `index` on were made.
    public mutating func identifyNotes(from index: Int, by messageHash: UInt64, isRedelivered: Bool) {
        for index in index..<notes.count {
            notes[index].messageHash = messageHash
            notes[index].isRedelivered = isRedelivered
        }
    }

    /// Says that the observations from `index` on were made of a message that was sent before.
    public mutating func markRedelivered(from index: Int) {
        for index in index..<observations.count { observations[index].isRedelivered = true }
    }

    /// Drops the observations and the notes from these indices on: their message turned out to be unwanted.
    public mutating func discard(observationsFrom index: Int, notesFrom noteIndex: Int) {
        discardReadings()
        if index < observations.count {
            let first = observations[index]
            readings.removeSubrange(first.readings.lowerBound...)
            bytes.removeSubrange(first.messageID.lowerBound...)
            heardSequences.removeSubrange(first.heard.lowerBound...)
            observations.removeSubrange(index...)
        }
        notes.removeSubrange(noteIndex...)
    }

    /// Empties the batch and keeps its memory for the next.
    public mutating func removeAll() {
        observations.removeAll(keepingCapacity: true)
        readings.removeAll(keepingCapacity: true)
        // Most batches have none of these, and emptying what is empty is not for nothing.
        if !bytes.isEmpty { bytes.removeAll(keepingCapacity: true) }
        if !notes.isEmpty { notes.removeAll(keepingCapacity: true) }
        if !heardSequences.isEmpty { heardSequences.removeAll(keepingCapacity: true) }
        settledCount = 0
        // Somebody may remember this one.
        if !isKnownUniquelyReferenced(&filling) { filling = Filling() }
    }
}
