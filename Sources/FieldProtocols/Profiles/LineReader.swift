public import GatewayModel
internal import JSONText

/// Reads lines by a `LineCodec`. Remembers the header that named the columns. One thread uses one reader.
public struct LineReader {
    private let codec: LineCodec
    private let parser = JSONParser()
    private var scratch = PatternScratch()
    private var cells: [Range<Int>] = []
    /// By rule: where each field's cell is; nil until a header has told.
    private var places: [[Int]?]
    /// As they are without a header.
    private let placesAtFirst: [[Int]?]
    private let groups: [[Int]]
    /// By rule: the name that a header has in any case.
    private let marks: [[UInt8]]

    public init(_ codec: LineCodec) {
        self.codec = codec
        marks = codec.rules.map { Array(($0.fields.first?.source ?? "").utf8) }
        groups = codec.rules.map { rule in
            guard case .pattern(let pattern) = rule.form else { return [] }
            return rule.fields.map { field in pattern.groupNames.firstIndex(of: field.source) ?? -1 }
        }
        places = codec.rules.map { rule in
            guard case .columns(let columns) = rule.form else { return nil }
            return Self.places(of: rule.fields, among: columns.names)
        }
        placesAtFirst = places
    }

    /// What comes next is another text: its columns are not known yet.
    mutating func forgetHeaders() { places = placesAtFirst }

    /// Where fields stand by names; numbers count from 1. Nil if one is not there.
    private static func places(of fields: [LineCodec.Field], among names: [String]) -> [Int]? {
        var places: [Int] = []
        for field in fields {
            if let place = names.firstIndex(of: field.source) {
                places.append(place)
            } else if names.isEmpty, let number = Int(field.source), number >= 1 {
                places.append(number - 1)
            } else {
                return nil
            }
        }
        return places
    }

    /// Adds the readings of `line`, which has no line end, to the open observation.
    ///
    /// - Returns: whether a rule knew the line; its header counts as known.
    public mutating func read(_ line: UnsafeRawBufferPointer, into batch: inout ObservationBatch) -> Bool {
        guard line.count <= LineCodec.lineByteCountMax else { return false }
        for index in codec.rules.indices {
            let isKnown =
                switch codec.rules[index].form {
                case .pattern(let pattern): read(line, by: pattern, index, &batch)
                case .columns(let columns): read(line, by: columns, index, &batch)
                case .json: readJSON(line, index, &batch)
                }
            if isKnown { return true }
        }
        return false
    }

    /// Whether `line`, whose readings are the open ones of `batch`, could be the end of a longer line of its kind with other
    /// readings: one more digit or letter before it makes another of it.
    public mutating func mayBeCut(_ line: UnsafeRawBufferPointer, _ batch: inout ObservationBatch) -> Bool {
        let own = batch.openReadings
        guard !own.isEmpty else { return false }
        for before in [UInt8(ascii: "1"), UInt8(ascii: "A"), UInt8(ascii: "a")] {
            let isKnown = ([before] + line).withUnsafeBytes { read($0, into: &batch) }
            let others = batch.readings[own.upperBound...]
            let differs = isKnown && !others.isEmpty && !others.elementsEqual(batch.readings[own])
            batch.discardReadings(keeping: own.count)
            if differs { return true }
        }
        return false
    }

    private mutating func read(
        _ line: UnsafeRawBufferPointer, by pattern: LinePattern, _ index: Int, _ batch: inout ObservationBatch
    ) -> Bool {
        guard pattern.matches(line, &scratch) else { return false }
        for (field, group) in zip(codec.rules[index].fields, groups[index]) where group >= 0 {
            guard let range = pattern.range(of: group, in: scratch) else { continue }
            FieldText.append(UnsafeRawBufferPointer(rebasing: line[range]), field.rule, to: &batch)
        }
        return true
    }

    private mutating func read(
        _ line: UnsafeRawBufferPointer, by columns: LineCodec.Columns, _ index: Int, _ batch: inout ObservationBatch
    ) -> Bool {
        guard line.starts(with: columns.prefix), split(line, columns) else { return false }
        if columns.names.isEmpty, readHeader(line, index) { return true }
        guard let places = places[index], let last = places.max(), last < cells.count,
            columns.count.map({ $0 == cells.count }) ?? true
        else { return false }
        let before = batch.readings.count
        for (field, place) in zip(codec.rules[index].fields, places) {
            FieldText.append(UnsafeRawBufferPointer(rebasing: line[cells[place]]), field.rule, to: &batch)
        }
        // A line of words is no line of this kind: units under a header, say.
        return batch.readings.count > before
    }

    /// Whether the line names every field; its columns are known from then on.
    private mutating func readHeader(_ line: UnsafeRawBufferPointer, _ index: Int) -> Bool {
        guard cells.contains(where: { line[$0].elementsEqual(marks[index]) }) else { return false }
        let fields = codec.rules[index].fields
        guard let first = fields.first, Int(first.source) == nil else { return false }
        let names = cells.map { String(decoding: line[$0], as: UTF8.self) }
        guard let found = Self.places(of: fields, among: names) else { return false }
        places[index] = found
        return true
    }

    /// Cells may be in double quotes; a separator inside is no end then.
    private mutating func split(_ line: UnsafeRawBufferPointer, _ columns: LineCodec.Columns) -> Bool {
        cells.removeAll(keepingCapacity: true)
        var at = columns.prefix.count
        while true {
            guard cells.count < LineCodec.columnCountMax else { return false }
            if at < line.count, line[at] == UInt8(ascii: "\"") {
                guard let end = line[(at + 1)...].firstIndex(of: UInt8(ascii: "\"")) else { return false }
                cells.append((at + 1)..<end)
                at = end + 1
                guard at == line.count || line[at] == columns.separator else { return false }
            } else {
                let end = line[at...].firstIndex(of: columns.separator) ?? line.count
                cells.append(at..<end)
                at = end
            }
            guard at < line.count else { return true }
            at += 1
        }
    }

    private func readJSON(_ line: UnsafeRawBufferPointer, _ index: Int, _ batch: inout ObservationBatch) -> Bool {
        guard line.first(where: { $0 != 0x20 }) == UInt8(ascii: "{"),
            // A line that is no JSON is some other line.
            let root = try? parser.parse(line)
        else { return false }
        return JSONFields.append(codec.rules[index].fields, of: root, to: &batch)
    }
}

/// A field that is written as text.
enum FieldText {
    static func append(_ bytes: UnsafeRawBufferPointer, _ rule: FieldRule, to batch: inout ObservationBatch) {
        if rule.isWord {
            rule.append(.text(ByteText(bytes).trimmed.string), to: &batch)
        } else if let value = NumberField.scan(bytes) {
            rule.append(value, to: &batch)
        }
    }
}
