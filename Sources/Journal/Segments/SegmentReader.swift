internal import GatewayModel
internal import SQLite

/// Reads one segment, sealed or still being written.
// A reader is used by one thread at a time: the pool lends it to one caller.
final class SegmentReader: @unchecked Sendable {
    let file: SegmentFile
    let connection: Connection
    let facts: SegmentFacts
    private let stream: StreamName
    private var dictionary: SegmentDictionary
    private var deviceNames: [DeviceName?] = []
    private let after: Statement
    private let book: ClockBook
    /// By the segment's numbers of boots, as the book knew them in `bookVersion`.
    private var offsets: [Int64?] = []
    private var bookVersion = -1

    convenience init(
        _ file: SegmentFile, _ stream: StreamName, isSealed: Bool, _ book: ClockBook
    ) throws(SQLiteError) {
        do throws(SQLiteError) {
            // Whoever only reads cannot undo a sealing that broke off; one who may write does it on opening.
            if !isSealed, Folder.size(of: file.rollbackJournal) != nil { try SegmentSeal.undo(file) }
            try self.init(opening: file, stream, isSealed: isSealed, book)
        } catch {
            throw error.asDamage
        }
    }

    private init(
        opening file: SegmentFile, _ stream: StreamName, isSealed: Bool, _ book: ClockBook
    ) throws(SQLiteError) {
        self.file = file
        self.book = book
        self.stream = stream
        connection = try Connection(path: file.path, access: isSealed ? .immutable : .readOnly)
        try connection.pragma("cache_size=-64")
        try SegmentSchema.check(connection)
        dictionary = try SegmentDictionary(connection)
        guard let facts = try SegmentFacts(connection) else {
            throw SQLiteError(.corrupt, message: "segment without a description: \(file.path)")
        }
        self.facts = facts
        after = try connection.prepare("SELECT seq, body FROM records WHERE seq > ? ORDER BY seq LIMIT ?")
    }

    /// Earliest and latest time of a record, if the segment is sealed and knows.
    var times: ClosedRange<Int64>? { facts.times }
    var epoch: String { facts.epoch }

    /// Number of the last record; nil if there is none.
    func newest() throws(SQLiteError) -> Int64? {
        let newest = try connection.firstRow("SELECT max(seq) FROM records") { $0.optionalInt64(0) }
        return newest ?? nil
    }

    /// An empty record to pass to `read`.
    func blankRecord() -> StoredRecord {
        StoredRecord(
            stream: stream, seq: .zero, device: nil, deviceSeq: nil, upstreamSeq: 0, messageID: nil, deviceTime: nil,
            received: ReceiveTime(wall: Timestamp(milliseconds: 0, trusted: false), monotonicMilliseconds: 0), boot: "",
            deviceBoot: 0, source: .gateway, flags: [], readings: [], kind: nil, body: nil, epoch: facts.epoch)
    }

    /// Decodes the records after `seq` into `record`, one after the other.
    ///
    /// - Parameter damaged: gets the numbers of records that cannot be decoded.
    /// - Returns: how many there were, and whether `body` asked to go on.
    func read(
        after seq: Int64, limit: Int, into record: inout StoredRecord, damaged: (Int64) -> Void,
        _ body: (borrowing StoredRecord) -> Bool
    ) throws(SQLiteError) -> (count: Int, goOn: Bool) {
        record.epoch = facts.epoch
        record.stream = stream
        var count = 0
        var goOn = true
        try scan(after: seq, limit: limit) { seq, bytes throws(SQLiteError) in
            count += 1
            guard try decode(seq, bytes, into: &record) else {
                damaged(seq)
                return true
            }
            goOn = body(record)
            return goOn
        }
        return (count, goOn)
    }

    /// Hands out the packed records after `seq` with their heads; `body` reads the rest if it wants to.
    func scan(
        after seq: Int64, limit: Int = .max, _ body: (Int64, UnsafeRawBufferPointer) throws(SQLiteError) -> Bool
    ) throws(SQLiteError) {
        after.bind(seq, at: 1)
        after.bind(Int64(clamping: limit), at: 2)
        defer { after.reset() }
        while try after.step() {
            let seq = after.int64(0)
            var outcome: Result<Bool, SQLiteError> = .success(false)
            after.withBlob(1) { bytes in
                do throws(SQLiteError) { outcome = .success(try body(seq, bytes)) } catch { outcome = .failure(error) }
            }
            guard try outcome.get() else { return }
        }
    }

    /// The head of a packed record and where its message begins; nil if it is damaged.
    func head(_ bytes: UnsafeRawBufferPointer) throws(SQLiteError) -> (head: RecordHead, offset: Int)? {
        var reader = ByteReader(bytes)
        let head = try head(&reader)
        return reader.isBroken ? nil : (head, reader.offset)
    }

    var devices: [DeviceID?] { dictionary.devices }

    func refreshDevices() throws(SQLiteError) { try dictionary.refresh(connection) }

    func device(_ number: UInt32) throws(SQLiteError) -> DeviceID? {
        if Int(number) > dictionary.devices.count { try dictionary.refresh(connection) }
        return dictionary.device(number)
    }

