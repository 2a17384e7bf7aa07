import GatewayModel
import GatewayTestKit
import HTTPClient
import Testing

/// Against `openssl s_server` with certificates of chosen dates. Serial: the clock is the process's.
@Suite(.serialized) struct CertificateTimeTests {
    private static let day: Int64 = 86_400

    /// A server whose certificate is valid from and to these dates (`YYYYMMDDHHMMSSZ`); the body gets a request's outcome.
    private func answers(from: String, to: String, _ time: CertificateTime) throws -> Bool {
        let folder = try TemporaryFolder()
        try TestCertificates.make(in: folder, validFrom: from, to: to)
        let port = try LoopbackPort.free()
        let server = try ChildProcess(
            "openssl",
            [
                "s_server", "-quiet", "-www", "-accept", "127.0.0.1:\(port)", "-key", folder.file("server.key"),
                "-cert", folder.file("server.pem"),
            ], output: folder.file("log"))
        defer { server.stop(within: .seconds(5)) }
        #expect(Eventually.holds { LoopbackPort.accepts(port) })
        CertificateClock.current = time
        defer { CertificateClock.current = .system }
        var settings = ClientSettings()
        settings.tls.authorityFile = folder.file("ca.pem")
        do throws(HTTPClientError) {
            return try HTTPClient(settings).send(ClientRequest(.get, "https://127.0.0.1:\(port)/")).status == 200
        } catch {
            #expect(error.code == "tls_failed", "\(error)")
            return false
        }
    }

    /// 2024-01-01 and 2025-01-01, both in the past of whoever runs this.
    private let start: Int64 = 1_704_067_200
    private let end: Int64 = 1_735_689_600

    private func pastAnswers(_ time: CertificateTime) throws -> Bool {
        try answers(from: "20240101000000Z", to: "20250101000000Z", time)
    }

    @Test func aCertificateIsJudgedByTheSystemsClockIfThatIsBelieved() throws {
        #expect(try !pastAnswers(.system))
        #expect(try answers(from: "20240101000000Z", to: "20990101000000Z", .system))
    }

    @Test func aKnownTimeTakesThePlaceOfAWrongClock() throws {
        #expect(try pastAnswers(.exactly(start + Self.day)))
        #expect(try !pastAnswers(.exactly(start - Self.day)))
        #expect(try !pastAnswers(.exactly(end + Self.day)))
    }

    @Test func whatExpiredBeforeTheFloorIsRefusedAndWhatBeganAfterItIsTaken() throws {
        #expect(try pastAnswers(.notBefore(start + Self.day)))
        #expect(try pastAnswers(.notBefore(start - 300 * Self.day)))
        #expect(try !pastAnswers(.notBefore(end + Self.day)))
    }
}
