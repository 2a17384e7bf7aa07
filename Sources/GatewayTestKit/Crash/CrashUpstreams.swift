internal import JSONText
internal import NATS

/// The MAS, which stores by message id.
struct CrashMAS: CrashUpstream {
    let name = "mas"
    private let server: StandInMAS

    init() throws { server = try StandInMAS() }

    var sections: [String] { ["{name: mas, kind: mas, url: \"\(server.url)\"}"] }

    func arrivalCount() -> Int { server.withLedger { $0.accepted } }

    func enter(into arrivals: inout CrashArrivals) throws {
        let (deliveries, repeats, differing) = server.withLedger { ($0.deliveries, $0.repeats, $0.differing) }
        for (id, delivery) in deliveries {
            let body = try JSON(parsing: delivery.envelope)
            if let number = CrashTrial.number(inPack: body["envelope"]) { arrivals.note(number, as: id) }
        }
        arrivals.repeats = repeats
        arrivals.differing = differing
    }
}

/// MINDEX, which stores samples by device, sequence, message id and reading.
struct CrashMINDEX: CrashUpstream {
    let name = "mindex"
    private let server: StandInMINDEX
    private let secrets: TemporaryFolder

    init() throws {
        server = try StandInMINDEX()
        secrets = try TemporaryFolder("crash-mindex")
        try File.write("token\n", to: secrets.file("token"))
    }

    var sections: [String] {
        ["{name: mindex, kind: mindex, url: \"\(server.url)\", token_file: \(secrets.file("token"))}"]
    }

    func arrivalCount() -> Int { server.withLedger { $0.envelopes.count } }

    func enter(into arrivals: inout CrashArrivals) throws {
        let ledger = server.withLedger { $0 }
        let suffix = ":" + CrashTrial.metric
        for (key, value) in ledger.samples where key.hasSuffix(suffix) {
            if let number = Double(value).flatMap({ Int(exactly: $0) }) { arrivals.note(number, as: key) }
        }
        arrivals.repeats = ledger.repeats
        arrivals.differing = ledger.differing
    }
}

/// Mycorrhizae, which drops a message whose device, sequence and id it knows.
struct CrashMycorrhizae: CrashUpstream {
    let name = "broker"
    private let server: StandInMycorrhizae
    private let secrets: TemporaryFolder

    init() throws {
        server = try StandInMycorrhizae()
        secrets = try TemporaryFolder("crash-broker")
        try File.write("myco_key\n", to: secrets.file("key"))
    }

    var sections: [String] {
        ["{name: broker, kind: mycorrhizae, url: \"\(server.url)\", api_key_file: \(secrets.file("key"))}"]
    }

    func arrivalCount() -> Int { server.withLedger { $0.messages.count + $0.repeats } }

    func enter(into arrivals: inout CrashArrivals) throws {
        let ledger = server.withLedger { $0 }
        for (index, message) in ledger.messages.enumerated() {
            let number = CrashTrial.number(inPack: try JSON(parsing: message.body)["payload"])
            if let number { arrivals.note(number, as: String(index)) }
        }
        arrivals.repeats = ledger.repeats
        arrivals.differing = ledger.differing
    }
}

/// The website, which stores whatever comes; it stands in for a MAS that nobody can reach.
struct CrashWebsite: CrashUpstream {
    let name = "site"
    private let server: StandInWebsite
    private let closedPort: Int

    init() throws {
        server = try StandInWebsite()
        closedPort = try LoopbackPort.free()
    }

    var sections: [String] {
        [
            "{name: site, kind: website, url: \"\(server.url)\", fallback_for: away, after: 1s}",
            "{name: away, kind: mas, url: \"http://127.0.0.1:\(closedPort)\"}",
        ]
    }

    func arrivalCount() -> Int { server.bodies.count }

    func enter(into arrivals: inout CrashArrivals) throws {
        var known: [String: [UInt8]] = [:]
        for bytes in server.bodies {
            let body = try JSON(parsing: bytes)
            guard let id = body["raw"]?["msgId"]?.string else { continue }
            if let first = known[id] {
                arrivals.repeats += 1
                if first != bytes { arrivals.differing += 1 }
                continue
            }
            known[id] = bytes
            let number = body["sensors"]?[CrashTrial.metric]?.double.flatMap { Int(exactly: $0) }
            if let number { arrivals.note(number, as: id) }
        }
    }
}

/// A collector that stores a batch by its key.
struct CrashLake: CrashUpstream {
    let name = "lake"
    private let server: StandInCollector

    init() throws { server = try StandInCollector() }

    var sections: [String] { ["{name: lake, kind: http, url: \"\(server.url)\", streams: [readings]}"] }

    func arrivalCount() -> Int { server.withLedger { $0.requests } }

    func enter(into arrivals: inout CrashArrivals) throws {
        let ledger = server.withLedger { $0 }
        for (index, line) in ledger.lines.enumerated() {
            if let number = CrashTrial.number(inRecord: try JSON(parsing: line)) {
                arrivals.note(number, as: String(index))
            }
        }
        arrivals.repeats = ledger.repeats
        arrivals.differing = ledger.differing
    }
}

/// InfluxDB, where a point that is written again stays one.
struct CrashInflux: CrashUpstream {
    let name = "influx"
    private let server: StandInCollector

    init() throws { server = try StandInCollector() }

    var sections: [String] {
        ["{name: influx, kind: influx, url: \"\(server.url)\", database: site, streams: [readings]}"]
    }

    func arrivalCount() -> Int { server.withLedger { $0.requests } }

    func enter(into arrivals: inout CrashArrivals) throws {
        var points: [String: Substring] = [:]
        for line in server.withLedger({ $0.lines }) where line.hasPrefix(CrashTrial.metric + ",") {
            let parts = line.split(separator: " ")
            guard parts.count == 3 else { continue }
            // Measurement, tags and time are what a point is known by.
            let point = "\(parts[0]) \(parts[2])"
            if let first = points.updateValue(parts[1], forKey: point) {
                arrivals.repeats += 1
                if first != parts[1] { arrivals.differing += 1 }
            }
            let value = parts[1].split(separator: ",").first { $0.hasPrefix("value=") }
            let number = value.flatMap { Double($0.dropFirst("value=".count)) }.flatMap { Int(exactly: $0) }
            if let number { arrivals.note(number, as: point) }
        }
    }
}

/// A real nats-server, which takes a message only behind the one that its sender names.
final class CrashHub: CrashUpstream {
    let name = "hub"
    private let server: NATSServerProcess
    private var connection: NATSConnection?
    private static let stream = "mycogate-gw-test-1"

    init() throws { server = try NATSServerProcess() }

    var sections: [String] { ["{name: hub, kind: nats, url: \"\(server.url)\", streams: [readings]}"] }

    func arrivalCount() -> Int {
        do throws(NATSError) {
            let open =
                if let connection { connection } else {
                    try NATSConnection(NATSSettings(), address: server.url, onArrival: {})
                }
            connection = open
            return Int(clamping: try open.stream(Self.stream)?.messages ?? 0)
        } catch {
            connection = nil
            return 0
        }
    }

    func enter(into arrivals: inout CrashArrivals) throws {
        for message in try StreamContents.read(Self.stream, at: server.url) {
            let number = CrashTrial.number(inRecord: try JSON(parsing: message.body))
            if let number { arrivals.note(number, as: String(message.sequence)) }
        }
    }
}
