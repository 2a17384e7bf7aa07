internal import Synchronization

/// A folder whose files fail when a test says so, and of which a power cut leaves what was synced and some of the rest.
///
/// Everything that SQLite and `FileCalls` do below the folder passes through here while this lives. Calls that change
/// something are counted from 1, so that a scenario can be repeated with a fault at each of them in turn.
public final class FaultyDisk: Sendable {
    /// What can be made to fail.
    public enum Call: CaseIterable, Sendable {
        case open, write, truncate, sync, delete, sharedMemory, makeFolder, rename, syncFolder
    }

    /// How it fails.
    public enum Fault: CaseIterable, Sendable {
        case noSpace
        case ioError
        /// A write stops half way; other calls fail as with `ioError`.
        case shortWrite
    }

    /// What a call is told.
    enum Verdict {
        case proceed
        case fail(Fault)
        /// The power goes while this call is at work: it may have had its effect, or part of it.
        case die
    }

    private struct Plan {
        var fault: Fault
        var calls: Set<Call>
        /// Matching calls until it begins.
        var countdown: Int
        var isLasting: Bool
    }

    private struct State {
        var plan: Plan?
        var callCount = 0
        var failureCount = 0
        var cutAt: Int?
        var isOff = false
        var contents: DiskContents
    }

    /// The folder.
    public let path: String
    private let state: Mutex<State>

    private struct Entry {
        var prefix: String
        weak var disk: FaultyDisk?
    }

    private static let disks = Mutex<[Entry]>([])

    /// Takes over a folder; what it holds now counts as synced.
    public init(_ path: String) {
        self.path = path
        state = Mutex(State(contents: DiskContents(readFrom: path)))
        FaultyVFS.register()
        let entry = Entry(prefix: path + "/", disk: self)
        Self.disks.withLock { $0.append(entry) }
    }

    deinit {
        Self.disks.withLock { $0.removeAll { $0.disk == nil || $0.prefix == path + "/" } }
    }

    /// The disk that a path is on, if any.
    static func holding(_ path: String) -> FaultyDisk? {
        disks.withLock { $0.last { path.hasPrefix($0.prefix) || path + "/" == $0.prefix }?.disk }
    }

    /// Makes calls fail from the `first`th of the given kinds on, counted from now.
    ///
    /// - Parameter isLasting: until `heal()`; else only that one call.
    public func fail(
        _ fault: Fault, _ calls: Set<Call> = Set(Call.allCases), from first: Int = 1, isLasting: Bool = true
    ) {
        state.withLock { $0.plan = Plan(fault: fault, calls: calls, countdown: first, isLasting: isLasting) }
    }

    /// Everything works again.
    public func heal() { state.withLock { $0.plan = nil } }

    /// Takes the power away at the `call`th call from now, or at once.
    public func cutPower(at call: Int? = nil) {
        state.withLock {
            if let call { $0.cutAt = $0.callCount + call } else { $0.isOff = true }
        }
    }

    /// Calls that changed something, failed ones included.
    public var callCount: Int { state.withLock { $0.callCount } }
    /// Calls that were made to fail.
    public var failureCount: Int { state.withLock { $0.failureCount } }
    /// Whether the power has gone.
    public var isOff: Bool { state.withLock { $0.isOff } }

    /// Writes what a power cut at this moment leaves to another folder: all that was synced, and of what was not, what
    /// the seed lets through, in any order.
    public func writeSurvivors(to folder: String, seed: UInt64) throws {
        try state.withLock { $0.contents }.survivors(seed: seed).write(to: folder, from: path)
    }

    /// Asked by each call before it does anything.
    func admit(_ call: Call) -> Verdict {
        state.withLock { state in
            state.callCount += 1
            guard !state.isOff else { return .fail(.ioError) }
            if state.callCount == state.cutAt {
                state.isOff = true
                return .die
            }
            guard var plan = state.plan, plan.calls.contains(call) else { return .proceed }
            plan.countdown -= 1
            state.plan = plan
            guard plan.countdown <= 0 else { return .proceed }
            if !plan.isLasting { state.plan = nil }
            state.failureCount += 1
            return .fail(plan.fault)
        }
    }

    /// Told by each call what it has done.
    func record<R>(_ change: (inout DiskContents) -> R) -> R { state.withLock { change(&$0.contents) } }
}
