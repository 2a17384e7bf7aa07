import GatewayModel
import GatewayTestKit
import HTTPClient
import NATS
import Testing

/// libnats lets nobody at its TLS contexts; the process's clock counts there all the same. Serial: it is the process's.
@Suite(.serialized) struct NATSCertificateTimeTests {
    /// Whether a server whose certificate was valid in 2024 gets a connection at that time.
    private func connects(_ time: CertificateTime) throws -> Bool {
        let folder = try TemporaryFolder()
        try TestCertificates.make(in: folder, validFrom: "20240101000000Z", to: "20250101000000Z")
        let server = try NATSServerProcess(settings: [
            "tls { cert_file: \"\(folder.file("server.pem"))\", key_file: \"\(folder.file("server.key"))\" }"
        ])
        CertificateClock.current = time
        defer { CertificateClock.current = .system }
        var settings = NATSSettings()
        settings.authorityFile = folder.file("ca.pem")
        do throws(NATSError) {
            _ = try NATSConnection(settings, address: "tls://127.0.0.1:\(server.port)", onArrival: {})
            return true
        } catch {
            #expect(error.code == "tls_failed", "\(error)")
            return false
        }
    }

    private let start: Int64 = 1_704_067_200
    private let end: Int64 = 1_735_689_600

    @Test func aKnownTimeTakesThePlaceOfAWrongClock() throws {
        #expect(try connects(.exactly(start + 86_400)))
        #expect(try !connects(.exactly(start - 86_400)))
        #expect(try !connects(.exactly(end + 86_400)))
    }

    @Test func theFloorIsTakenForTheTime() throws {
        #expect(try connects(.notBefore(start + 86_400)))
        #expect(try !connects(.notBefore(end + 86_400)))
    }

    @Test func theSystemsClockCountsAgainOnceItIsBelieved() throws {
        #expect(try connects(.exactly(start + 86_400)))
        #expect(try !connects(.system))
    }
}
