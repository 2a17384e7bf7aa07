import GatewayTestKit
import Testing

@testable import NATS

/// Who gets in, and what a broken connection looks like.
@Suite(.serialized)
struct ConnectingTests {
    /// The code of the error that connecting ends with; nil if it does not.
    private func failure(_ address: String, _ change: (inout NATSSettings) -> Void = { _ in }) -> String? {
        var settings = NATSSettings()
        change(&settings)
        do throws(NATSError) {
            _ = try NATSRig(address, settings)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func nobodyThereIsUnreachable() throws {
        #expect(failure("nats://127.0.0.1:\(try LoopbackPort.free())") == "connection_refused")
    }

    @Test func onlyTheRightPasswordGetsIn() throws {
        let server = try NATSServerProcess(settings: [#"authorization { user: gw, password: "right" }"#])
        #expect(failure(server.url) == "unauthorized")
        #expect(failure(server.url) { $0.credentials = .user("gw", password: "wrong") } == "unauthorized")
        #expect(failure(server.url) { $0.credentials = .user("gw", password: "right") } == nil)
    }

    @Test func onlyTheRightTokenGetsIn() throws {
        let server = try NATSServerProcess(settings: [#"authorization { token: "right" }"#])
        #expect(failure(server.url) { $0.credentials = .token("wrong") } == "unauthorized")
        #expect(failure(server.url) { $0.credentials = .token("right") } == nil)
    }

    @Test func onlyTheCredentialsFileOfAUserGetsIn() throws {
        var owner = NATSOperator(seed: 5)
        var stranger = NATSOperator(seed: 6)
        let server = try NATSServerProcess(settings: owner.settings)
        let folder = try TemporaryFolder()
        let files = [
            "right": owner.credentials(user: "gw"), "forged": owner.credentials(user: "gw", isForged: true),
            "stranger": stranger.credentials(user: "gw"), "empty": "",
        ]
        for (name, text) in files { try File.write(text, to: folder.file(name), mode: 0o600) }
        #expect(failure(server.url) == "unauthorized")
        #expect(failure(server.url) { $0.credentials = .file(folder.file("forged")) } == "unauthorized")
        #expect(failure(server.url) { $0.credentials = .file(folder.file("stranger")) } == "unauthorized")
        #expect(failure(server.url) { $0.credentials = .file(folder.file("empty")) } != nil)
        #expect(failure(server.url) { $0.credentials = .file(folder.file("missing")) } != nil)
        var settings = NATSSettings()
        settings.credentials = .file(folder.file("right"))
        let rig = try NATSRig(server.url, settings)
        // And it may use JetStream.
        _ = try rig.connection.create(StreamPlan(name: "site", subjects: ["site.>"]))
        _ = try rig.publish("a", id: "1")
        #expect(rig.wait(for: 1))
        guard case .stored = rig.seen.first else {
            Issue.record("\(rig.seen) \(server.log)")
            return
        }
    }

    @Test func aServerIsTrustedByItsAuthorityAndItsName() throws {
        let folder = try TemporaryFolder()
        try TestCertificates.make(in: folder)
        let server = try NATSServerProcess(settings: [
            "tls { cert_file: \"\(folder.file("server.pem"))\", key_file: \"\(folder.file("server.key"))\" }"
        ])
        let address = "tls://127.0.0.1:\(server.port)"
        #expect(failure(address) { $0.authorityFile = folder.file("ca.pem") } == nil)
        #expect(failure(address) { $0.authorityFile = folder.file("stranger.pem") } == "tls_failed")
        #expect(failure(address) == "tls_failed")
        // The certificate is for 127.0.0.1.
        #expect(failure("tls://localhost:\(server.port)") { $0.authorityFile = folder.file("ca.pem") } == "tls_failed")
    }

    @Test func aServerMayAskForOurCertificate() throws {
        let folder = try TemporaryFolder()
        try TestCertificates.make(in: folder)
        let files = ["server.pem", "server.key", "ca.pem"].map { folder.file($0) }
        let server = try NATSServerProcess(settings: [
            "tls { cert_file: \"\(files[0])\", key_file: \"\(files[1])\", ca_file: \"\(files[2])\", verify: true }"
        ])
        let address = "tls://127.0.0.1:\(server.port)"
        #expect(failure(address) { $0.authorityFile = folder.file("ca.pem") } != nil)
        let code = failure(address) {
            $0.authorityFile = folder.file("ca.pem")
            $0.certificateFile = folder.file("client.pem")
            $0.keyFile = folder.file("client.key")
        }
        #expect(code == nil)
    }

    @Test func aKilledServerIsToldAndEndsTheConnection() throws {
        let server = try NATSServerProcess()
        let rig = try NATSRig(server.url)
        server.kill()
        #expect(rig.wait(for: 1))
        guard case .closed = rig.seen.first else {
            Issue.record("\(rig.seen)")
            return
        }
        #expect(!rig.connection.isOpen)
        #expect(throws: NATSError.self) { _ = try rig.publish("a", id: "1") }
    }

    @Test func whatWeMayNotPublishIsTold() throws {
        let server = try NATSServerProcess(settings: [
            #"authorization { users: [{user: gw, password: "p", permissions: {publish: "allowed.>"}}] }"#
        ])
        var settings = NATSSettings()
        settings.credentials = .user("gw", password: "p")
        let rig = try NATSRig(server.url, settings)
        _ = try rig.publish("a", to: "site.readings", id: "1")
        #expect(rig.wait(for: 1))
        guard case .forbidden(let text) = rig.seen.first else {
            Issue.record("\(rig.seen)")
            return
        }
        #expect(text.contains("site.readings"))
    }

    @Test func aConnectionMayEndWhileAnswersAreUnderWay() throws {
        let server = try NATSServerProcess()
        for round in 0..<20 {
            let rig = try NATSRig(server.url)
            if round == 0 { _ = try rig.connection.create(StreamPlan(name: "SITE", subjects: ["site.>"])) }
            for index in 0..<200 { _ = try rig.publish("a", id: "\(round)-\(index)") }
            if round % 2 == 0 { _ = rig.wait(for: 1) }
        }
        // The rigs are gone, and with them whatever was still being answered.
        let rig = try NATSRig(server.url)
        #expect(try rig.connection.stream("SITE") != nil)
    }
}
