internal import GatewayModel
internal import Journal

/// What was published and what was promised about it, kept outside of the gateway.
struct SimulationLedger {
    private(set) var messages: [SimulatedMessage] = []
    /// Those that the gateway has acknowledged to the broker, or confirmed to their devices.
    private(set) var acknowledged: Set<Int> = []
    /// Those that the broker has lost.
    private(set) var forgotten: Set<Int> = []

    mutating func publish(_ message: SimulatedMessage) { messages.append(message) }
    mutating func acknowledge(_ numbers: [Int]) { acknowledged.formUnion(numbers) }
    mutating func forget(_ numbers: [Int]) { forgotten.formUnion(numbers) }

    /// A message that was sent again is the broker's again.
    mutating func remember(_ number: Int) { forgotten.remove(number) }

    func isPublished(_ number: Int, by device: String) -> Bool {
        messages.indices.contains(number) && messages[number].device == device
    }

    /// Compares what the journal holds in the end with what was published.
    ///
    /// - Parameter knowsReasons: false if the ledger of losses went with a lost state.db.
    func check(_ records: [StoredRecord], _ gaps: [StreamGap], knowsReasons: Bool) throws {
        var seen: Set<Int> = []
        for record in records { try check(record, &seen) }
        for gap in gaps where knowsReasons && !["evicted", "disk_full"].contains(gap.reason) {
            throw SimulationViolation("records \(gap.from) to \(gap.to) are gone: \(gap.reason)")
        }
        let evicted = gaps.reduce(0) { $0 + $1.count }
        let missing = messages.indices.filter { !seen.contains($0) && !forgotten.contains($0) }
        let lost = acknowledged.filter { !seen.contains($0) }
        guard Int64(max(missing.count, lost.count)) <= evicted else {
            let first = lost.min() ?? missing.first ?? 0
            throw SimulationViolation(
                "\(missing.count) messages are missing, \(lost.count) of them acknowledged, and \(evicted) records were "
                    + "evicted: message \(first) of \(messages[first].device) is one")
        }
    }

    private func check(_ record: StoredRecord, _ seen: inout Set<Int>) throws {
        guard let number = record.simulatedNumber, messages.indices.contains(number) else {
            throw SimulationViolation("record \(record.seq) is none that was published")
        }
        let message = messages[number]
        guard record.device?.text == message.device, record.deviceSeq == message.seq, record.messageID == message.id
        else { throw SimulationViolation("record \(record.seq) is not message \(number) as it was published") }
        guard seen.insert(number).inserted else {
            throw SimulationViolation("message \(number) of \(message.device) is stored twice, again as \(record.seq)")
        }
    }
}

extension StoredRecord {
    /// What a simulated device's message said.
    var simulatedNumber: Int? {
        let reading = readings.first { $0.metric.text == "simulated.number" }
        guard stream == .readings, case .number(let value)? = reading?.value else { return nil }
        return Int(exactly: value)
    }
}
