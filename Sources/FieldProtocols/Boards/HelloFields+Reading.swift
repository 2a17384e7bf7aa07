internal import JSONText

extension HelloFields {
    /// Names listed in a greeting that are kept.
    private static let listMax = 64

    /// Reads a HELLO payload, or a line in which a board introduces itself, whatever its firmware calls the fields.
    init(_ value: JSONValue, isBoot: Bool, source: MDPEndpoint?) {
        func text(_ keys: StaticString...) -> String? {
            for key in keys {
                if let text = value[key]?.string, !text.isEmpty { return text }
            }
            return nil
        }
        reportedID = text("device_id", "node_id", "board_id", "node", "mac")
        firmware = text("firmware_version", "hello", "firmware")
        version = text("version")
        role = text("role", "device_role")
        sensors = Self.names(value["sensors"])
        capabilities = Self.names(value["capabilities"])
        self.isBoot = isBoot
        self.source = source
        raw = JSON(value).text
    }

    private static func names(_ list: JSONValue?) -> [String] {
        var names: [String] = []
        list?.forEachElement { name in
            if let name = name.string, names.count < listMax { names.append(name) }
        }
        return names
    }
}
