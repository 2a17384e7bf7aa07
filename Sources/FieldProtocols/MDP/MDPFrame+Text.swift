internal import Crypto
internal import JSONText

extension MDPFrame {
    /// A good frame whose content is not understood, whole, as the log keeps it.
    func text(reason: String) -> String {
        var body = JSONWriter()
        body.beginObject()
        body.key("reason")
        body.string(reason)
        body.key("msg_type")
        body.unsigned(header.type.rawValue)
        body.key("seq")
        body.unsigned(header.seq)
        body.key("payload_hex")
        body.string(Hex.encode(payload))
        body.endObject()
        return body.text
    }
}
