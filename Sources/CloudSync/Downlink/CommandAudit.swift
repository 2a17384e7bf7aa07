internal import JSONText

/// What the audit says of a command that a server sent: the same members as for one that came over HTTP.
enum CommandAudit {
    static func body(_ command: RemoteCommand, local: String, principal: String) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        for (key, value) in [
            ("principal", principal), ("command", local), ("server_id", command.id), ("name", command.name),
        ] {
            writer.key(key)
            writer.string(value)
        }
        writer.key("params")
        writer.raw(command.params)
        writer.endObject()
        return writer.text
    }
}
