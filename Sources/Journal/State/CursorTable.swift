internal import GatewayModel
internal import SQLite
internal import Synchronization

/// How far each consumer has got. Kept in memory, written through on every move.
final class CursorTable: Sendable {
    struct Cursor: Sendable, Equatable {
        var seq: Int64
        var isRequired: Bool
        var updated: Timestamp?
        /// Milliseconds for which the gateway has run, by the monotonic clock, since the consumer was heard last.
        var idle: Int64 = 0
        /// When it was heard, by the monotonic clock; nil: before this start.
        var heardAt: Int64?
    }

    struct Key: Hashable, Sendable {
        var consumer: String
        var stream: StreamName

        /// Any order, as long as it is the same in every process.
        static func precedes(_ one: Key, _ other: Key) -> Bool {
            (one.consumer, one.stream.rawValue) < (other.consumer, other.stream.rawValue)
        }
    }

    static let countMax = 256
    private static let idleMax: Int64 = 30 * 24 * 3_600 * 1_000

    private let state: StateStore
    private let epoch: String
    private let cursors: Mutex<[Key: Cursor]>
    /// Consumers that the configuration names.
    private let named = Mutex<Set<String>>([])
    /// How far consumers have read at most what they may not have acknowledged yet.
    private let hands = Mutex<[Key: Int64]>([:])
    private let choice = Mutex(())

    init(_ state: StateStore, epoch: String) throws(SQLiteError) {
        self.state = state
        self.epoch = epoch
        let rows = try state.durable.read { connection throws(SQLiteError) in
            try connection.rows(
                """
                SELECT consumer, stream, seq, required, updated_ms, updated_trusted, idle_ms FROM journal_cursor
                WHERE epoch = ?
                """, .text(epoch)
            ) { row -> (Key, Cursor)? in
                guard let stream = StreamName(rawValue: row.text(1)) else { return nil }
                let updated = row.optionalInt64(4).map { Timestamp(milliseconds: $0, trusted: row.int64(5) != 0) }
                return (
                    Key(consumer: row.text(0), stream: stream),
                    Cursor(seq: row.int64(2), isRequired: row.int64(3) != 0, updated: updated, idle: row.int64(6))
                )
            }
        }
        cursors = Mutex(Dictionary(rows.compactMap { $0 }) { $1 })
    }

    subscript(key: Key) -> Cursor? { cursors.withLock { $0[key] } }

    var all: [(key: Key, cursor: Cursor)] { cursors.withLock { $0.map { ($0.key, $0.value) } } }

    /// The number up to which every required consumer of the stream has acknowledged; nil if there is none.
    func requiredFloor(of stream: StreamName) -> Int64? {
        cursors.withLock { cursors in
            cursors.lazy.filter { $0.key.stream == stream && $0.value.isRequired }.map(\.value.seq).min()
        }
    }

    /// The same with what the consumers have in memory: what is beyond, somebody has not got.
    func requiredReach(of stream: StreamName) -> Int64? {
        let hands = hands.withLock { $0 }
        return cursors.withLock { cursors in
            cursors.lazy.filter { $0.key.stream == stream && $0.value.isRequired }
                .map { max($0.value.seq, hands[$0.key] ?? 0) }.min()
        }
    }

    /// A consumer takes records up to `seq` at most into its memory.
    func hand(_ key: Key, upTo seq: Int64) { hands.withLock { $0[key] = max($0[key] ?? 0, seq) } }

    /// A reader that will acknowledge chooses and hands itself what it reads next; or a segment goes. One at a time, so that
    /// what is in somebody's hands is never counted as lost and what is gone is never handed out.
    func choosing<Choice>(_ body: () -> Choice) -> Choice { choice.withLock { _ in body() } }

