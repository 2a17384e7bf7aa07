import HTTPServer
import JSONText

/// How the rows of an answer are written.
struct RowText<Row: Sendable>: Sendable {
    var contentType: String
    var head = ""
    /// Between two rows, and behind each.
    var separator = ""
    var terminator = ""
    var row: @Sendable (Row) -> String
    /// Behind the last row, with the cursor of what was left out.
    var tail: @Sendable (Int64?) -> String = { _ in "" }

    /// One document of which the member `name` has the rows and `cursor` tells where to go on.
    static func json(_ name: String, _ row: @escaping @Sendable (Row) -> JSON) -> RowText {
        RowText(
            contentType: "application/json", head: #"{"\#(name)":["#, separator: ",", row: { row($0).text },
            tail: { cursor in #"],"cursor":\#(cursor.map { "\"\($0)\"" } ?? "null")}"# + "\n" })
    }

    static func ndjson(_ row: @escaping @Sendable (Row) -> JSON) -> RowText {
        RowText(contentType: "application/x-ndjson", terminator: "\n", row: { row($0).text })
    }

    static func csv(head: String, _ row: @escaping @Sendable (Row) -> String) -> RowText {
        RowText(contentType: "text/csv; charset=utf-8", head: head, terminator: "\n", row: row)
    }
}

extension RowText {
    /// Pieces of this size are handed to the network.
    private static var pieceByteCount: Int { 60_000 }

    /// An answer of at most `limit` rows, to the end of the message that reaches it. They are looked up page by page while
    /// the client takes them: what an answer holds depends neither on how much is asked for nor on who is slow.
    ///
    /// - Parameter find: looks up a page of about so many rows behind a number.
    func answer(
        limit: Int, after: Int64, _ find: @escaping @Sendable (_ after: Int64, _ limit: Int) throws -> RowPage<Row>
    ) throws -> HTTPResponse {
        // Before the head is sent: what cannot be read at all is an error, not an answer that breaks off.
        let first = try find(after, min(limit, RowPage<Row>.rowCountMax))
        guard first.more, first.rows.count < limit else {
            var bytes = Array(head.utf8)
            for index in first.rows.indices { append(first.rows[index], isFirst: index == 0, to: &bytes) }
            bytes.append(contentsOf: tail(first.more ? first.last : nil).utf8)
            return HTTPResponse(status: 200, contentType: contentType, bytes)
        }
        return HTTPResponse(
            headers: ["Content-Type": contentType],
            body: .stream { stream in try await send(first, limit: limit, find, to: stream) })
    }

    private func send(
        _ first: RowPage<Row>, limit: Int, _ find: @Sendable (Int64, Int) throws -> RowPage<Row>,
        to stream: ResponseStream
    ) async throws {
        var page = first
        var left = limit
        var bytes = Array(head.utf8)
        while true {
            for index in page.rows.indices {
                append(page.rows[index], isFirst: left == limit && index == 0, to: &bytes)
                if bytes.count >= Self.pieceByteCount {
                    try await stream.write(bytes)
                    bytes.removeAll(keepingCapacity: true)
                }
            }
            left -= page.rows.count
            guard page.more, left > 0 else { break }
            page = try find(page.last, min(left, RowPage<Row>.rowCountMax))
        }
        bytes.append(contentsOf: tail(page.more ? page.last : nil).utf8)
        if !bytes.isEmpty { try await stream.write(bytes) }
    }

    private func append(_ row: Row, isFirst: Bool, to bytes: inout [UInt8]) {
        if !isFirst { bytes.append(contentsOf: separator.utf8) }
        bytes.append(contentsOf: self.row(row).utf8)
        bytes.append(contentsOf: terminator.utf8)
    }
}

extension RowText {
    /// As a request wants them: JSON under this name, its lines, or comma-separated values.
    init(
        _ format: ReadingsQuery.Format, _ name: String, _ json: @escaping @Sendable (Row) -> JSON, csvHead: String,
        _ csv: @escaping @Sendable (Row) -> String
    ) {
        self =
            switch format {
            case .json: .json(name, json)
            case .ndjson: .ndjson(json)
            case .csv: .csv(head: csvHead, csv)
            }
    }
}
