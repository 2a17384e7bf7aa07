import GatewayModel
import HTTPServer
import Journal
import JSONText

extension ControlRoutes {
    var syncRoutes: [Route] {
        let after = Parameter.integer("after", 0...Int64.max, default: 0, "Records after this number")
        let epoch = Parameter<String?>.optionalText(
            "epoch", "The numbering `after` belongs to; the current one if absent")
        let limit = Parameter.integer(
            "limit", Int64(PullPage.limits.lowerBound)...Int64(PullPage.limits.upperBound), default: 1_000,
            "Records at most")
        let wait = Parameter.integer("wait", 0...60, default: 0, "Seconds to wait if there is nothing yet")
        return [
            Route(
                .get, "/api/v1/sync", scope: .syncPull, "The streams, their consumers and lag", tag: "sync",
                answers: [.init(200, "The state of all streams")]
            ) { _ in Self.json(SyncDocument.json(sources)) },
            Route(
                .get, "/api/v1/sync/refused", scope: .syncPull, "Records that a destination condemned", tag: "sync",
                answers: [.init(200, "The records with reasons")]
            ) { _ in
                let records = try sources.destinations().flatMap { try sources.journal.refused(by: $0.name) }
                return Self.json(["refused": .array(records.map { SyncDocument.json($0) })])
            },
            Route(
                .post, "/api/v1/sync/refused/{id}/resend", scope: .admin, "Sends a condemned record again", tag: "sync",
                answers: [
                    .init(200, "Delivered"), .problem(404, "No such record"),
                    .problem(502, "Not taken, with the reason"), .problem(503, "The audit takes no entry now"),
                ]
            ) { request in
                guard let id = Int64(request.path("id")) else {
                    throw Problem.notFound("no refused record `\(request.path("id"))`")
                }
                try audit("refused_record_resent", by: request.principal, ["id": .integer(id)])
                switch try await sources.resend(id) {
                case .delivered: return Self.json(["id": .integer(id), "state": "delivered"])
                case .failed(let reason): throw Problem(502, "not_taken", "the destination did not take it: \(reason)")
                case .unknown: throw Problem.notFound("no refused record \(id)")
                }
            },
            Route(
                .get, "/api/v1/sync/{stream}", scope: .syncPull, "Records of a stream as lines of JSON, gaps included",
                tag: "sync",
                parameters: [after.declaration, epoch.declaration, limit.declaration, wait.declaration],
                answers: [
                    .init(
                        200, "The records; headers Mycogate-Epoch, Mycogate-Next and Mycogate-More",
                        contentType: "application/x-ndjson"),
                    .problem(404, "No such stream"), .problem(409, "Another epoch, or `after` beyond the end"),
                    .problem(503, "The journal cannot be read now"),
                ]
            ) { request in
                let stream = try stream(request.path("stream"))
                try check(stream, epoch: request[epoch], after: request[after])
                let from = SequenceNumber(request[after])
                var page = try page(stream, after: from, limit: Int(request[limit]))
                if page.isEmpty, request[wait] > 0 {
                    await watch.wait(for: stream, after: page.next, limit: .seconds(request[wait]))
                    page = try self.page(stream, after: from, limit: Int(request[limit]))
                }
                return response(page, request.http)
            },
            Route(
                .post, "/api/v1/sync/{stream}/ack", scope: .syncPull, "Moves the cursor of a consumer", tag: "sync",
                body: .init(
                    "`consumer`, `epoch`, `seq`; `rewind: true` to go back",
                    schema: [
                        "type": "object", "required": ["consumer", "epoch", "seq"],
                        "properties": [
                            "consumer": ["type": "string"], "epoch": ["type": "string"],
                            "seq": ["type": "integer", "minimum": 0], "rewind": ["type": "boolean", "default": false],
                        ],
                    ]),
                answers: [
                    .init(200, "The cursor now in force"), .problem(403, "The cursor of a destination"),
                    .problem(404, "No such stream"),
                    .problem(409, "Another epoch, or a number not given out"), .problem(422, "Something is missing"),
                    .problem(503, "The store does not take it now"),
                ]
            ) { request in try acknowledge(try stream(request.path("stream")), try request.json(), request.principal) },
        ]
    }

