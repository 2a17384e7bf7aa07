internal import Crypto
internal import GatewayModel
internal import JSONText

extension CaptureDecoder {
    mutating func decodeNetworkEvents(_ bytes: UnsafeRawBufferPointer, of format: Format) {
        if format == .chirpstack, ChirpStackEvent.isProtobuf(bytes) {
            return fail(LoRaError.Code.protobufPayload.rawValue, at: 0)
        }
        for (item, offset) in jsonItems(bytes) {
            switch item {
            case .failure(let error): fail(error.code.rawValue, at: error.offset)
            case .success(let value): decodeNetworkEvent(value, of: format, at: offset)
            }
        }
    }

    private mutating func decodeNetworkEvent(_ value: JSON, of format: Format, at offset: Int) {
        let isCapture = value["payload"]?.members != nil && (value["topic"] != nil || value["deviceInfo"] == nil)
        let topic = isCapture ? value["topic"]?.string ?? options.topic : options.topic
        let payload = isCapture ? value["payload"] ?? value : value
        var failure: LoRaError?
        withBorrowed(payload) { root in
            do throws(LoRaError) {
                let event = try Self.event(root, topic: topic, of: format)
                show(event, topic)
            } catch {
                failure = error
            }
        }
        if let failure { fail(failure.code.rawValue, at: offset + failure.offset) }
    }

    private static func event(
        _ root: JSONValue, topic: String?, of format: Format
    ) throws(LoRaError) -> NetworkEvent {
        var text = topic ?? ""
        if format == .chirpstack {
            let parsed = topic == nil ? nil : text.withUTF8 { ChirpStackEvent.Topic($0) }
            if topic != nil, parsed == nil { throw LoRaError(.badTopic) }
            return try ChirpStackEvent.decode(root, topic: parsed)
        }
        let parsed = topic == nil ? nil : text.withUTF8 { ThingsStackEvent.Topic($0) }
        if topic != nil, parsed == nil { throw LoRaError(.badTopic) }
        return try ThingsStackEvent.decode(root, topic: parsed)
    }

    private func show(_ event: NetworkEvent, _ topic: String?) {
        let isChirpStack = event.server == .chirpStack
        print { writer in
            Self.write("event", event.name, &writer)
            Self.write("topic", topic, &writer)
            if isChirpStack {
                Self.write("devEui", event.deviceEUI?.description, &writer)
                Self.write("deviceName", event.deviceName, &writer)
                Self.write("applicationId", event.application, &writer)
                Self.write("deduplicationId", event.root["deduplicationId"]?.string, &writer)
            } else {
                Self.write("device_id", event.deviceName, &writer)
                Self.write("dev_eui", event.deviceEUI?.upperCase, &writer)
                Self.write("application", event.application, &writer)
            }
            if let time = event.time { Self.write(isChirpStack ? "time" : "received_at", RFC3339.text(time), &writer) }
            write(event, &writer)
        }
    }

    private func write(_ event: NetworkEvent, _ writer: inout JSONWriter) {
        let isChirpStack = event.server == .chirpStack
        switch event.kind {
        case .uplink(let uplink): write(uplink, event, &writer)
        case .join(let address): Self.write(isChirpStack ? "devAddr" : "dev_addr", address, &writer)
        case .downlink(let progress):
            Self.write("stage", progress.stage.name, &writer)
            Self.write(isChirpStack ? "queueItemId" : "command_id", progress.commandID, &writer)
            writer.key(isChirpStack ? "fCntDown" : "f_cnt")
            writer.unsigned(progress.counter)
            if isChirpStack, event.name == "ack" {
                writer.key("acknowledged")
                writer.bool(progress.stage == .acknowledged)
            }
            Self.write("gatewayId", event.root["gatewayId"]?.string, &writer)
        case .status(let status):
            Self.write("margin", status.margin, &writer)
            writer.key("externalPowerSource")
            writer.bool(status.hasExternalPower)
            writer.key("batteryLevel")
            if let level = status.batteryLevel { writer.shortNumber(level) } else { writer.null() }
        case .location(let place):
            writer.key("location")
            writer.beginObject()
            Self.write("latitude", place.latitude, &writer)
            Self.write("longitude", place.longitude, &writer)
            Self.write("altitude", place.altitude, &writer)
            Self.write("accuracy", place.accuracy, &writer)
            Self.write("source", place.source, &writer)
            writer.endObject()
        case .log(let level, let code, let text, let context):
            Self.write("level", level, &writer)
            Self.write("code", code, &writer)
            Self.write("description", text, &writer)
            if let context, context.count > 0 {
                writer.key("context")
                writer.value(JSON(context))
            }
        case .other:
            writer.key("content")
            writer.value(JSON(event.root))
        case .command: writeCommand(event, &writer)
        }
    }

