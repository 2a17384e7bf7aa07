import ControlAPI
import GatewayModel
import GatewayTestKit
import HTTPServer
import JSONText
import SQLite
import Synchronization
import Testing

@Suite struct RouteTableTests {
    enum Order: String, CaseIterable, Sendable { case up, down }

    static let limit = Parameter.integer("limit", 1...100, default: 10, "Things at most")
    static let order = Parameter<Order>.choice("order", default: .up, "Which first")
    static let name = Parameter.optionalText("name", "A name")
    static let size = Parameter.integer("size", 0...9, default: nil, "Must be given")
    static let id = Parameter.path("id", "The thing")

    private struct Failure: Error {}

    private static let routes: [Route] = [
        Route(
            .get, "/things", scope: .readReadings, "Lists things",
            parameters: [limit.declaration, order.declaration, name.declaration], answers: [.init(200, "Things")]
        ) { request in
            HTTPResponse("\(request[limit]) \(request[order].rawValue) \(request[name] ?? "-")")
        },
        Route(
            .get, "/things/{id}", scope: .readReadings, "One thing", parameters: [id.declaration],
            answers: [.init(200, "It")]
        ) {
            HTTPResponse($0[id] + " by " + $0.principal.origin)
        },
        Route(.get, "/things/latest", scope: .readReadings, "The latest", answers: [.init(200, "It")]) { _ in
            HTTPResponse("latest")
        },
        Route(.delete, "/things/{id}", scope: .admin, "Removes one", answers: [.init(204, "Gone", contentType: nil)]) {
            _ in
            HTTPResponse(status: 204)
        },
        Route(
            .post, "/sized", scope: nil, "Needs a size and JSON", parameters: [size.declaration],
            body: .init("Anything"),
            answers: [.init(200, "It"), .problem(409, "Taken")]
        ) { request in
            let body = try request.json()
            if body["taken"] != nil { throw Problem(409, "taken", "it is", members: [.init(key: "by", value: "you")]) }
            return HTTPResponse(body.text)
        },
        Route(.get, "/broken", scope: nil, "Fails", answers: [.init(200, "Never")]) { _ in throw Failure() },
    ]

    private let failures = Failures()
    private var table: RouteTable {
        let failures = failures
        return RouteTable(
            title: "Test", version: "1", routes: Self.routes,
            access: { request, scope in
                if request.headers["X-Evil"] != nil { return .deny(Problem(421, "host_not_allowed", "no")) }
                return scope == .admin ? .deny(Problem(403, "scope_missing", "no")) : .allow(.anonymous)
            }, onFailure: { id, _ in failures.note(id) })
    }

    private final class Failures: Sendable {
        private let ids = Mutex<[String]>([])
        func note(_ id: String) { ids.withLock { $0.append(id) } }
        var all: [String] { ids.withLock { $0 } }
    }

    private func ask(
        _ method: String, _ target: String, body: String = "", headers: HTTPHeaders = [:]
    ) async throws -> (status: Int, headers: HTTPHeaders, text: String) {
        let request = try #require(HTTPRequest(method, target, headers: headers, body: Array(body.utf8), id: "r-1"))
        let response = await table.respond(to: request)
        guard case .bytes(let bytes) = response.body else { return (response.status, response.headers, "") }
        return (response.status, response.headers, String(decoding: bytes, as: UTF8.self))
    }

    @Test func whatNobodyReadsIsRefusedWithWhatIsAccepted() async throws {
        let answer = try await ask("GET", "/things?limit=5&lmit=6")
        #expect(answer.status == 400)
        let problem = try JSON(parsing: answer.text)
        #expect(problem["code"] == "unknown_parameter")
        #expect(problem["detail"] == "`lmit` is not a parameter here; accepted: limit, order, name")
        #expect(try await ask("GET", "/things/1?x").text.contains("`x` is not a parameter here; accepted: none"))
        #expect(try await ask("GET", "/things?limit=5&limit=6").text.contains("limit is given more than once"))
        #expect(try await ask("HEAD", "/things?nonsense=1").status == 400)
    }

