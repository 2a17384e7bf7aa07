public import JSONText

/// Says what each line of a serial session is and finds out which firmware speaks, without configuration.
public struct LineClassifier {
    /// One line, understood. The value is borrowed from the classifier and valid until its next line.
    public struct ClassifiedLine {
        /// What the line is.
        public var lineClass: LineClass
        /// The object, if the line is one.
        public var value: JSONValue? { members?.line }
        var members: LineMembers?
        /// The line was malformed in a known way and mended before parsing.
        public var isRepaired = false
    }

    /// The firmware that speaks, as far as is known.
    public private(set) var generation: LineGeneration?
    private var isCertain = false
    private let isForced: Bool
    /// Side B has introduced itself on this port.
    private var isRelay = false
    private let parser = JSONParser(byteCountMax: LineSplitter.byteCountMax)
    private var radioFrames = RecentRadioFrames()

    /// - Parameter generation: nil to find out.
    public init(generation: LineGeneration? = nil) {
        self.generation = generation
        isForced = generation != nil
    }

    /// Classifies one line without its end.
    public mutating func classify(_ bytes: UnsafeRawBufferPointer, isWhole: Bool = true) -> ClassifiedLine {
        guard isWhole else { return ClassifiedLine(lineClass: .truncated) }
        let text = ByteText(bytes).trimmed
        if text.bytes.first == UInt8(ascii: "{") { return object(text) }
        let lineClass = TextLines.lineClass(of: text)
        // Whatever boots now says itself what it is.
        if lineClass == .noise, text.hasPrefix("rst:0x") { isRelay = false }
        if let generation = TextLines.generation(of: text, lineClass) { learn(generation, isStrong: true) }
        return ClassifiedLine(lineClass: lineClass)
    }

    /// A frame of MDP was seen on the same port: of the binary generation, or of the one that puts JSON into frames.
    mutating func sawFrame(isBinary: Bool) {
        isRelay = false
        learn(isBinary ? .g9 : .g11, isStrong: true)
    }

    private mutating func object(_ text: ByteText) -> ClassifiedLine {
        if let line = parse(text.bytes) {
            var lineClass = JSONLines.lineClass(of: line)
            if lineClass == .jsonLoRaReceived, radioFrames.isRepeated(line) { lineClass = .jsonLoRaRepeated }
            if let evidence = JSONLines.evidence(line, lineClass) {
                learn(evidence.generation, isStrong: evidence.isStrong)
            }
            return ClassifiedLine(lineClass: lineClass, members: line)
        }
        guard let mended = NonFiniteRepair.repaired(text.bytes), let line = mended.withUnsafeBytes(parse) else {
            // A reset in the middle of a line leaves its beginning, ended by the first line of the boot.
            return ClassifiedLine(lineClass: text.bytes.last == UInt8(ascii: "}") ? .jsonInvalid : .truncated)
        }
        if let evidence = JSONLines.evidence(line, JSONLines.lineClass(of: line)) {
            learn(evidence.generation, isStrong: evidence.isStrong)
        }
        return ClassifiedLine(lineClass: .jsonInvalidNaN, members: line, isRepaired: true)
    }

    private func parse(_ bytes: UnsafeRawBufferPointer) -> LineMembers? {
        do throws(JSONError) {
            let value = try parser.parse(bytes)
            return value.isObject ? LineMembers(value) : nil
        } catch {
            return nil
        }
    }

    private mutating func learn(_ found: LineGeneration, isStrong: Bool) {
        guard !isForced, isStrong || !isCertain else { return }
        // The MDP firmware prints the sensor lines of its ancestor on request.
        if generation == .g11, found == .g1 { return }
        // What Side B relays is said by another firmware behind it.
        if isRelay, found != .g7 { return }
        if found == .g7 { isRelay = true }
        generation = found
        isCertain = isStrong
    }
}

/// The last frames a radio bridge has reported: a retransmission shows as the same number again.
private struct RecentRadioFrames {
    private struct Key: Equatable {
        var source: UInt64
        var seq: UInt64
        var type: UInt64
    }

    private var keys: [Key] = []
    private var oldest = 0
    private static let countMax = 32

    mutating func isRepeated(_ line: LineMembers) -> Bool {
        guard let source = line[.src]?.uint64, let seq = line[.seq]?.uint64, let type = line[.type]?.uint64 else {
            return false
        }
        let key = Key(source: source, seq: seq, type: type)
        if keys.contains(key) { return true }
        if keys.count < Self.countMax {
            keys.append(key)
        } else {
            keys[oldest] = key
            oldest = (oldest + 1) % Self.countMax
        }
        return false
    }
}