    /// - Returns: the cursor now in force; nil if there is no room for another consumer.
    func move(_ key: Key, to seq: Int64, rewind: Bool, at time: ReceiveTime) throws(SQLiteError) -> Int64? {
        guard
            let moved = cursors.withLock({ cursors -> (before: Cursor?, after: Cursor)? in
                let before = cursors[key]
                guard before != nil || cursors.count < Self.countMax else { return nil }
                var after = before ?? Cursor(seq: seq, isRequired: false, updated: nil)
                if rewind || seq > after.seq { after.seq = seq }
                after.updated = time.wall
                after.idle = 0
                after.heardAt = time.monotonicMilliseconds
                cursors[key] = after
                return (before, after)
            })
        else { return nil }
        do {
            try store(key, moved.after)
        } catch {
            // What could not be kept has not happened, unless somebody else has moved it on meanwhile.
            cursors.withLock { if $0[key] == moved.after { $0[key] = moved.before } }
            throw error
        }
        return moved.after.seq
    }

    /// Makes exactly the given consumers required; new ones begin at the given numbers.
    ///
    /// - Returns: the keys that were required before and are not now.
    func require(_ starts: [Key: Int64], at time: Timestamp) throws(SQLiteError) -> [Key] {
        let (changed, released) = cursors.withLock { cursors -> ([Key: Cursor], [Key]) in
            var changed: [Key: Cursor] = [:]
            var released: [Key] = []
            for (key, cursor) in cursors where cursor.isRequired && starts[key] == nil {
                changed[key] = Cursor(seq: cursor.seq, isRequired: false, updated: time)
                released.append(key)
            }
            for (key, start) in starts {
                let known = cursors[key]
                guard known?.isRequired != true else { continue }
                changed[key] = Cursor(seq: known?.seq ?? start, isRequired: true, updated: known?.updated)
            }
            return (changed, released.sorted(by: Key.precedes))
        }
        for (key, cursor) in changed.sorted(by: { Key.precedes($0.key, $1.key) }) {
            try store(key, cursor)
            cursors.withLock { $0[key] = cursor }
        }
        return released
    }

    /// Says which consumers the configuration names, required or not: they are never forgotten.
    func name(_ consumers: Set<String>) { named.withLock { $0 = consumers } }

    /// Lets time pass, and forgets consumers that nobody configured and that have been silent for thirty days of it.
    ///
    /// What counts is the time for which the gateway ran: a wall clock that jumps, or was wrong when a consumer was heard
    /// last, makes nobody look older, and neither does a box that was in a drawer.
    ///
    /// - Parameters:
    ///   - elapsed: milliseconds since this was called last, or since the start.
    ///   - now: of the monotonic clock.
    func age(by elapsed: Int64, now: Int64) throws(SQLiteError) {
        let named = named.withLock { $0 }
        let (aged, gone) = cursors.withLock { cursors in
            var aged: [Key: Int64] = [:]
            for (key, cursor) in cursors where !cursor.isRequired && !named.contains(key.consumer) {
                let own = min(elapsed, cursor.heardAt.map { max(0, now - $0) } ?? elapsed)
                aged[key] = own
                cursors[key]?.idle += own
            }
            let gone = aged.keys.filter { cursors[$0].map { $0.idle > Self.idleMax } ?? false }
            for key in gone { cursors[key] = nil }
            return (aged, gone)
        }
        guard !aged.isEmpty else { return }
        try state.quick.write { connection throws(SQLiteError) in
            for (key, own) in aged {
                try connection.run(
                    "UPDATE journal_cursor SET idle_ms = idle_ms + ? WHERE consumer = ? AND stream = ?",
                    .integer(own), .text(key.consumer), .text(key.stream.rawValue))
            }
            for key in gone {
                try connection.run(
                    "DELETE FROM journal_cursor WHERE consumer = ? AND stream = ?", .text(key.consumer),
                    .text(key.stream.rawValue))
            }
        }
    }

    private func store(_ key: Key, _ cursor: Cursor) throws(SQLiteError) {
        try state.quick.write { connection throws(SQLiteError) in
            try connection.run(
                "INSERT OR REPLACE INTO journal_cursor VALUES (?, ?, ?, ?, ?, ?, ?, ?)", .text(key.consumer),
                .text(key.stream.rawValue), .text(epoch), .integer(cursor.seq), .integer(cursor.isRequired ? 1 : 0),
                .optional(cursor.updated?.milliseconds), .integer(cursor.updated?.trusted == true ? 1 : 0),
                .integer(cursor.idle))
        }
    }
}
