internal import FieldProtocols
public import GatewayModel
public import HTTPClient
internal import JSONText

/// Records as the website takes them at `POST /api/devices/ingest` (reference, section 6.6). It recognises no repeats.
public struct WebsiteFormat: DeliveryFormat {
    private let url: String
    private let headers: [ClientRequest.Header]
    private let identity: RecordIdentity
    private let gateway: String
    private let judgement = StatusJudgement(peer: "the website")

    /// Names of the website that are read beside `sensors`, and the quantity each stands for.
    private static let flatNames: [(name: StaticString, quantity: String, factor: Double)] = [
        ("temperature", "temperature", 1), ("humidity", "humidity", 1), ("pressure", "pressure", 1),
        ("gasResistance", "gas_resistance", 1), ("iaq", "iaq", 1), ("co2", "co2_equivalent", 1),
        // Shown in ppb there; boards tell ppm.
        ("voc", "voc_equivalent", 1_000),
    ]

    /// - Parameters:
    ///   - token: sent as `Authorization: Bearer`. `key`: sent as `x-api-key`. The website looks at neither today.
    public init(url: String, token: String?, key: String?, gateway: String, epoch: String) {
        self.url = url + "/api/devices/ingest"
        var headers = [ClientRequest.Header("Content-Type", "application/json")]
        if let token { headers.append(.init("Authorization", "Bearer " + token)) }
        if let key { headers.append(.init("x-api-key", key)) }
        self.headers = headers
        self.gateway = gateway
        identity = RecordIdentity(gateway: gateway, epoch: epoch)
    }

    /// See `RecordRendering`.
    public mutating func render(_ record: borrowing StoredRecord, to bytes: inout [UInt8]) -> Rendering {
        guard let device = record.device else { return .unfit("a reading without a device") }
        guard !record.readings.isEmpty else { return .nothing }
        let messageID = identity.messageID(of: copy record)
        var writer = JSONWriter(reusing: bytes)
        bytes = []
        writer.beginObject()
        writer.key("deviceId")
        writer.string(device.text)
        writer.key("timestamp")
        writer.string(RFC3339.text(RecordTime(copy record).timestamp.milliseconds))
        writer.key("deviceType")
        writer.string(Self.deviceType(record.source))
        writer.key("sensors")
        writer.beginObject()
        for reading in record.readings { Self.write(reading, to: &writer) }
        writer.endObject()
        Self.writeFlat(record.readings, to: &writer)
        Self.writeStatus(record.readings, to: &writer)
        // Nothing there tells a repeat: who sorts them out by hand needs this.
        writer.key("raw")
        writer.beginObject()
        for (key, value) in [("gatewayId", gateway), ("msgId", messageID)] {
            writer.key(key)
            writer.string(value)
        }
        writer.key("seq")
        writer.unsigned(record.upstreamSeq)
        writer.endObject()
        writer.endObject()
        bytes = writer.finish()
        return .rendered(identity: messageID)
    }

    /// See `DeliveryFormat`.
    public func request(_ batch: DeliveryBatch, at time: ReceiveTime) -> ClientRequest {
        ClientRequest(.post, url, headers: headers, body: batch.bytes)
    }

    /// See `DeliveryFormat`.
    public func outcome(_ answer: ClientAnswer, of batch: DeliveryBatch, at time: ReceiveTime) -> PushOutcome {
        guard (200..<300).contains(answer.status) else {
            return judgement.outcome(answer, wall: time.wall.milliseconds)
        }
        guard let value = answer.json, let isSuccess = value["success"]?.bool,
            !isSuccess || value["observationsCount"]?.int64 != nil
        else { return judgement.foreign(answer) }
        guard isSuccess else { return .troubled(reason: "not taken: \(judgement.detail(answer))") }
        guard value["deviceId"]?.string == batch.items.first?.device?.text else {
            return .troubled(reason: "the answer confirms another device")
        }
        return .accepted
    }

    private static func deviceType(_ source: SourceKind) -> String {
        switch source {
        case .mqtt, .serial: "mycobrain"
        case .lora: "lorawan"
        case .http, .udp, .modbus, .gateway: "generic"
        }
    }

    private static func write(_ reading: Reading, to writer: inout JSONWriter) {
        writer.key(reading.metric.text)
        switch reading.value {
        case .number(let value): writer.shortNumber(value)
        // Only numbers become observations there.
        case .flag(let value): writer.integer(value ? 1 : 0)
        case .text(let value): writer.string(value)
        }
    }

    /// The first reading of each known quantity, whichever slot it is of.
    private static func writeFlat(_ readings: [Reading], to writer: inout JSONWriter) {
        for (name, quantity, factor) in flatNames {
            guard let value = number(quantity, in: readings) else { continue }
            writer.key(name.description)
            writer.shortNumber(value * factor)
        }
    }

    private static func writeStatus(_ readings: [Reading], to writer: inout JSONWriter) {
        let found = [("uptime", "sys.uptime"), ("wifiRssi", "wifi.rssi"), ("batteryLevel", "sys.battery")].compactMap {
            name, metric in number(metric, in: readings).map { (name, $0) }
        }
        guard !found.isEmpty else { return }
        writer.key("status")
        writer.beginObject()
        for (name, value) in found {
            writer.key(name)
            writer.shortNumber(value)
        }
        writer.endObject()
    }

    private static func number(_ metric: String, in readings: [Reading]) -> Double? {
        for reading in readings {
            guard case .number(let value) = reading.value else { continue }
            let text = reading.metric.text
            if text == metric || text.hasSuffix("." + metric) { return value }
        }
        return nil
    }
}
