import GatewayTestKit
import HTTPClient
import Testing

/// Against `openssl s_server`, with a certificate made on the spot.
struct TLSTests {
    private let folder: TemporaryFolder
    private let server: ChildProcess
    private let url: String

    init() throws {
        folder = try TemporaryFolder()
        let made = try ChildProcess(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", folder.file("key.pem"),
                "-out", folder.file("certificate.pem"),
            ], output: folder.file("log"))
        _ = made.waitForExit()
        let port = try LoopbackPort.free()
        server = try ChildProcess(
            "openssl",
            [
                "s_server", "-quiet", "-www", "-accept", "127.0.0.1:\(port)", "-key", folder.file("key.pem"), "-cert",
                folder.file("certificate.pem"),
            ], output: folder.file("log"))
        url = "https://localhost:\(port)/"
        #expect(Eventually.holds { LoopbackPort.accepts(port) })
    }

    private func get(_ authority: String?) throws -> ClientAnswer {
        var settings = ClientSettings()
        settings.tls.authorityFile = authority
        return try HTTPClient(settings).send(ClientRequest(.get, url))
    }

    @Test func aFailureNamesTheHostAndNoPassword() throws {
        let named = url.split(separator: "/", omittingEmptySubsequences: true)[1]
        let secret = "https://name:secret@\(named)/"
        for url in [url, secret] {
            let error = #expect(throws: HTTPClientError.self) { try HTTPClient().send(ClientRequest(.get, url)) }
            #expect(error?.detail.hasPrefix("\(named): ") == true, "\(error?.detail ?? "none")")
        }
    }

    @Test func aPeerIsBelievedByTheGivenAuthorityAlone() throws {
        #expect(try get(folder.file("certificate.pem")).status == 200)
        #expect { try get(nil) } throws: { ($0 as? HTTPClientError)?.code == "tls_failed" }
        #expect { try get("/no/such/file.pem") } throws: { ($0 as? HTTPClientError)?.code == "tls_failed" }
    }
}