    @Test func parametersAreTypedAndHaveDefaults() async throws {
        #expect(try await ask("GET", "/things").text == "10 up -")
        #expect(try await ask("GET", "/things?limit=7&order=down&name=a+b").text == "7 down a b")
        #expect(try await ask("HEAD", "/things").status == 200)
    }

    @Test(arguments: ["limit=0", "limit=101", "limit=x", "limit=", "limit=99999999999999999999", "order=sideways"])
    func aParameterOutOfRangeIsRefusedWithItsName(_ query: String) async throws {
        let answer = try await ask("GET", "/things?" + query)
        let problem = try JSON(parsing: answer.text)
        #expect(answer.status == 400)
        #expect(answer.headers["Content-Type"] == "application/problem+json")
        #expect(problem["code"] == "invalid_parameter")
        #expect(problem["request_id"] == "r-1")
        #expect(problem["detail"]?.string?.hasPrefix(query.prefix { $0 != "=" }) == true)
    }

    @Test func aMissingParameterAndABrokenBodyAreRefused() async throws {
        #expect(try await JSON(parsing: ask("POST", "/sized", body: "{}").text)["code"] == "missing_parameter")
        #expect(try await JSON(parsing: ask("POST", "/sized?size=1", body: "{").text)["code"] == "malformed_json")
        #expect(try await ask("POST", "/sized?size=1", body: "{\"a\":1}").text == "{\"a\":1}")
    }

    @Test func aProblemOfARouteCarriesItsOwnMembers() async throws {
        let answer = try await ask("POST", "/sized?size=1", body: "{\"taken\":1}")
        let problem = try JSON(parsing: answer.text)
        #expect(
            answer.status == 409 && problem["status"] == 409 && problem["by"] == "you" && problem["title"] == "Conflict"
        )
    }

    @Test func literalsGoBeforeNamesAndEncodedSlashesSeparateNothing() async throws {
        #expect(try await ask("GET", "/things/latest").text == "latest")
        #expect(try await ask("GET", "/things/a%2Fb").text == "a/b by http")
        #expect(try await ask("GET", "/things/a/b").status == 404)
    }

    @Test func otherMethodsAreToldWhatIsAllowed() async throws {
        let refused = try await ask("PUT", "/things/1")
        #expect(refused.status == 405)
        #expect(refused.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS")
        let options = try await ask("OPTIONS", "/things")
        #expect(options.status == 204 && options.headers["Allow"] == "GET, HEAD, OPTIONS")
        #expect(try await JSON(parsing: ask("GET", "/nothing").text)["code"] == "not_found")
    }

    @Test func accessIsDecidedBeforeAnythingIsTold() async throws {
        #expect(try await ask("DELETE", "/things/1").status == 403)
        for target in ["/things?limit=0", "/nothing", "/things", "/sized"] {
            #expect(try await ask("PATCH", target, headers: ["X-Evil": "1"]).status == 421, "\(target)")
        }
    }

    @Test func aFailureIsReportedAndTellsNothing() async throws {
        let answer = try await ask("GET", "/broken")
        #expect(answer.status == 500)
        #expect(try JSON(parsing: answer.text)["code"] == "internal_error")
        #expect(failures.all == ["r-1"])
    }

    @Test func theDocumentTellsEveryRouteAndNothingElse() async throws {
        let document = try await JSON(parsing: ask("GET", "/api/openapi.json").text)
        #expect(document["openapi"] == "3.1.0")
        var told: [String] = []
        for path in document["paths"]?.members ?? [] {
            told += (path.value.members ?? []).map { $0.key.uppercased() + " " + path.key }
        }
        #expect(told.sorted() == table.routes.map { "\($0.method.rawValue) \($0.path)" }.sorted())
        let list = document["paths"]?["/things"]?["get"]
        #expect(list?["parameters"]?.count == 3)
        #expect(list?["parameters"]?[0]?["schema"]?["maximum"] == 100)
        #expect(list?["security"]?[0]?["bearer"]?[0] == "read:readings")
        let one = document["paths"]?["/things/{id}"]?["delete"]
        #expect(one?["parameters"]?[0]?["in"] == "path")
        #expect(one?["responses"]?["204"] != nil && one?["responses"]?["default"] != nil)
        #expect(document["paths"]?["/sized"]?["post"]?["requestBody"]?["required"] == true)
    }
}
