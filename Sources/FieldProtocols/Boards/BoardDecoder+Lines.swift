internal import GatewayModel
internal import JSONText

extension BoardDecoder {
    /// g3 and g4 count their telemetry from here.
    private static let firstLineSeq: UInt32 = 0

    mutating func receive(
        line: UnsafeRawBufferPointer, _ origin: Origin, into batch: inout ObservationBatch,
        _ events: inout [BoardEvent]
    ) {
        let classified = classifier.classify(line)
        switch classified.lineClass {
        case .noise: noise(line, origin, into: &batch, &events)
        case .legacySensorLine, .legacySensorLineWithNaN, .fciBioLine, .fciCalibrationLine, .jsonSensor,
            .jsonInvalidNaN, .jsonTele,
            .jsonTelemetry, .jsonTelemetryWrapped:
            observe(line, classified, origin, into: &batch, &events)
        case .jsonStatus, .jsonStatusAsTelemetry:
            greet(classified.value, isBoot: false, &events)
            answerByName(classified.value, "status", &events)
            observe(line, classified, origin, into: &batch, &events)
        case .jsonBoot, .jsonHello:
            boots.announceBoot()
            greet(classified.value, isBoot: true, &events)
            note(.events, "device_hello", String(decoding: line, as: UTF8.self), origin, into: &batch)
        case .jsonIdentity:
            greet(classified.value, isBoot: false, &events)
            answerByName(classified.value, "device_identity", &events)
        case .jsonAck, .jsonAckWrapped, .jsonError, .jsonErrorWrapped, .jsonErrorUntyped, .jsonSent:
            answer(classified, &events)
        case .jsonResponse:
            // Some word of the board's own: the answer to the command of that name, if somebody has asked.
            answer(classified, &events)
            log(line, origin, into: &batch, &events)
        case .jsonResponseOK, .jsonResponseError:
            introduce(classified.value, &events)
            answer(classified, &events)
            if classified.members?[.bme1] != nil || classified.members?[.bme2] != nil {
                observe(line, classified, origin, into: &batch, &events)
            }
        case .jsonPeripherals, .jsonPeripheralsAlternative:
            answerByName(classified.value, "periph_list", &events)
            tell(line, classified, origin, into: &batch, &events)
        case .jsonScope, .jsonLoRaInit, .jsonReady, .jsonLoRaReceived, .jsonLoRaRepeated, .jsonLink, .jsonCloud:
            tell(line, classified, origin, into: &batch, &events)
        case .jsonOther where classified.value.map(FCIReadings.isEnvelope) == true:
            observe(line, classified, origin, into: &batch, &events)
        case .statusLine:
            if generation == .g1 { answerByName("status", ByteText(line).string, &events) }
            log(line, origin, into: &batch, &events)
        case .i2cFound:
            if generation == .g1 { answerByName("scan", ByteText(line).string, &events) }
            log(line, origin, into: &batch, &events)
        case .cliError:
            let text = ByteText(line).string
            if generation == .g1 {
                events.append(.answer(BoardAnswer(kind: .acknowledgement, success: false, message: text, raw: "")))
            }
            log(line, origin, into: &batch, &events)
        case .bannerDeviceID:
            let id = ByteText(line).string.split(separator: ":", maxSplits: 1).last.map { $0.filter { $0 != " " } }
            if let id, !id.isEmpty { events.append(.hello(HelloFields(reportedID: id, isBoot: true, raw: ""))) }
            log(line, origin, into: &batch, &events)
        case .truncated, .bannerMAC, .bannerFirmware, .bannerReady, .linkText, .jsonOther,
            .jsonInvalid:
            log(line, origin, into: &batch, &events)
        }
    }

    private mutating func noise(
        _ line: UnsafeRawBufferPointer, _ origin: Origin, into batch: inout ObservationBatch,
        _ events: inout [BoardEvent]
    ) {
        let text = ByteText(line).trimmed
        if text.bytes.isEmpty { return }
        if let report = BootText.report(text) { told(report, origin, into: &batch, &events) }
        log(line, origin, into: &batch, &events)
    }

    /// A reset or a crash becomes an event, as far as the budget for logs allows: a board may die many times a minute.
    private mutating func told(
        _ report: BootText.Report, _ origin: Origin, into batch: inout ObservationBatch, _ events: inout [BoardEvent]
    ) {
        if case .reset(let reason, _) = report {
            boots.announceBoot()
            introductionsLeft = Self.introductionMax
            events.append(.bootBanner(reason: reason))
        }
        guard takeFromLogBudget() else { return withheld() }
        let (kind, body) = report.note
        note(.events, kind, body, origin, into: &batch)
        if case .crash(let kind, _) = report { events.append(.event(kind: kind, body: body)) }
    }

