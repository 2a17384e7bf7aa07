import CloudSync
import ControlAPI
import EventLoop
import Fleet
import GatewayModel
import HTTPClient
import Journal

/// The destinations that records are pushed to.
struct PushSide {
    let destinations: [any Destination]
    /// What runs beside them and belongs to them.
    let services: [Service]
    private let sections: [SyncSection.Destination]
    private let companions: [(name: String, flush: @Sendable () -> Void)]
    private let extraWarnings: @Sendable () -> [String]

    init(
        _ configuration: GatewayConfiguration, store: Store, clock: SystemClock, port: @escaping @Sendable () -> Int
    ) throws {
        sections = configuration.sync.destinations
        let builder = DestinationBuilder(configuration: configuration, store: store, clock: clock, port: port)
        var parts = DestinationParts()
        // A fallback looks at its primary, which must be there before.
        let (sections, indices) = (sections, sections.indices)
        let order = indices.filter { sections[$0].website == nil } + indices.filter { sections[$0].website != nil }
        var made: [Int: any Destination] = [:]
        for index in order {
            let destination = try builder.make(sections[index], &parts)
            made[index] = destination
            parts.byName[sections[index].name] = destination
        }
        let all = made
        destinations = indices.compactMap { all[$0] }
        services = parts.services
        companions = parts.companions
        let warnings = parts.warnings
        extraWarnings = { warnings.flatMap { $0() } }
    }

    var reports: [DestinationReport] {
        zip(sections, destinations).map { section, destination in
            let status = destination.status
            return DestinationReport(
                name: section.name, kind: section.kind.rawValue, url: section.url, state: status.state.rawValue,
                reason: status.reason, lag: status.lag, lastAcknowledgement: status.lastAck, sent: Int64(status.sent),
                refused: Int64(status.refused))
        }
    }

    var warnings: [String] {
        extraWarnings()
            + destinations.flatMap { destination in
                let status = destination.status
                return status.warnings.map { "\(status.name): \($0)" }
                    + status.refusedHeartbeats.sorted { $0.key < $1.key }.map {
                        "\(status.name): heartbeat of \($0.key) refused: \($0.value)"
                    }
            }
    }

    /// Wakes the named destination, or all. The names that were woken.
    func flush(_ name: String?) -> [String] {
        for companion in companions where name == nil || name == companion.name { companion.flush() }
        return zip(sections, destinations).compactMap { section, destination in
            guard name == nil || name == section.name else { return nil }
            destination.flush()
            return section.name
        }
    }

    /// Makes all destinations announce the gateway and its devices again. Their names.
    func announce() -> [String] {
        for destination in destinations { destination.announce() }
        return sections.map(\.name)
    }

    /// Sends a condemned record again and waits for the answer; a delivered one is forgotten as refused.
    func resend(_ id: Int64, _ journal: Journal) async throws -> ResendOutcome {
        for destination in destinations {
            let name = destination.status.name
            guard let refused = try journal.refused(by: name).first(where: { $0.id == id }) else { continue }
            let before = SequenceNumber(refused.seq.rawValue - 1)
            guard let record = try journal.read(refused.stream, after: before, limit: 1).records.first,
                record.seq == refused.seq
            else { return .failed("the record is no longer kept") }
            // A request may take long: it gets a thread, not one of the few that all tasks share.
            let outcome = try await DedicatedThread.run(named: "resend") { _ in destination.resend(record) }
            switch outcome {
            case .delivered:
                try journal.forget(refused: id)
                return .delivered
            case .failed(let reason): return .failed(reason)
            }
        }
        return .unknown
    }
}