    private func write(_ uplink: NetworkUplink, _ event: NetworkEvent, _ writer: inout JSONWriter) {
        let isChirpStack = event.server == .chirpStack
        let address: String? =
            isChirpStack ? event.root["devAddr"]?.string : event.root["end_device_ids"]?["dev_addr"]?.string
        Self.write(isChirpStack ? "devAddr" : "dev_addr", address, &writer)
        writer.key(isChirpStack ? "fCnt" : "f_cnt")
        writer.unsigned(uplink.counter)
        writer.key(isChirpStack ? "fPort" : "f_port")
        writer.unsigned(uplink.port)
        writer.key("confirmed")
        writer.bool(uplink.isConfirmed)
        if isChirpStack {
            writer.key("adr")
            writer.bool(uplink.hasADR)
            writer.key("dr")
            writer.integer(NetworkValue.integer(event.root["dr"]) ?? 0)
        } else {
            writer.key("simulated")
            writer.bool(uplink.isSimulated)
        }
        writer.key(isChirpStack ? "data_hex" : "frm_payload_hex")
        writer.string(Hex.encode(uplink.payload))
        if uplink.isEncrypted {
            writer.key("encrypted")
            writer.bool(true)
        }
        if let fields = uplink.fields {
            writer.key(isChirpStack ? "object" : "decoded_payload")
            writer.value(JSON(fields))
        }
        writer.key(isChirpStack ? "rxInfo" : "rx_metadata")
        writer.beginArray()
        for reception in uplink.receptions {
            writer.beginObject()
            Self.write(isChirpStack ? "gatewayId" : "gateway", reception.gateway, &writer)
            Self.write("rssi", reception.rssi, &writer)
            Self.write("snr", reception.snr, &writer)
            writer.endObject()
        }
        writer.endArray()
        Self.write(uplink.radio, &writer)
        Self.write("airtime", uplink.airtime, &writer)
        writeReadings(uplink, &writer)
    }

    private func writeReadings(_ uplink: NetworkUplink, _ writer: inout JSONWriter) {
        var batch = ObservationBatch()
        let received = ReceiveTime(wall: Timestamp(milliseconds: 0, trusted: false), monotonicMilliseconds: 0)
        if !uplink.isEncrypted, let device = DeviceName(utf8: Self.anyDevice) {
            var payloads = PayloadReadings()
            // What cannot be read has no readings; the rest of the event is printed all the same.
            _ = try? payloads.append(
                uplink.payload, fields: uplink.fields, port: uplink.port, device: device, received: received, to: &batch
            )
        }
        SignalReadings.append(uplink.receptions, uplink.radio, to: &batch)
        writer.key("readings")
        writer.beginArray()
        for reading in batch.readings { Self.write(reading, &writer) }
        writer.endArray()
    }

    private static var anyDevice: UnsafeBufferPointer<UInt8> {
        let name: StaticString = "lora"
        return UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    }

    private func writeCommand(_ event: NetworkEvent, _ writer: inout JSONWriter) {
        writer.key("direction")
        writer.string("to-server")
        guard event.server == .theThingsStack else { return Self.write(downlink: event.root, "fPort", "data", &writer) }
        writer.key("downlinks")
        writer.beginArray()
        event.root["downlinks"]?.forEachElement { downlink in
            writer.beginObject()
            Self.write(downlink: downlink, "f_port", "frm_payload", &writer)
            Self.write("priority", downlink["priority"]?.string ?? "LOWEST", &writer)
            writer.endObject()
        }
        writer.endArray()
    }

    private static func write(
        downlink: JSONValue, _ portKey: String, _ dataKey: String, _ writer: inout JSONWriter
    ) {
        writer.key("confirmed")
        writer.bool(downlink["confirmed"]?.bool ?? false)
        writer.key(portKey)
        writer.unsigned(NetworkValue.port(downlink[computed: portKey]))
        // Shown if it can be read.
        if let payload = try? NetworkValue.payload(downlink[computed: dataKey]), !payload.isEmpty {
            write(dataKey + "_hex", Hex.encode(payload), &writer)
        }
    }
}