    /// The line in the events stream as it came: it is one JSON object.
    private func tell(
        _ line: UnsafeRawBufferPointer, _ classified: LineClassifier.ClassifiedLine, _ origin: Origin,
        into batch: inout ObservationBatch, _ events: inout [BoardEvent]
    ) {
        let body = String(decoding: ByteText(line).trimmed.bytes, as: UTF8.self)
        happened(classified.lineClass.rawValue, body, origin, into: &batch, &events)
    }

    private mutating func observe(
        _ line: UnsafeRawBufferPointer, _ classified: LineClassifier.ClassifiedLine, _ origin: Origin,
        into batch: inout ObservationBatch, _ events: inout [BoardEvent]
    ) {
        let flags = LineReadings.append(classified, text: line, generation: generation, to: &batch)
        guard !batch.openReadings.isEmpty else { return log(line, origin, into: &batch, &events) }
        if introductionsLeft > 0 { introduce(classified.value, &events) }
        var observation = Observation(device: origin.device, received: origin.received, source: .serial)
        observation.payloadHash = PayloadHash.of(line)
        observation.flags = flags
        let uptime = classified.members.flatMap(Self.uptime)
        if let seq = classified.members?[.seq]?.uint64.flatMap({ UInt32(exactly: $0) }) {
            observation.deviceSeq = seq
            follow(seq, source: nil, first: Self.firstLineSeq, uptime: uptime, &events)
        } else {
            boots.noteUptime(uptime)
        }
        finish(observation, of: nil, uptime: uptime, into: &batch, &events)
    }

    /// Milliseconds since the board booted, under the name its firmware has for it.
    private static func uptime(_ line: LineMembers) -> Int64? {
        for key in [.tMs, .ts, .tsMs, .uptimeMs] as [LineMembers.Key] {
            if let milliseconds = line[key]?.int64, milliseconds >= 0 { return milliseconds }
        }
        let seconds = line[.uptimeSeconds] ?? line[.uptimeS] ?? line[.data]?["uptime_seconds"]
        guard let seconds = seconds?.int64, seconds >= 0 else { return FCIReadings.uptime(line.line) }
        let product = seconds.multipliedReportingOverflow(by: 1000)
        return product.overflow ? nil : product.partialValue
    }

    /// A board that was on before its port was opened, or whose boot said nothing, tells its id in passing: in its
    /// telemetry, or in an answer.
    private mutating func introduce(_ value: JSONValue?, _ events: inout [BoardEvent]) {
        guard introductionsLeft > 0, let value else { return }
        introductionsLeft -= 1
        let fields = HelloFields(value, isBoot: false, source: nil)
        guard let id = fields.reportedID, id != hello?.reportedID else { return }
        hello = fields
        events.append(.hello(fields))
    }

    private mutating func greet(_ value: JSONValue?, isBoot: Bool, _ events: inout [BoardEvent]) {
        guard let value else { return }
        let fields = HelloFields(value, isBoot: isBoot, source: nil)
        hello = fields
        events.append(.hello(fields))
    }

    // MARK: - Answers

    /// An answer in words: it only tells that the question was heard.
    private func answerByName(_ name: String, _ text: String, _ events: inout [BoardEvent]) {
        events.append(
            .answer(BoardAnswer(kind: .acknowledgement, command: name, success: true, message: text, raw: "")))
    }

    private func answerByName(_ value: JSONValue?, _ name: String, _ events: inout [BoardEvent]) {
        guard let value else { return }
        events.append(
            .answer(
                BoardAnswer(
                    kind: .acknowledgement, command: name, success: true, message: "", raw: JSON(value).text)))
    }

    private func answer(_ classified: LineClassifier.ClassifiedLine, _ events: inout [BoardEvent]) {
        guard let line = classified.value else { return }
        let content = line["data"].flatMap { $0.isObject ? $0 : nil } ?? line
        let success: Bool
        switch classified.lineClass {
        case .jsonError, .jsonErrorWrapped, .jsonErrorUntyped, .jsonResponseError: success = false
        default: success = true
        }
        var command = content["cmd"]?.string
        if command == nil, classified.lineClass == .jsonResponse { command = line["type"]?.string }
        if classified.lineClass == .jsonSent { command = "sent" }
        let message: String = content["message"]?.string ?? content["error"]?.string ?? content["note"]?.string ?? ""
        var id = line["id"]?.string
        if id == "" { id = nil }
        events.append(
            .answer(
                BoardAnswer(
                    kind: .acknowledgement, id: id, command: command, success: success, message: message,
                    raw: JSON(line).text)))
    }
}
