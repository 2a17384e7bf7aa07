public import GatewayModel
internal import JSONText

/// Makes observations, notes and answers of the bytes of one board's serial port.
///
/// Frames and lines may be mixed; which firmware speaks is found out from what it says, and followed when it changes.
/// Pure: no input or output, no clock. Nothing traps on any bytes, and memory is bounded.
public struct BoardDecoder: ~Copyable {
    /// What has been counted since the decoder began.
    public struct Counters: Sendable, Equatable {
        /// Good frames and lines of text.
        public var frames: Int64 = 0
        public var lines: Int64 = 0
        /// Broken frames and frames with unusable payloads.
        public var malformed: Int64 = 0
        public var garbageBytes: Int64 = 0
        /// Numbered, and not here yet.
        public var missingFrames: Int64 = 0
        /// Numbers that came again, and numbers that came after later ones.
        public var repeatedFrames: Int64 = 0
        public var lateFrames: Int64 = 0
        public var observations: Int64 = 0
        /// Lines and frames that were not kept because the budget was used up or a secret passed.
        public var logLinesWithheld: Int64 = 0

        public init() {}
    }

    /// Counts since this decoder began.
    public private(set) var counters = Counters()
    /// Lines that may still be kept as log records; the driver fills it up as its rate limit allows.
    public var logLinesAllowed = Int.max
    /// True while keys or certificates are being written to the board: nothing it echoes is kept.
    public var isTransferringSecrets = false
    /// What the board said last about itself.
    public internal(set) var hello: HelloFields?

    /// Lines that are still looked at for the id of a board that was on before its port was opened.
    var introductionsLeft = introductionMax
    static let introductionMax = 8

    /// What is known of the board beyond its generation.
    public internal(set) var traits = BoardTraits()

    private var stream = MDPStream()
    var classifier: LineClassifier
    let parser = JSONParser(byteCountMax: MDPLimits.pendingCountMax)
    var boots = BootWatch()
    private var secrets = SecretTransfer()

    /// Where and when a message came from.
    struct Origin {
        var device: DeviceName
        var received: ReceiveTime
    }

    /// - Parameter generation: the firmware if it is configured; nil to find out.
    public init(generation: LineGeneration? = nil) { classifier = LineClassifier(generation: generation) }

    /// The firmware that speaks, as far as is known.
    public var generation: LineGeneration? { classifier.generation }

    /// The last number of a side's count (nil: the count of a board that speaks in lines), to be kept across a restart.
    public func lastSeq(of source: MDPEndpoint?) -> UInt32? { boots.lastSeq(of: source) }

    /// Continues a count that was followed before a restart, so that what was missed meanwhile is noticed.
    public mutating func resume(after seq: UInt32, source: MDPEndpoint?) { boots.resume(after: seq, source: source) }

    /// Numbers of a side's frames that made no observation and that none has taken along yet, to be kept over a restart:
    /// else the journal would call them missing.
    public func heard(of source: MDPEndpoint) -> [ClosedRange<UInt32>] { boots.heard(of: source) }

    /// Goes on with numbers that were heard before a restart.
    public mutating func resume(heard: [ClosedRange<UInt32>], of source: MDPEndpoint) {
        boots.resume(heard: heard, of: source)
    }

    /// The port was closed and opened again: half a frame from before means nothing now.
    public mutating func reset() {
        stream.reset()
        introductionsLeft = Self.introductionMax
    }

    /// Decodes bytes as they arrive. Observations and notes go to `batch`, the rest is returned in order.
    public mutating func receive(
        _ bytes: UnsafeRawBufferPointer, at received: ReceiveTime, into batch: inout ObservationBatch,
        device: DeviceName
    ) -> [BoardEvent] {
        var events: [BoardEvent] = []
        var input = bytes
        let origin = Origin(device: device, received: received)
        while let event = stream.next(&input) {
            // A read brings several, and to grow one by one costs more than the room.
            if events.isEmpty { events.reserveCapacity(8) }
            switch event {
            case .frame(let frame, _):
                counters.frames += 1
                receive(frame, origin, into: &batch, &events)
            case .text(let line, _, _):
                counters.lines += 1
                receive(line: line, origin, into: &batch, &events)
            case .garbage(let count, _): counters.garbageBytes += Int64(count)
            case .failure(let error, _, let count): reject(error, byteCount: count, &events)
            }
        }
        return events
    }

    // MARK: - What both kinds of messages need

    mutating func reject(_ error: MDPError, byteCount: Int, _ events: inout [BoardEvent]) {
        counters.malformed += 1
        events.append(.malformed(error, byteCount: byteCount))
    }

    /// Closes the observation whose readings were added to the batch.
    mutating func finish(
        _ observation: Observation, of source: MDPEndpoint?, uptime: Int64?, into batch: inout ObservationBatch,
        _ events: inout [BoardEvent],
        messageID: UnsafeBufferPointer<UInt8> = .init(start: nil, count: 0)
    ) {
        var observation = observation
        observation.bootEvidence = boots.evidence(uptime: uptime)
        if let seq = observation.deviceSeq { boots.takeHeard(before: seq, of: source) { batch.append(heard: $0) } }
        let count = batch.openReadings.count
        batch.append(observation, messageID: messageID)
        counters.observations += 1
        events.append(.telemetry(count))
    }

    /// Counts what is missing. The event of it is the journal's, which knows what came before a restart.
    mutating func follow(
        _ seq: UInt32, source: MDPEndpoint?, first: UInt32, uptime: Int64?, _ events: inout [BoardEvent]
    ) {
        switch boots.observe(seq, source: source, first: first, uptime: uptime) {
        case .next: break
        case .repeated: counters.repeatedFrames += 1
        case .late:
            counters.lateFrames += 1
            counters.missingFrames -= 1
        case .gap(let missing):
            let gap = SequenceGap(from: missing.lowerBound, to: missing.upperBound, source: source)
            counters.missingFrames += gap.count
            events.append(.sequenceGap(gap))
        }
    }

    func note(
        _ stream: StreamName, _ kind: String, _ body: String, _ origin: Origin, into batch: inout ObservationBatch
    ) {
        let kept = SecretTransfer.isPEM(body) ? SecretTransfer.withheld : body
        batch.append(Note(stream, kind: kind, device: origin.device.id, body: kept, received: origin.received))
    }

    /// Something that happened on the board, kept and told.
    func happened(
        _ kind: String, _ body: String, _ origin: Origin, into batch: inout ObservationBatch,
        _ events: inout [BoardEvent]
    ) {
        note(.events, "device_event", body, origin, into: &batch)
        events.append(.event(kind: kind, body: body))
    }

    /// A line that is not understood is kept as it is.
    mutating func log(
        _ line: UnsafeRawBufferPointer, _ origin: Origin, into batch: inout ObservationBatch,
        _ events: inout [BoardEvent]
    ) {
        let isSecret = secrets.covers(ByteText(line)) || isTransferringSecrets
        guard !isSecret, takeFromLogBudget() else {
            counters.logLinesWithheld += 1
            return
        }
        let text = String(decoding: line, as: UTF8.self)
        var body = JSONWriter()
        body.beginObject()
        body.key("text")
        body.string(text)
        body.endObject()
        note(.logs, "serial_line", body.text, origin, into: &batch)
        events.append(.logLine(text))
    }

    mutating func takeFromLogBudget() -> Bool {
        guard logLinesAllowed > 0 else { return false }
        logLinesAllowed -= 1
        return true
    }

    mutating func withheld() { counters.logLinesWithheld += 1 }
}