    private func stream(_ name: String) throws(Problem) -> StreamName {
        guard let stream = StreamName(rawValue: name) else {
            let names = StreamName.allCases.map(\.rawValue).joined(separator: ", ")
            throw .notFound("no stream `\(name.prefix(64))`: there are \(names)")
        }
        return stream
    }

    private func check(_ stream: StreamName, epoch: String?, after: Int64) throws(Problem) {
        let status = sources.journal.status(of: stream)
        if let epoch, epoch != sources.journal.epoch {
            throw epochChanged(stream, "the epoch is \(sources.journal.epoch) now")
        }
        if after > status.lastSeq.rawValue {
            throw epochChanged(stream, "`after` is \(after), the last record is \(status.lastSeq)")
        }
    }

    private func epochChanged(_ stream: StreamName, _ detail: String) -> Problem {
        let status = sources.journal.status(of: stream)
        return Problem(
            409, "epoch_changed", detail,
            members: [
                .init(key: "epoch", value: .string(sources.journal.epoch)),
                .init(key: "first_seq", value: .integer(status.firstSeq.rawValue)),
                .init(key: "last_seq", value: .integer(status.lastSeq.rawValue)),
            ])
    }

    private func page(_ stream: StreamName, after: SequenceNumber, limit: Int) throws -> PullPage {
        do throws(JournalError) {
            return try rendering.withCopy { rendering throws(JournalError) in
                try PullPage(sources.journal, &rendering, stream, after: after, limit: limit)
            }
        } catch {
            throw problem(error, stream)
        }
    }

    private func problem(_ error: JournalError, _ stream: StreamName) -> Problem {
        switch error {
        case .epochChanged, .beyondEnd: epochChanged(stream, error.description)
        case .invalidConsumer, .tooManyConsumers: Problem(422, error.code, error.description)
        default: Problem(503, error.code, error.description)
        }
    }

    private func response(_ page: PullPage, _ request: HTTPRequest) -> HTTPResponse {
        let accepted = request.headers["Accept-Encoding"]
        let (encoding, bytes) = ContentCoding.encode(page.lines, accepted: accepted)
        var headers: HTTPHeaders = [
            "Content-Type": "application/x-ndjson", "Mycogate-Epoch": sources.journal.epoch,
            "Mycogate-Next": page.next.description, "Mycogate-More": page.more ? "true" : "false",
            "Vary": "Accept-Encoding",
        ]
        headers["Content-Encoding"] = encoding
        return HTTPResponse(headers: headers, body: .bytes(bytes))
    }

    private func acknowledge(_ stream: StreamName, _ body: JSON, _ principal: Principal) throws -> HTTPResponse {
        guard let consumer = body["consumer"]?.string, let epoch = body["epoch"]?.string, let seq = body["seq"]?.int64,
            seq >= 0
        else {
            throw Problem(422, "invalid_ack", "`consumer` (text), `epoch` (text) and `seq` (0 or more) must be given")
        }
        // A broker that confirms to devices has a second cursor for that.
        guard !sources.destinations().contains(where: { [$0.name, $0.name + "-acks"].contains(consumer) }) else {
            throw Problem(
                403, "consumer_reserved",
                "`\(consumer)` is a destination of this gateway: only its own answers move its cursor")
        }
        let rewind = body["rewind"]?.bool ?? false
        if rewind {
            try audit(
                "cursor_rewound", by: principal,
                ["consumer": .string(consumer), "stream": .string(stream.rawValue), "seq": .integer(seq)])
        }
        do throws(JournalError) {
            let acked = try sources.journal.acknowledge(
                consumer, stream, upTo: SequenceNumber(seq), epoch: epoch, rewind: rewind)
            return Self.json([
                "consumer": .string(consumer), "epoch": .string(sources.journal.epoch),
                "acked": .integer(acked.rawValue),
            ])
        } catch {
            throw problem(error, stream)
        }
    }
}
