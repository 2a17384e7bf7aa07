import Fleet
import GatewayModel
import Journal
import JSONText

/// `GET /api/v1/status`.
enum StatusDocument {
    static func json(_ sources: ControlSources) -> JSON {
        let now = sources.clock.now()
        let journal = sources.journal
        let counters = journal.counters
        let devices = sources.devices.count(onlineAt: now)
        let obstacles = sources.obstacles()
        let rejections = sources.rejections().sorted { $0.key < $1.key }
        return [
            "gateway_id": .string(sources.gateway.text),
            "site": .optional(sources.site),
            "version": .string(sources.version),
            "uptime_s": .integer(max(0, (now.monotonicMilliseconds - sources.started.monotonicMilliseconds) / 1_000)),
            "time": .time(now.wall),
            "time_trusted": .bool(now.wall.trusted),
            "clock_evidence": .string(sources.clockEvidence()),
            "ready": .bool(obstacles.isEmpty),
            "obstacles": .strings(obstacles),
            "warnings": .strings(sources.warnings()),
            "epoch": .string(journal.epoch),
            "streams": .members(
                StreamName.allCases.map { stream in
                    let status = journal.status(of: stream)
                    return (
                        stream.rawValue,
                        [
                            "first_seq": .integer(status.firstSeq.rawValue),
                            "last_seq": .integer(status.lastSeq.rawValue), "bytes": .integer(status.bytes),
                        ]
                    )
                }),
            "destinations": .members(sources.destinations().map { ($0.name, json($0)) }),
            "devices": ["online": .integer(Int64(devices.online)), "total": .integer(Int64(devices.total))],
            "intake": [
                "accepted": .integer(counters.accepted), "duplicates": .integer(counters.duplicates),
                "rejected": .members(rejections.map { ($0.key, .integer($0.value)) }),
            ],
            "losses": .members(StreamName.allCases.map { ($0.rawValue, .integer(counters.losses[$0] ?? 0)) }),
            "disk": json(journal.disk),
            "memory_bytes": .integer(sources.residentBytes()),
        ]
    }

    private static func json(_ disk: DiskStatus) -> JSON {
        [
            "bytes": .integer(disk.total), "free_bytes": .integer(disk.available),
            "reserve_bytes": .integer(disk.reserve), "budget_bytes": .integer(disk.budget),
            "segment_bytes": .integer(disk.segmentSize),
        ]
    }

    static func json(_ report: DestinationReport) -> JSON {
        [
            "kind": .string(report.kind), "url": .string(report.url), "state": .string(report.state),
            "reason": .optional(report.reason), "lag": .integer(report.lag),
            "last_ack": .time(report.lastAcknowledgement), "sent": .integer(report.sent),
            "refused": .integer(report.refused),
        ]
    }
}
