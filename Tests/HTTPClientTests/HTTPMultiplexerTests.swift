import GatewayTestKit
import HTTPClient
import Testing

struct HTTPMultiplexerTests {
    private func collect(_ http: HTTPMultiplexer, _ count: Int) -> [UInt64: Result<ClientAnswer, HTTPClientError>] {
        var results: [UInt64: Result<ClientAnswer, HTTPClientError>] = [:]
        var polls = 0
        while results.count < count, polls < 10_000 {
            polls += 1
            http.poll(timeout: .seconds(5)) { results[$0.tag] = $0.result }
        }
        return results
    }

    @Test func manyExchangesRunAtOnceAndAreTold() throws {
        let mas = try StandInMAS()
        mas.misbehave(.late(milliseconds: 20))
        let http = try HTTPMultiplexer(ClientSettings(), requestsMax: 8)
        for tag in 0..<8 {
            let body = #"{"envelope":{"hdr":{"deviceId":"d","msgId":"m\#(tag)"},"seq":1}}"#
            try http.submit(
                ClientRequest(.post, mas.url + "/api/iot/envelope/ingest", body: Array(body.utf8)), tag: UInt64(tag))
        }
        #expect(http.inFlight == 8)
        let results = collect(http, 8)
        #expect(Set(results.keys) == Set(0..<8))
        #expect(results.values.allSatisfy { (try? $0.get().status) == 200 })
        #expect(http.inFlight == 0)
        #expect(mas.withLedger { $0.deliveries.count } == 8)
    }

    @Test func moreThanTheBoundIsRefused() throws {
        let http = try HTTPMultiplexer(ClientSettings(), requestsMax: 1)
        try http.submit(ClientRequest(.get, "http://127.0.0.1:1/"), tag: 1)
        #expect(throws: HTTPClientError.overloaded) {
            try http.submit(ClientRequest(.get, "http://127.0.0.1:1/"), tag: 2)
        }
        let results = collect(http, 1)
        #expect(throws: HTTPClientError.self) { try results[1]?.get() }
        try http.submit(ClientRequest(.get, "http://127.0.0.1:1/"), tag: 3)
    }

    @Test func aConnectionIsUsedAgain() throws {
        let mas = try StandInMAS()
        let http = try HTTPMultiplexer(ClientSettings())
        for tag in 0..<200 {
            try http.submit(ClientRequest(.get, mas.url + "/health"), tag: UInt64(tag))
            #expect(try collect(http, 1)[UInt64(tag)]?.get().status == 200)
        }
        #expect(mas.connectionsAccepted == 1)
    }

    @Test func aConnectionThatDiedWhileIdleIsReplaced() throws {
        let http = try HTTPMultiplexer(ClientSettings())
        var configuration = StandInMAS.Configuration()
        for tag in 0..<3 {
            let mas = try StandInMAS(configuration)
            configuration.port = mas.port
            try http.submit(ClientRequest(.get, mas.url + "/health"), tag: UInt64(tag))
            #expect(try collect(http, 1)[UInt64(tag)]?.get().status == 200)
            mas.stop()
        }
    }

    @Test func wakingEndsAPollAndIsHarmlessAfterwards() throws {
        var http: HTTPMultiplexer? = try HTTPMultiplexer(ClientSettings())
        let waker = try #require(http).waker
        waker.wake()
        // Would last an hour, were it not woken.
        http?.poll(timeout: .seconds(3_600)) { _ in }
        http = nil
        waker.wake()
    }

    @Test func cancelledExchangesEndAsInterrupted() throws {
        let mas = try StandInMAS()
        mas.misbehave(.silent)
        let http = try HTTPMultiplexer(ClientSettings())
        for tag in 0..<4 {
            try http.submit(ClientRequest(.post, mas.url + "/api/iot/envelope/ingest"), tag: UInt64(tag))
        }
        http.poll(timeout: .milliseconds(10)) { _ in }
        http.cancelAll()
        #expect(http.inFlight == 0)
        let results = collect(http, 4)
        #expect(results.count == 4)
        #expect(results.values.allSatisfy { $0 == .failure(.interrupted) })
    }

    @Test func anAnswerThatNeverComesTimesOutAmongOthers() throws {
        let mas = try StandInMAS()
        mas.misbehave(.silent)
        var settings = ClientSettings()
        settings.totalTimeout = .milliseconds(100)
        let http = try HTTPMultiplexer(settings)
        try http.submit(ClientRequest(.post, mas.url + "/api/iot/envelope/ingest"), tag: 1)
        try http.submit(ClientRequest(.get, mas.url + "/health"), tag: 2)
        let results = collect(http, 2)
        #expect(try results[2]?.get().status == 200)
        guard case .failure(.timedOut) = results[1] else {
            Issue.record("\(String(describing: results[1]))")
            return
        }
    }

    @Test func aConnectionThatDoesNotComeAboutInTimeIsToldFromAnAnswerThatDoesNot() throws {
        let mas = try StandInMAS()
        let link = try LinkProxy(to: Int(mas.port))
        link.impose(.blackHole)
        var settings = ClientSettings()
        settings.connectTimeout = .milliseconds(100)
        let http = try HTTPMultiplexer(settings)
        try http.submit(ClientRequest(.get, "https://127.0.0.1:\(link.port)/"), tag: 1)
        guard case .failure(.refused(let detail)) = collect(http, 1)[1] else {
            Issue.record("there is somebody")
            return
        }
        #expect(detail.contains("time"))
    }

    @Test func namesAreResolvedBesideOtherExchanges() throws {
        let mas = try StandInMAS()
        let http = try HTTPMultiplexer(ClientSettings())
        try http.submit(ClientRequest(.get, "http://no-such-host.invalid/"), tag: 1)
        try http.submit(ClientRequest(.get, "http://localhost:\(mas.port)/health"), tag: 2)
        let results = collect(http, 2)
        guard case .failure(.couldNotResolve) = results[1] else {
            Issue.record("\(String(describing: results[1]))")
            return
        }
        #expect(try results[2]?.get().status == 200)
    }

    @Test func aServerThatComesAndGoesIsFollowed() throws {
        let http = try HTTPMultiplexer(ClientSettings(), requestsMax: 8)
        var configuration = StandInMAS.Configuration()
        for round in 0..<10 {
            let mas = try StandInMAS(configuration)
            configuration.port = mas.port
            for tag in 0..<8 { try http.submit(ClientRequest(.get, mas.url + "/health"), tag: UInt64(tag)) }
            let results = collect(http, 8)
            #expect(results.values.allSatisfy { (try? $0.get().status) == 200 }, "round \(round)")
            mas.stop()
            try http.submit(ClientRequest(.get, mas.url + "/health"), tag: 9)
            #expect(throws: HTTPClientError.self) { try collect(http, 1)[9]?.get() }
        }
    }
}
