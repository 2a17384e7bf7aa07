import CLinux
import Glibc
import HTTPClient
import JSONText

/// Talks to the daemon over its Unix socket, where root and the daemon's group may do everything.
struct DaemonClient {
    private let client: HTTPClient
    private let socket: String

    init(_ arguments: Arguments, timeout: Duration = .seconds(60)) throws {
        socket = Locations(arguments).controlSocket
        guard access(socket, F_OK) == 0 || errno == EACCES else {
            throw ToolError.unreachable("no daemon: \(socket) is not there (is it running, and with this data folder?)")
        }
        guard access(socket, R_OK | W_OK) == 0 else {
            throw ToolError.unreachable("\(socket): permission denied; be root or in the group of the daemon")
        }
        var settings = ClientSettings()
        settings.unixSocketPath = socket
        settings.totalTimeout = timeout
        settings.stallTimeout = timeout
        settings.answerByteCountMax = 256 << 20
        client = try HTTPClient(settings)
    }

    func get(_ path: String, _ query: [(String, String?)] = []) throws -> JSON {
        try json(try exchange(ClientRequest(.get, url(path, query))))
    }

    func post(_ path: String, _ body: JSON) throws -> JSON {
        let headers = [ClientRequest.Header("Content-Type", "application/json")]
        return try json(try exchange(ClientRequest(.post, url(path, []), headers: headers, body: body.bytes)))
    }

    /// The raw body and the headers, for pages of records.
    func page(_ path: String, _ query: [(String, String?)]) throws -> ClientAnswer {
        try exchange(ClientRequest(.get, url(path, query)))
    }

    /// Hands on a body as it comes.
    func stream(_ path: String, _ query: [(String, String?)], _ onBytes: (UnsafeRawBufferPointer) -> Void) throws {
        var failure: [UInt8] = []
        let answer = try reach { () throws(HTTPClientError) in
            try client.stream(ClientRequest(.get, url(path, query))) { bytes in
                if failure.isEmpty, bytes.first != UInt8(ascii: "{") || !bytes.starts(with: Array("{\"type\":".utf8)) {
                    onBytes(bytes)
                } else {
                    failure.append(contentsOf: bytes)
                }
                return true
            }
        }
        if answer.status >= 400 { throw problem(answer.status, failure) }
    }

    /// Prints rows: csv and json as they come, a table made of lines of JSON.
    func show(
        _ path: String, _ query: [(String, String?)], as format: OutputFormat, columns: [String],
        _ cells: (JSON) -> [String]
    ) throws {
        let query = query + [("format", format.ofAnswer)]
        guard format == .table else { return try stream(path, query) { Output.write($0) } }
        var bytes: [UInt8] = []
        try stream(path, query) { bytes.append(contentsOf: $0) }
        Output.table(columns, try bytes.split(separator: 0x0A).map { cells(try JSON(parsing: Array($0))) })
    }

    private func exchange(_ request: ClientRequest) throws -> ClientAnswer {
        let answer = try reach { () throws(HTTPClientError) in try client.send(request) }
        guard answer.status < 400 else { throw problem(answer.status, answer.body) }
        return answer
    }

    private func reach(_ body: () throws(HTTPClientError) -> ClientAnswer) throws -> ClientAnswer {
        do throws(HTTPClientError) {
            return try body()
        } catch {
            switch error {
            case .refused, .connectionLost:
                throw ToolError.unreachable("the daemon does not answer at \(socket): \(error.detail)")
            default: throw ToolError.failed(error.detail)
            }
        }
    }

    private func problem(_ status: Int, _ body: [UInt8]) -> ToolError {
        // A body that is no problem document leaves the status to tell.
        guard let document = try? JSON(parsing: body), let detail = document["detail"]?.string else {
            return .failed("the daemon answered \(status)")
        }
        return .failed(detail)
    }

    private func json(_ answer: ClientAnswer) throws -> JSON {
        guard !answer.body.isEmpty else { return .null }
        return try JSON(parsing: answer.body, byteCountMax: 256 << 20)
    }

    private func url(_ path: String, _ query: [(String, String?)]) -> String {
        let pairs = query.compactMap { name, value in value.map { "\(name)=\(PercentText.encode($0))" } }
        return "http://localhost" + path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
    }
}

/// Percent-encoding of what stands in a path or a query.
enum PercentText {
    static func encode(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let hex = String(byte, radix: 16, uppercase: true)
                encoded += "%" + (hex.count == 1 ? "0" : "") + hex
            }
        }
        return encoded
    }
}
