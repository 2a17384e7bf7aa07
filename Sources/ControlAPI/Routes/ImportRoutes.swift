import GatewayModel
import HTTPServer
import JSONText

extension ControlRoutes {
    var importRoutes: [Route] {
        [
            Route(
                .post, "/api/v1/imports/bmerawdata", scope: .writeIngest,
                "Takes in a raw-data file of BME AI-Studio, durably; rows that are there already are not stored again",
                tag: "readings", body: .init("The file as the logger wrote it; it may be cut off"),
                answers: [
                    .init(200, "`device`, `rows`, `stored`, `duplicates`, `unusable`, `truncated_at`"),
                    .problem(422, "No such file"), .problem(503, "The journal does not take writes now"),
                ]
            ) { request in
                let receipt: ImportReceipt
                do throws(IngestRefusal) {
                    receipt = try sources.importRawData(request.http.body)
                } catch {
                    switch error {
                    case .rejected(let reason): throw Problem(422, reason, "the file is not usable: \(reason)")
                    case .unavailable(let reason): throw Problem(503, "journal_unavailable", reason)
                    }
                }
                return Self.json([
                    "device": .string(receipt.device.text), "rows": .integer(Int64(receipt.rows)),
                    "stored": .integer(Int64(receipt.stored)), "duplicates": .integer(Int64(receipt.duplicates)),
                    "unusable": .integer(Int64(receipt.unusable)),
                    "truncated_at": receipt.cutAt.map { .integer(Int64($0)) } ?? .null,
                ])
            }
        ]
    }
}