    /// The device of a number as this process numbers it; nil for 0 and when the process knows too many.
    func deviceName(_ number: UInt32) throws(SQLiteError) -> DeviceName? {
        let index = Int(number) - 1
        if index >= deviceNames.count {
            if Int(number) > dictionary.devices.count { try dictionary.refresh(connection) }
            for device in dictionary.devices.dropFirst(deviceNames.count) {
                deviceNames.append(device.flatMap { DeviceName($0) })
            }
        }
        return index >= 0 && index < deviceNames.count ? deviceNames[index] : nil
    }

    /// The segment's number of a gateway boot; nil if no record is of it.
    func number(ofBoot boot: String) throws(SQLiteError) -> UInt32? {
        try dictionary.refresh(connection)
        return dictionary.boots.firstIndex(of: boot).map { UInt32($0) }
    }

    /// What the wall clock was ahead of the monotonic one in a boot, by the segment's number of it; nil if not known.
    func offset(ofBoot number: Int) -> Int64? {
        let version = book.version
        if version != bookVersion || number >= offsets.count {
            offsets = dictionary.boots.map { book[$0] }
            bookVersion = version
        }
        return number < offsets.count ? offsets[number] : nil
    }

    private func head(_ reader: inout ByteReader) throws(SQLiteError) -> RecordHead {
        var head = try storedHead(&reader)
        correct(&head)
        return head
    }

    private func storedHead(_ reader: inout ByteReader) throws(SQLiteError) -> RecordHead {
        let head = RecordHead(&reader, base: dictionary.base)
        // A boot that was added since needs its offset before its times mean anything.
        if Int(head.gatewayBoot) >= dictionary.boots.count {
            let known = dictionary.boots.count
            try dictionary.refresh(connection)
            if dictionary.boots.count > known {
                reader = ByteReader(reader.bytes)
                return RecordHead(&reader, base: dictionary.base)
            }
        }
        return head
    }

    func decode(
        _ seq: Int64, _ bytes: UnsafeRawBufferPointer, into record: inout StoredRecord
    ) throws(SQLiteError) -> Bool {
        var reader = ByteReader(bytes)
        let head = try head(&reader)
        record.seq = SequenceNumber(seq)
        record.device = try device(head.device)
        record.flags = head.flags
        record.deviceSeq = head.flags.contains(.seqAssigned) ? nil : head.number
        record.upstreamSeq = head.number ?? 0
        record.deviceTime = head.deviceTime
        record.received = head.received
        record.boot = Int(head.gatewayBoot) < dictionary.boots.count ? dictionary.boots[Int(head.gatewayBoot)] : ""
        record.deviceBoot = Int64(head.deviceBoot)
        record.source = SourceKind(rawValue: head.source) ?? .gateway
        switch head.identity {
        case .uuid(let high, let low): record.messageID = MessageIdentity.text(high, low)
        case .text(let range):
            record.messageID = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
        case .none, .payload: record.messageID = nil
        }
        record.readings.removeAll(keepingCapacity: true)
        return head.isNote ? try decodeNote(&reader, &record) : try decodeReadings(&reader, &record)
    }

    private func decodeNote(_ reader: inout ByteReader, _ record: inout StoredRecord) throws(SQLiteError) -> Bool {
        let kind = Int(reader.varint32())
        _ = reader.varint()
        if kind > dictionary.kinds.count { try dictionary.refresh(connection) }
        guard !reader.isBroken, kind > 0, kind <= dictionary.kinds.count else { return false }
        record.kind = dictionary.kinds[kind - 1]
        record.body = String(decoding: UnsafeRawBufferPointer(rebasing: reader.bytes[reader.offset...]), as: UTF8.self)
        return true
    }

    private func decodeReadings(_ reader: inout ByteReader, _ record: inout StoredRecord) throws(SQLiteError) -> Bool {
        record.kind = nil
        record.body = nil
        guard let (columns, isAllOk) = try columns(&reader) else { return false }
        guard isAllOk || reader.bytes.count - reader.offset >= columns.count else { return false }
        let qualities = isAllOk ? nil : reader.take(columns.count)
        let bytes = reader.bytes
        return ValuePacking.unpack(columns.count, from: &reader) { index, value in
            let quality = qualities.flatMap { Quality(rawValue: bytes[$0.lowerBound + index]) } ?? .ok
            record.readings.append(
                Reading(columns[index].metric, value, unit: columns[index].unit, quality: quality))
        }
    }

    /// The layout of the readings that begin at `offset` of a packed record.
    func layout(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SQLiteError) -> UInt16 {
        var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
        var layout = MetricLayout()
        for column in try columns(&reader)?.columns ?? [] { layout.add(column.metric) }
        return layout.number
    }

    /// What the values of a message are, and whether qualities come before them; nil if it is damaged.
    private func columns(
        _ reader: inout ByteReader
    ) throws(SQLiteError) -> (columns: [SegmentDictionary.Column], isAllOk: Bool)? {
        let tagged = reader.varint()
        guard let layout = Int(exactly: tagged >> 1) else { return nil }
        if layout > dictionary.layouts.count { try dictionary.refresh(connection) }
        guard layout <= dictionary.layouts.count else { return nil }
        if layout > 0 { return (dictionary.layouts[layout - 1], tagged & 1 == 0) }
        let start = reader
        if let columns = dictionary.columns(&reader) { return (columns, tagged & 1 == 0) }
        try dictionary.refresh(connection)
        reader = start
        return dictionary.columns(&reader).map { ($0, tagged & 1 == 0) }
    }
}
