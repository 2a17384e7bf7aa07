internal import CNATS

/// What the library calls on threads of its own. The closure pointer is the number of a mailbox.
enum NATSCallbacks {
    static func closure(_ number: UInt) -> UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: number) }

    private static func mailbox(_ closure: UnsafeMutableRawPointer?) -> NATSMailbox? {
        NATSMailbox.registered(UInt(bitPattern: closure))
    }

    /// The message is ours to destroy from here on.
    static let answered: jsPubAckHandler = { _, message, answer, error, closure in
        guard let mailbox = mailbox(closure) else { return natsMsg_Destroy(message) }
        let token = NATSConnection.token(of: message)
        if let answer {
            let stored = answer.pointee
            let event = NATSEvent.stored(token: token, sequence: stored.Sequence, isDuplicate: stored.Duplicate)
            mailbox.put(event, answering: token)
        } else if let error {
            let failed = error.pointee
            let text =
                failed.Err == NATS_NO_RESPONDERS
                ? NATSError.noResponders.detail
                : failed.ErrText.map { String(cString: $0) } ?? String(cString: natsStatus_GetText(failed.Err))
            mailbox.put(.refused(token: token, code: Int(failed.ErrCode.rawValue), text: text), answering: token)
        }
    }

    static let closed: natsConnectionHandler = { connection, closure in
        guard let mailbox = mailbox(closure) else { return }
        mailbox.put(.closed(lastError(connection) ?? "the connection ended"))
    }

    static let troubled: natsErrHandler = { connection, _, status, closure in
        guard status == NATS_NOT_PERMITTED, let mailbox = mailbox(closure) else { return }
        mailbox.put(.forbidden(lastError(connection) ?? "not permitted"))
    }

    private static func lastError(_ connection: OpaquePointer?) -> String? {
        var text: UnsafePointer<CChar>?
        let status = natsConnection_GetLastError(connection, &text)
        guard status != NATS_OK else { return nil }
        let said = text.map { String(cString: $0) } ?? ""
        return said.isEmpty ? String(cString: natsStatus_GetText(status)) : said
    }
}
