import GatewayTestKit
import HTTPClient
import JSONText

/// What the gateway has stored, followed over its pull route, held against what the stand-in MAS has.
struct Tally {
    /// Message ids of stored readings by their kind: `mqtt`, `serial`, or that of the device.
    private(set) var stored: [String: Set<String>] = [:]
    /// Records read so far; more than the ids only if an id was stored twice.
    private(set) var records: [String: Int] = [:]
    /// The newest reading of each device.
    private(set) var latest: [(device: String, text: String)] = []
    private var after: Int64 = 0
    /// Devices that are counted as a kind of their own, whatever way they came in.
    var kindsByDevice: [String: String] = [:]

    /// Reads what was stored since the last time.
    mutating func follow(_ gateway: GatewayProcess) {
        while let page = gateway.get("/api/v1/sync/readings?after=\(after)&limit=1000"), page.status == 200 {
            let lines = page.body.split(separator: UInt8(ascii: "\n"))
            for line in lines { take(line) }
            if lines.isEmpty { return }
        }
    }

    /// Stored readings of a kind that the MAS has.
    func delivered(_ kind: String, to ledger: MASLedger) -> Int {
        (stored[kind] ?? []).count { ledger.deliveries[$0] != nil }
    }

    func storedCount(_ kind: String) -> Int { records[kind] ?? 0 }

    private mutating func take(_ line: ArraySlice<UInt8>) {
        // A line that is no record (a gap) is not counted as one.
        guard let record = try? JSON(parsing: String(decoding: line, as: UTF8.self)), let seq = record["seq"]?.int64,
            let source = record["source"]?.string, let id = record["msg_id"]?.string
        else { return }
        let device = record["device"]?.string
        // LoRa comes in several ways; the demo names its devices by them.
        let kind = device.flatMap { kindsByDevice[$0] } ?? (source == "lora" ? device ?? source : source)
        after = max(after, seq)
        stored[kind, default: []].insert(id)
        records[kind, default: 0] += 1
        note(record)
    }

    private mutating func note(_ record: JSON) {
        guard let device = record["device"]?.string, let reading = record["readings"]?.array?.first,
            let name = reading["id"]?.string, let value = reading["v"]
        else { return }
        let text = "\(name) \(value.text) \(reading["u"]?.string ?? "")"
        if let at = latest.firstIndex(where: { $0.device == device }) {
            latest[at].text = text
        } else {
            latest.append((device, text))
        }
    }
}
