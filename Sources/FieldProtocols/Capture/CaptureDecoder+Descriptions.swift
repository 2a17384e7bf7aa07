internal import GatewayModel
internal import JSONText

extension CaptureDecoder {
    /// What a message describes, for people: entities of discovery, properties of Homie, the time that Tasmota tells.
    struct Description {
        private var members: [JSON.Member] = []

        init(_ topic: String, _ message: ConventionCapture.Message) {
            let levels = topic.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            let text = String(decoding: message.payload, as: UTF8.self)
            // Most payloads are no JSON.
            let payload = try? JSON(parsing: message.payload)
            if levels.last == "config", (4...5).contains(levels.count) {
                discovery(levels, message.payload)
            } else if levels.last == "$description", let nodes = payload?["nodes"]?.members {
                homie(nodes)
            } else if let last = levels.last, last == "$datatype" || last == "$unit", levels.count == 5 {
                add("device", .string(levels[1]))
                add("property", .string("\(levels[2]).\(levels[3])"))
                add(String(last.dropFirst()), .string(text))
            } else if let time = payload?["Time"] ?? payload?["StatusSNS"]?["Time"],
                time.string != nil
            {
                add("local_time", time)
            }
        }

        private mutating func add(_ key: String, _ value: JSON) { members.append(.init(key: key, value: value)) }

        private mutating func homie(_ nodes: [JSON.Member]) {
            var properties: [JSON.Member] = []
            for node in nodes {
                for property in node.value["properties"]?.members ?? [] {
                    let unit = property.value["unit"]?.string.map { UnitSpelling.unit($0).code } ?? ""
                    properties.append(
                        .init(
                            key: "\(node.key).\(property.key)",
                            value: [
                                "datatype": property.value["datatype"] ?? .null, "unit": .string(unit),
                                "format": property.value["format"] ?? .null,
                            ]))
                }
            }
            add("properties", .object(properties))
        }

        private mutating func discovery(_ levels: [String], _ payload: [UInt8]) {
            let described = payload.withUnsafeBytes { bytes -> DiscoveryMessage? in
                let parser = JSONParser()
                // What is no object was refused before.
                guard let root = try? parser.parse(bytes) else { return nil }
                return withExtendedLifetime(parser) {
                    DiscoveryMessage(
                        root, component: levels[1], node: levels.count == 5 ? levels[2] : nil,
                        object: levels[levels.count - 2])
                }
            }
            guard let described else { return }
            add(
                "entities",
                .array(
                    described.entities.map { entity in
                        [
                            "component": .string(entity.component), "object": .string(entity.object),
                            "name": entity.name.map { .string($0) } ?? .null,
                            "unique_id": entity.uniqueID.map { .string($0) } ?? .null,
                            "state_topic": .string(entity.stateTopic),
                            "value_template": entity.written.map { .string($0) } ?? .null,
                            "template_supported": .bool(entity.foreignTemplate == nil),
                            "unit": entity.unit.map { .string(UnitSpelling.unit($0).code) } ?? .null,
                            "device_class": entity.deviceClass.map { .string($0) } ?? .null,
                            "expire_after": entity.expireAfter.map { .number($0) } ?? .null,
                        ]
                    }))
            add("availability", .array(described.availability.map { .string($0.topic) }))
        }

        func write(to writer: inout JSONWriter) {
            for member in members {
                writer.key(member.key)
                writer.value(member.value)
            }
        }
    }
}
