import Fleet
import GatewayModel
import Journal
import JSONText

/// `GET /metrics`: Prometheus text exposition format 0.0.4.
enum MetricsText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    static func text(_ sources: ControlSources) -> String { render(measures(sources) + sources.measures()) }

    private static func measures(_ sources: ControlSources) -> [Measure] {
        let now = sources.clock.now()
        let counters = sources.journal.counters
        let devices = sources.devices.count(onlineAt: now)
        let uptime = Double(now.monotonicMilliseconds - sources.started.monotonicMilliseconds) / 1_000
        var list = [
            Measure("mycogate_ready", .gauge, help: "1 when ready", sources.obstacles().isEmpty ? 1 : 0),
            Measure("mycogate_uptime_seconds", .gauge, help: "Seconds since the start", uptime),
            Measure("mycogate_resident_bytes", .gauge, help: "Resident memory", Double(sources.residentBytes())),
            Measure("mycogate_intake_accepted_total", .counter, help: "Messages stored", Double(counters.accepted)),
            Measure(
                "mycogate_intake_duplicates_total", .counter, help: "Messages recognised as stored before",
                Double(counters.duplicates)),
            Measure("mycogate_commits_total", .counter, help: "Commits of the journal", Double(counters.commits)),
            Measure(
                "mycogate_commits_failed_total", .counter, help: "Commits that the disk refused",
                Double(counters.failedCommits)),
            Measure("mycogate_devices", .gauge, help: "Known devices", Double(devices.total)),
            Measure("mycogate_devices_online", .gauge, help: "Devices that are there", Double(devices.online)),
        ]
        for (reason, count) in sources.rejections().sorted(by: { $0.key < $1.key }) {
            list.append(
                Measure(
                    "mycogate_intake_rejected_total", .counter, help: "Messages refused at intake, by reason",
                    labels: [("reason", reason)], Double(count)))
        }
        list += measures(sources.journal.disk)
        for stream in StreamName.allCases { list += measures(stream, sources, losses: counters.losses[stream] ?? 0) }
        for report in sources.destinations() { list += measures(report) }
        return list
    }

    private static func measures(_ disk: DiskStatus) -> [Measure] {
        [
            Measure("mycogate_disk_bytes", .gauge, help: "Size of the journal's disk", Double(disk.total)),
            Measure("mycogate_disk_free_bytes", .gauge, help: "Free on it", Double(disk.available)),
            Measure(
                "mycogate_disk_reserve_bytes", .gauge, help: "Kept back for what must be written on a full disk",
                Double(disk.reserve)),
            Measure("mycogate_journal_budget_bytes", .gauge, help: "What all streams may take", Double(disk.budget)),
        ]
    }

    private static func measures(_ stream: StreamName, _ sources: ControlSources, losses: Int64) -> [Measure] {
        let status = sources.journal.status(of: stream)
        let labels = [("stream", stream.rawValue)]
        return [
            Measure(
                "mycogate_stream_last_seq", .counter, help: "Newest sequence number", labels: labels,
                Double(status.lastSeq.rawValue)),
            Measure(
                "mycogate_stream_first_seq", .gauge, help: "Oldest sequence number kept", labels: labels,
                Double(status.firstSeq.rawValue)),
            Measure("mycogate_stream_bytes", .gauge, help: "Bytes on disk", labels: labels, Double(status.bytes)),
            Measure(
                "mycogate_stream_lost_total", .counter, help: "Records lost before they were delivered", labels: labels,
                Double(losses)),
        ]
            + gone(sources.journal.losses(of: stream)).map { reason, count in
                Measure(
                    "mycogate_stream_gone_total", .counter, help: "Records that are gone, needed or not, by reason",
                    labels: labels + [("reason", reason)], Double(count))
            }
            + sources.journal.consumers(of: stream).map { consumer in
                Measure(
                    "mycogate_consumer_lag", .gauge, help: "Records not acknowledged yet",
                    labels: labels + [("consumer", consumer.name)], Double(consumer.lag))
            }
    }

    private static func gone(_ losses: [StreamLoss]) -> [(reason: String, count: Int64)] {
        var counts: [String: Int64] = [:]
        for loss in losses { counts[loss.gap.reason, default: 0] += loss.gap.count }
        return counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private static func measures(_ report: DestinationReport) -> [Measure] {
        let labels = [("destination", report.name)]
        return [
            Measure(
                "mycogate_destination_connected", .gauge, help: "1 while it takes what it is sent", labels: labels,
                report.state == "connected" ? 1 : 0),
            Measure(
                "mycogate_destination_sent_total", .counter, help: "Requests acknowledged", labels: labels,
                Double(report.sent)),
            Measure(
                "mycogate_destination_refused_total", .counter, help: "Records condemned", labels: labels,
                Double(report.refused)),
        ]
    }

    /// Samples of one name stand together under one head, as the format asks.
    static func render(_ measures: [Measure]) -> String {
        var order: [String] = []
        var groups: [String: [Measure]] = [:]
        for measure in measures {
            if groups[measure.name] == nil { order.append(measure.name) }
            groups[measure.name, default: []].append(measure)
        }
        var text = ""
        for name in order {
            guard let group = groups[name], let first = group.first else { continue }
            text += "# HELP \(name) \(first.help)\n# TYPE \(name) \(first.kind.rawValue)\n"
            for measure in group {
                let labels = measure.labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",")
                var number: [UInt8] = []
                NumberText.appendShort(measure.value, to: &number)
                text +=
                    name + (labels.isEmpty ? "" : "{\(labels)}") + " " + String(decoding: number, as: UTF8.self) + "\n"
            }
        }
        return text
    }

    private static func escaped(_ value: String) -> String {
        var escaped = ""
        for character in value {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
