import ControlAPI
import GatewayModel
import GatewayTestKit
import HTTPServer
import JSONText
import SQLite
import Synchronization
import Testing

/// `Idempotency-Key`: the same request twice creates once.
@Suite struct AnswerStoreTests {
    private final class Counter: Sendable {
        private let value = Mutex(0)
        func next() -> Int {
            value.withLock {
                $0 += 1
                return $0
            }
        }
        var count: Int { value.withLock { $0 } }
    }

    private let folder: TemporaryFolder
    private let clock = VirtualClock()
    private let made = Counter()
    private let state: Database

    init() throws {
        folder = try TemporaryFolder()
        state = try Database(path: folder.file("state.db"))
        try state.migrate(AnswerStore.migrations)
    }

    private func table() -> RouteTable {
        let made = made
        let route = Route(
            .post, "/things", scope: nil, "Makes one", answers: [.init(201, "Made"), .init(503, "Not now")],
            creates: true
        ) { request in
            let number = made.next()
            if request.http.body == Array("fail".utf8) { return HTTPResponse(status: 503) }
            var response = HTTPResponse(status: 201, "thing \(number)")
            response.headers["Location"] = "/things/\(number)"
            return response
        }
        return RouteTable(
            title: "Test", version: "1", routes: [route],
            access: { request, _ in .allow(.token(name: request.headers["X-Name"] ?? "a", scopes: [.admin])) },
            answers: AnswerStore(state: state, clock: clock))
    }

    private func post(
        _ body: String, key: String?, name: String = "a", to table: RouteTable? = nil
    ) async throws -> (status: Int, text: String, location: String?) {
        var headers: HTTPHeaders = ["X-Name": name]
        headers["Idempotency-Key"] = key
        let request = try #require(HTTPRequest("POST", "/things", headers: headers, body: Array(body.utf8)))
        let response = await (table ?? self.table()).respond(to: request)
        guard case .bytes(let bytes) = response.body else { return (response.status, "", nil) }
        return (response.status, String(decoding: bytes, as: UTF8.self), response.headers["Location"])
    }

    @Test func theSameKeyAndBodyGetTheFirstAnswerAlsoAfterARestart() async throws {
        let first = try await post("x", key: "k1")
        let second = try await post("x", key: "k1", to: table())
        #expect(first == (201, "thing 1", "/things/1"))
        #expect(second == first)
        #expect(made.count == 1)
        #expect(try await post("x", key: nil).text == "thing 2")
        #expect(try await post("x", key: "k2").text == "thing 3")
        #expect(try await post("x", key: "k1", name: "b").text == "thing 4")
    }

    @Test func anotherBodyUnderTheSameKeyIsRefused() async throws {
        _ = try await post("x", key: "k1")
        let answer = try await post("y", key: "k1")
        #expect(answer.status == 422)
        #expect(try JSON(parsing: answer.text)["code"] == "idempotency_key_reused")
        #expect(made.count == 1)
    }

    @Test func aFailureIsNotKept() async throws {
        #expect(try await post("fail", key: "k1").status == 503)
        #expect(try await post("fail", key: "k1").status == 503)
        #expect(made.count == 2)
    }

    @Test func answersAreForgottenAfterADay() async throws {
        _ = try await post("x", key: "k1")
        clock.advance(by: .seconds(24 * 3600 + 1))
        #expect(try await post("y", key: "k1").status == 201)
    }

    @Test func settingTheClockForgetsNoAnswer() async throws {
        clock.setWall(milliseconds: 60_000, trusted: false)
        _ = try await post("x", key: "k1")
        clock.setWall(milliseconds: 1_790_000_000_000, trusted: true)
        _ = try await post("x", key: "k2")
        clock.setWall(milliseconds: 1_000, trusted: false)
        for key in ["k1", "k2"] { _ = try await post("x", key: key) }
        clock.setWall(milliseconds: 2_100_000_000_000, trusted: false)
        for key in ["k1", "k2"] { _ = try await post("x", key: key) }
        #expect(made.count == 2)
    }

    @Test(arguments: ["", "a b", "ü", String(repeating: "k", count: 129)])
    func aBadKeyIsRefused(_ key: String) async throws {
        #expect(try await post("x", key: key).status == 400)
        #expect(made.count == 0)
    }
}
