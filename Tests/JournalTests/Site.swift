import GatewayModel
import GatewayTestKit
import Journal
import SQLite
import Synchronization

/// A journal in a folder of its own, with what tests do to it over and over.
final class Site {
    let path: String
    /// Holds the folder in being, unless the test brought its own.
    private let folder: TemporaryFolder?
    let clock = VirtualClock()
    var segmentSize: Int64
    var maxBytes: Int64
    private let retention: [StreamName: StreamRetention]
    private(set) var reserve: SpaceReserve?
    private(set) var journal: Journal
    private static let epochs = Mutex<UInt64>(0x6F1C_0000_0000_0000)

    init(
        segmentSize: Int64 = 64 << 20, maxBytes: Int64 = 2 << 30, retention: [StreamName: StreamRetention] = [:]
    ) throws {
        let folder = try TemporaryFolder("journal")
        self.folder = folder
        path = folder.path
        self.segmentSize = segmentSize
        self.maxBytes = maxBytes
        self.retention = retention
        reserve = nil
        journal = try Self.open(path, clock, segmentSize, maxBytes, retention)
    }

    /// A journal in a folder of the test's.
    init(path: String, hasReserve: Bool = false) throws {
        folder = nil
        self.path = path
        segmentSize = 64 << 20
        maxBytes = 2 << 30
        retention = [:]
        reserve = hasReserve ? SpaceReserve(folder: path) : nil
        journal = try Self.open(path, clock, reserve: reserve)
    }

    static func open(
        _ path: String, _ clock: VirtualClock, _ segmentSize: Int64 = 64 << 20, _ maxBytes: Int64 = 2 << 30,
        _ retention: [StreamName: StreamRetention] = [:], reserve: SpaceReserve? = nil,
        hasThread: Bool = true
    ) throws -> Journal {
        let state = try openState(path, reserve)
        let configuration = Journal.Configuration(
            dataDirectory: path, boot: "b7e1",
            entropy: {
                epochs.withLock {
                    $0 += 1
                    return $0
                }
            }, segmentSize: segmentSize, maxBytes: maxBytes, retention: retention, reserve: reserve,
            linger: .milliseconds(1))
        return hasThread
            ? try Journal.open(configuration, state: state, clock: clock)
            : try Journal.openWithoutThread(configuration, state: state, clock: clock)
    }

    /// As the daemon does it: a disk that is too full even for that gets the reserve.
    private static func openState(_ path: String, _ reserve: SpaceReserve?) throws -> Database {
        for isLast in [false, true] {
            do throws(SQLiteError) {
                let state = try Database(path: path + "/state.db", walSize: reserve == nil ? 4 << 20 : 128 << 10)
                try state.migrate(Journal.migrations)
                return state
            } catch {
                guard !isLast, error.code == .full, reserve?.release() == true else { throw error }
            }
        }
        throw SQLiteError(.full, message: path)
    }

    /// Ends the journal as SIGTERM does, and opens it again.
    func restart() throws {
        journal.close()
        try reopen()
    }

    /// Dies by a kill: the files as they are while the writer has them open take the place of what closing makes of them.
    func kill(beforeOpening: () -> Void = {}) throws {
        let raw = try TemporaryFolder("journal-raw")
        // The writer may still be tidying up: only what did not change meanwhile is one moment's.
        var before: [String] = []
        repeat {
            before = stamps(below: path)
            try removeTree(raw.path)
            try copyTree(path, raw.path)
        } while stamps(below: path) != before
        journal.close()
        try removeTree(path)
        try copyTree(raw.path, path)
        beforeOpening()
        try reopen()
    }

    private func reopen() throws {
        if reserve != nil { reserve = SpaceReserve(folder: path) }
        journal = try Self.open(path, clock, segmentSize, maxBytes, retention, reserve: reserve)
    }

    func records(_ stream: StreamName = .readings) throws -> [StoredRecord] {
        try JournalFolder.records(journal, stream)
    }

    func kinds() throws -> [String] { try records(.events).compactMap { $0.kind } }
}

/// One message as a test writes it.
struct Message {
    var device = "board-1"
    var seq: UInt32?
    var id: String?
    var payload: UInt64 = 0
    var uptime: Int64?
    var isAnnounced = false
    var source = SourceKind.mqtt
    /// As a resumed session sends what is not acknowledged.
    var isRedelivered = true
    var value = 21.5

    static func numbered(
        _ seq: UInt32, payload: UInt64? = nil, device: String = "board-1", uptime: Int64? = nil
    ) -> Message {
        Message(device: device, seq: seq, payload: payload ?? UInt64(seq) + 1_000, uptime: uptime)
    }
}

extension Site {
    @discardableResult
    func append(_ messages: [Message], sessionStart: SessionStart? = nil) throws -> AppendReceipt {
        try journal.append(batch(messages), sessionStart: sessionStart)
    }

    @discardableResult
    func append(_ messages: Message...) throws -> AppendReceipt { try append(messages) }

    func batch(_ messages: [Message]) -> ObservationBatch {
        var batch = ObservationBatch()
        for message in messages {
            guard let id = DeviceID(message.device), let device = DeviceName(id) else { continue }
            var observation = Observation(device: device, received: clock.now(), source: message.source)
            observation.deviceSeq = message.seq
            observation.payloadHash = message.payload
            observation.isRedelivered = message.isRedelivered
            if message.isAnnounced { observation.bootEvidence = .announced }
            if let uptime = message.uptime { observation.bootEvidence = .uptime(milliseconds: uptime) }
            batch.append(Reading(MetricName(known: "bme688_a.temperature"), .number(message.value), unit: .celsius))
            batch.append(Reading(MetricName(known: "bme688_a.humidity"), .number(45.25), unit: .percent))
            var text = message.id ?? ""
            text.withUTF8 { batch.append(observation, messageID: $0) }
        }
        return batch
    }
}
