import HTTPServer

extension ControlRoutes {
    /// An answer of one line for each row, rendered while it is sent.
    static func lines<Row: Sendable>(
        _ rows: [Row], contentType: String, head: String, _ line: @escaping @Sendable (Row) -> String
    ) -> HTTPResponse {
        HTTPResponse(
            headers: ["Content-Type": contentType],
            body: .stream { stream in
                var bytes = Array(head.utf8)
                for row in rows {
                    bytes.append(contentsOf: line(row).utf8)
                    bytes.append(0x0A)
                    if bytes.count >= 60_000 {
                        try await stream.write(bytes)
                        bytes.removeAll(keepingCapacity: true)
                    }
                }
                if !bytes.isEmpty { try await stream.write(bytes) }
            })
    }
}
