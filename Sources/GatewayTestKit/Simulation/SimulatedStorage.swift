internal import CloudSync
internal import GatewayModel
import Glibc
internal import Journal
internal import SQLite
internal import Synchronization

/// The data folder of a simulated gateway, from life to life.
final class SimulatedStorage {
    enum End {
        /// The process dies; what it has written stays.
        case kill
        /// What was not synced may be gone.
        case powerCut(seed: UInt64)
    }

    private let folder: TemporaryFolder
    private(set) var disk: FaultyDisk
    private var lives = 0
    private let plan: SimulationPlan
    private let epochs: EpochNumbers

    /// Numbers for epoch ids, as the kernel's entropy gives them to the daemon.
    private final class EpochNumbers: Sendable {
        private let random: Mutex<SeededRandom>

        init(seed: UInt64) { random = Mutex(SeededRandom(seed: seed)) }

        func next() -> UInt64 { random.withLock { $0.next() } }
    }

    init(_ plan: SimulationPlan, seed: UInt64) throws {
        self.plan = plan
        folder = try TemporaryFolder("mycogate-simulation")
        disk = FaultyDisk(try folder.folder("0"))
        epochs = EpochNumbers(seed: seed)
    }

    func open(_ clock: any GatewayModel.Clock, boot: Int) throws -> (journal: Journal, seals: SealTable) {
        let state = try Database(path: disk.path + "/state.db")
        try state.migrate(Journal.migrations + SealTable.migrations)
        var configuration = Journal.Configuration(
            dataDirectory: disk.path, boot: "boot-\(boot)", entropy: { [epochs] in epochs.next() },
            maxBytes: plan.maxBytes, linger: .zero)
        configuration.segmentSize = plan.segmentSize
        let journal = try Journal.openWithoutThread(configuration, state: state, clock: clock)
        return (journal, SealTable(database: state))
    }

    /// Leaves a new folder behind as the end of a life would leave it. Call before the journal of that life is closed.
    func end(_ end: End, losingState: Bool) throws {
        disk.cutPower()
        lives += 1
        let next = try folder.folder("\(lives)")
        switch end {
        case .kill: try Self.copy(disk.path, to: next)
        case .powerCut(let seed): try disk.writeSurvivors(to: next, seed: seed)
        }
        if losingState {
            for name in try File.names(in: next) where name.hasPrefix("state.db") { unlink("\(next)/\(name)") }
        }
        disk = FaultyDisk(next)
    }

    private static func copy(_ source: String, to target: String) throws {
        for name in try File.names(in: source) where !name.hasSuffix("-shm") {
            if File.isFolder("\(source)/\(name)") {
                guard mkdir("\(target)/\(name)", 0o755) == 0 else { throw FileError.last("mkdir", "\(target)/\(name)") }
                try copy("\(source)/\(name)", to: "\(target)/\(name)")
            } else {
                try File.write(try File.bytes("\(source)/\(name)"), to: "\(target)/\(name)")
            }
        }
    }
}
