import FieldProtocols

/// An event of the stream that owns its content.
enum HeardEvent: Equatable {
    case frame(MDPHeader, payload: [UInt8], at: Int64)
    case text(String, at: Int64, terminated: Bool)
    case garbage(Int, at: Int64)
    case failure(MDPError, at: Int64, count: Int)

    init(_ event: MDPEvent) {
        switch event {
        case .frame(let frame, let at): self = .frame(frame.header, payload: Array(frame.payload), at: at)
        case .text(let bytes, let at, let terminated):
            self = .text(String(decoding: bytes, as: UTF8.self), at: at, terminated: terminated)
        case .garbage(let count, let at): self = .garbage(count, at: at)
        case .failure(let error, let at, let count): self = .failure(error, at: at, count: count)
        }
    }

    var header: MDPHeader? { if case .frame(let header, _, _) = self { header } else { nil } }
    var error: MDPError? { if case .failure(let error, _, _) = self { error } else { nil } }
    var text: String? { if case .text(let text, _, _) = self { text } else { nil } }

    /// All events of a stream fed in chunks of this size, the end included.
    static func all(of bytes: [UInt8], chunk: Int = .max, finishing: Bool = true) -> [HeardEvent] {
        var stream = MDPStream()
        var heard: [HeardEvent] = []
        var start = 0
        while start < bytes.count {
            let end = chunk < bytes.count - start ? start + chunk : bytes.count
            bytes[start..<end].withUnsafeBytes { piece in
                var input = piece
                while let event = stream.next(&input) { heard.append(HeardEvent(event)) }
            }
            start = end
        }
        if finishing { while let event = stream.finish() { heard.append(HeardEvent(event)) } }
        return heard
    }
}
