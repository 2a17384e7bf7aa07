internal import GatewayModel
internal import SQLite
internal import Synchronization

/// How far each consumer has got. Kept in memory, written through on every move.
final class CursorTable: Sendable {
    struct Cursor: Sendable, Equatable {
        var seq: Int64
        var isRequired: Bool
        var updated: Timestamp?
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
    /// How far consumers have read at most what they may not have acknowledged yet.
    private let hands = Mutex<[Key: Int64]>([:])
    private let choice = Mutex(())

    init(_ state: StateStore, epoch: String) throws(SQLiteError) {
        self.state = state
        self.epoch = epoch
        let rows = try state.durable.read { connection throws(SQLiteError) in
            try connection.rows(
                "SELECT consumer, stream, seq, required, updated_ms, updated_trusted FROM journal_cursor WHERE epoch = ?",
                .text(epoch)
            ) { row -> (Key, Cursor)? in
                guard let stream = StreamName(rawValue: row.text(1)) else { return nil }
                let updated = row.optionalInt64(4).map { Timestamp(milliseconds: $0, trusted: row.int64(5) != 0) }
                return (
                    Key(consumer: row.text(0), stream: stream),
                    Cursor(seq: row.int64(2), isRequired: row.int64(3) != 0, updated: updated)
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
    func move(_ key: Key, to seq: Int64, rewind: Bool, at time: Timestamp) throws(SQLiteError) -> Int64? {
        guard
            let moved = cursors.withLock({ cursors -> (before: Cursor?, after: Cursor)? in
                let before = cursors[key]
                guard before != nil || cursors.count < Self.countMax else { return nil }
                var after = before ?? Cursor(seq: seq, isRequired: false, updated: nil)
                if rewind || seq > after.seq { after.seq = seq }
                after.updated = time
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

    /// Forgets consumers that nobody configured and that have been silent for thirty days of a trusted clock.
    func expire(at now: Timestamp) throws(SQLiteError) {
        guard now.trusted else { return }
        let idle = cursors.withLock { cursors in
            cursors.filter { _, cursor in
                guard !cursor.isRequired, let updated = cursor.updated, updated.trusted else { return false }
                return now.milliseconds - updated.milliseconds > Self.idleMax
            }.map(\.key)
        }
        for key in idle.sorted(by: Key.precedes) {
            try state.quick.write { connection throws(SQLiteError) in
                try connection.run(
                    "DELETE FROM journal_cursor WHERE consumer = ? AND stream = ?", .text(key.consumer),
                    .text(key.stream.rawValue))
            }
            cursors.withLock { $0[key] = nil }
        }
    }

    private func store(_ key: Key, _ cursor: Cursor) throws(SQLiteError) {
        try state.quick.write { connection throws(SQLiteError) in
            try connection.run(
                "INSERT OR REPLACE INTO journal_cursor VALUES (?, ?, ?, ?, ?, ?, ?)", .text(key.consumer),
                .text(key.stream.rawValue), .text(epoch), .integer(cursor.seq), .integer(cursor.isRequired ? 1 : 0),
                .optional(cursor.updated?.milliseconds), .integer(cursor.updated?.trusted == true ? 1 : 0))
        }
    }
}
