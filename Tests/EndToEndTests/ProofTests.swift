import Crypto
import GatewayTestKit
import JSONText
import MQTT
import Testing

/// A broker and boards that prove who they are, set up by nothing but the configuration.
@Suite(.serialized) struct ProofTests {
    @Test func aBrokerWithCertificatesAndPasswordsIsReachedAsConfigured() throws {
        let folder = try TemporaryFolder()
        try TestCertificates.make(in: folder)
        try File.write("se cret#1\n", to: folder.file("right"))
        try File.write("guess\n", to: folder.file("wrong"))
        let passwords = try ChildProcess(
            "mosquitto_passwd", ["-b", "-c", folder.file("passwords"), "gw", "se cret#1"], output: "/dev/null")
        try #require(passwords.waitForExit() == 0)
        let port = try LoopbackPort.free()
        let broker = try BrokerProcess(
            settings: [
                "password_file \(folder.file("passwords"))", "listener \(port) 127.0.0.1",
                "cafile \(folder.file("ca.pem"))", "certfile \(folder.file("server.pem"))",
                "keyfile \(folder.file("server.key"))", "require_certificate true",
            ])
        func gateway(password: String, authority: String) throws -> GatewayProcess {
            try GatewayProcess(
                binary: GatewayProcess.built(),
                sections: """
                    mqtt:
                      broker: "mqtts://127.0.0.1:\(port)"
                      user: gw
                      password_file: \(folder.file(password))
                      ca_file: \(folder.file(authority))
                      certificate_file: \(folder.file("client.pem"))
                      key_file: \(folder.file("client.key"))
                    """)
        }
        for (password, authority, reason) in [
            ("wrong", "ca.pem", "authorized"), ("right", "stranger.pem", "mqtt: 127.0.0.1:\(port): TLS: certificate"),
        ] {
            let refused = try gateway(password: password, authority: authority)
            try refused.launch()
            #expect(
                Eventually.holds { refused.status()?["obstacles"]?[0]?.string?.contains(reason) == true },
                "\(reason): \(refused.log)")
            refused.stop()
        }
        let gateway = try gateway(password: "right", authority: "ca.pem")
        #expect(try gateway.start(), "\(gateway.log)")
        let publisher = try LoadPublisher(port: broker.port, clientID: "device")
        publisher.publish(0..<1) { _ in ("mycobrain/tls-1/telemetry", Array(#"{"pack":[{"id":"x","v":1}]}"#.utf8)) }
        #expect(Eventually.holds { gateway.recordCount == 1 })
        gateway.stop()
    }

    @Test func ofADeviceThatMustSignOnlyWhatItSignedIsStored() throws {
        let broker = try BrokerProcess()
        var board = MQTTBoard(id: "signed-1", family: .signed, seed: 1)
        var other = MQTTBoard(id: "signed-2", family: .signed, seed: 2)
        var forger = MQTTBoard(id: "signed-1", family: .signed, seed: 3)
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                mqtt: {broker: "\(broker.url)"}
                devices:
                  - {alias: signed-1, public_key: "\(Hex.encode(board.publicKey ?? []))", require_signature: true}
                  - {alias: signed-2, public_key: "\(Base64.encode(other.publicKey ?? []))"}
                """)
        #expect(try gateway.start(), "\(gateway.log)")
        let wall: Int64 = 1_800_000_000_000
        var messages: [(String, [UInt8])] = []
        for publication in forger.measure(wall: wall, monotonic: 1) + board.measure(wall: wall, monotonic: 1)
            + other.measure(wall: wall, monotonic: 1)
        {
            messages.append((publication.topic, publication.payload))
        }
        for id in ["signed-1", "signed-2"] {
            messages.append(("mycobrain/\(id)/telemetry", Array(#"{"pack":[{"id":"x","v":1}]}"#.utf8)))
        }
        let publisher = try LoadPublisher(port: broker.port, clientID: "devices")
        publisher.publish(0..<messages.count) { messages[$0] }
        #expect(Eventually.holds { gateway.recordCount == 3 })
        #expect(Eventually.holds { gateway.status()?["intake"]?["rejected"]?["signature_required"]?.int == 1 })
        #expect(gateway.status()?["intake"]?["rejected"]?["bad_signature"]?.int == 1)
        let records = try gateway.records(of: "readings")
        #expect(records.map { $0["device"]?.string } == ["signed-1", "signed-2", "signed-2"])
        #expect(records.map { $0["flags"]?.text } == [#"["signature_valid"]"#, #"["signature_valid"]"#, "[]"])
        gateway.stop()
    }
}
