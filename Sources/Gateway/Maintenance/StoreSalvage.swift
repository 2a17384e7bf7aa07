import EventLoop
import GatewayModel
import Glibc
public import Journal

/// Repairs a store without its daemon: what the daemon would come upon in time is looked for now.
public enum StoreSalvage {
    /// Whether there is anything in the data folder.
    public static func isPossible(in dataDirectory: String) -> Bool {
        ["state.db", "journal"].contains { access("\(dataDirectory)/\($0)", F_OK) == 0 }
    }

    /// Reads every record; segments that turn out to be damaged are replaced by what can be read of them.
    ///
    /// - Returns: what was damaged, `state.db` in a sentence of its own.
    public static func run(dataDirectory: String) throws -> (state: String?, segments: [DamageReport]) {
        let held = try DataDirectory(dataDirectory)
        // Also after what broke off half-way: the daemon comes next.
        defer { withExtendedLifetime(held) { DataDirectory.handOver($0.path) } }
        return try salvage(held.path)
    }

    private static func salvage(_ folder: String) throws -> (state: String?, segments: [DamageReport]) {
        let reserve = SpaceReserve(folder: folder)
        let (state, damage) = try Store.rescueState(folder, reserve: reserve)
        let settings = Journal.Configuration(
            dataDirectory: folder, boot: try BootID.current(), entropy: { UInt64.random(in: .min ... .max) },
            maxBytes: .max / 2)
        let journal = try Journal.open(settings, state: state, clock: SystemClock())
        defer { journal.close() }
        for stream in StreamName.allCases { try read(stream, journal) }
        return (damage.map { "\($0.reason); \($0.kept) rows were saved" }, journal.damage)
    }

    private static func read(_ stream: StreamName, _ journal: Journal) throws(JournalError) {
        var after = SequenceNumber.zero
        var attempts = 0
        while after < journal.status(of: stream).lastSeq {
            do throws(JournalError) {
                after = try journal.visit(stream, after: after, limit: 100_000) { _ in true }.next
            } catch {
                // A segment that is being written is repaired by its writer, who comes round every second.
                attempts += 1
                guard case .retry = error.disposition, attempts < 50 else { throw error }
                poll(nil, 0, 200)
            }
        }
    }
}
