internal import GatewayModel
internal import SQLite

/// Packs the records of the streams of notes. On the writer's thread.
struct NotesIntake {
    let writer: StreamWriter
    let boot: String
    private var body: [UInt8] = []

    /// Longest text of a note in bytes; a longer one is replaced by its length, since half a JSON object is none.
    private static let bodySizeMax = 1 << 20

    init(_ writer: StreamWriter, boot: String) {
        self.writer = writer
        self.boot = boot
    }

    /// Stores the notes in one transaction, all or none, except those that a resumed session repeats. Durable on return.
    mutating func store(_ notes: [Note]) throws(SQLiteError) {
        let awaited = writer.repetitions.awaited
        let notes = notes.filter { !writer.repetitions.repeats($0) }
        do throws(SQLiteError) {
            if !notes.isEmpty { try append(notes) }
        } catch {
            writer.repetitions.awaited = awaited
            throw error
        }
        for note in notes {
            if let hash = note.messageHash { writer.repetitions.remember(hash, at: note.received.wall) }
        }
    }

    private mutating func append(_ notes: [Note]) throws(SQLiteError) {
        guard let first = notes.first else { return }
        do throws(SQLiteError) {
            let (segment, isNew) = try writer.begin(notes.count, at: first.received)
            if isNew { try segment.markStart() }
            for note in notes { try store(note, segment) }
            if let cause = notes.compactMap({ $0.cause?.rawValue }).max() { try writer.note(cause: cause) }
            try writer.commit()
        } catch {
            writer.rollBack()
            if error.code == .corrupt { writer.abandon() }
            throw error
        }
    }

    private mutating func store(_ note: Note, _ segment: SegmentWriter) throws(SQLiteError) {
        var head = RecordHead(received: note.received, source: SourceKind.gateway.rawValue)
        head.isNote = true
        if let hash = note.messageHash { head.identity = .payload(hash) }
        if let device = note.device.flatMap({ DeviceName($0) }) { head.device = try segment.number(of: device) }
        head.gatewayBoot = try segment.number(ofBoot: boot, note.received)
        body.removeAll(keepingCapacity: true)
        head.append(to: &body, base: segment.names.base, text: UnsafeRawBufferPointer(start: nil, count: 0))
        body.appendVarint(try segment.number(ofKind: note.kind))
        body.appendVarint(UInt64(clamping: (note.cause?.rawValue ?? -1) + 1))
        if note.body.utf8.count <= Self.bodySizeMax {
            body.append(contentsOf: note.body.utf8)
        } else {
            body.append(contentsOf: "{\"truncated_bytes\":\(note.body.utf8.count)}".utf8)
        }
        _ = try writer.append(body)
    }
}
