import GatewayModel
import GatewayTestKit
import MQTT
import Testing

/// Against a real mosquitto.
@Suite struct BrokerSessionTests {
    @Test func theSessionSurvivesOurDeath() throws {
        let broker = try BrokerProcess()
        let first = try BlockingMQTTClient(port: broker.port, id: "gw")
        #expect(!first.resumed)
        try first.subscribe(["a/#"])
        first.drop()
        let device = try BlockingMQTTClient(port: broker.port, id: "device")
        for number in 0..<20 { try device.publish("a/b", "\(number)") }
        let second = try BlockingMQTTClient(port: broker.port, id: "gw")
        #expect(second.resumed)
        #expect(try second.work { $0.messages.count == 20 })
        #expect(second.messages.map(\.text) == (0..<20).map(String.init))
        second.close()
        device.close()
    }

    @Test func whatIsSentAgainIsToldFromWhatIsNew() throws {
        let broker = try BrokerProcess()
        let first = try BlockingMQTTClient(port: broker.port, id: "gw")
        try first.subscribe(["a/#"])
        let device = try BlockingMQTTClient(port: broker.port, id: "device")
        for number in 0..<20 { try device.publish("a/b", "\(number)") }
        first.drop()
        for number in 20..<30 { try device.publish("a/b", "\(number)") }
        let second = try BlockingMQTTClient(port: broker.port, id: "gw")
        #expect(try second.work { $0.messages.count == 30 })
        #expect(second.messages.map(\.isRedelivered) == (0..<30).map { $0 < 20 })
        second.close()
        device.close()
    }

    @Test func theWillIsPublishedWhenWeVanishAndNotWhenWeLeave() throws {
        let broker = try BrokerProcess()
        let watcher = try BlockingMQTTClient(port: broker.port, id: "watcher")
        try watcher.subscribe(["presence"])
        var configuration = MQTTConfiguration(host: "127.0.0.1", port: UInt16(broker.port), clientID: "gw")
        configuration.will = MQTTPublication(topic: "presence", text: "gone", retain: true)
        let leaving = try BlockingMQTTClient(configuration)
        leaving.close()
        let vanishing = try BlockingMQTTClient(configuration)
        try vanishing.publish("presence", "there")
        vanishing.drop()
        #expect(try watcher.work { $0.messages.map(\.text) == ["there", "gone"] })
        let late = try BlockingMQTTClient(port: broker.port, id: "late")
        try late.subscribe(["presence"])
        #expect(try late.work { $0.messages.map(\.text) == ["gone"] && $0.messages[0].retained })
    }

    /// A broker that lets `gw` in with the password of this hash, and how one signs in there.
    private func guarded(
        by hash: String, in folder: TemporaryFolder
    ) throws -> (broker: BrokerProcess, session: MQTTConfiguration) {
        try File.write("gw:\(hash)\n", to: folder.file("passwords"), mode: 0o600)
        let broker = try BrokerProcess(
            folder: folder, settings: ["allow_anonymous false", "password_file \(folder.file("passwords"))"])
        var session = MQTTConfiguration(host: "127.0.0.1", port: UInt16(broker.port), clientID: "gw")
        session.username = "gw"
        return (broker, session)
    }

    @Test func aWrongPasswordIsRefusedWithTheBrokersReason() throws {
        var (broker, session) = try guarded(by: "$7$101$aaaa$bbbb", in: TemporaryFolder())
        session.password = "wrong"
        #expect(throws: MQTTError.refused(.notAuthorized)) { try BlockingMQTTClient(session) }
        withExtendedLifetime(broker) {}
    }

    @Test func theRightPasswordIsAccepted() throws {
        // PBKDF2 of `right`, as mosquitto_passwd writes it.
        let hash =
            "$7$101$bXljb2dhdGVzYWx0$7iDh9II5hn/s3RbETIBmEXrZ3Niy9jT1kSxvF1zms3xeeDJfNOgG2D+7sM7tqnFZOEqlNAqAtBlsjzJ9"
            + "TSnM/Q=="
        var (broker, session) = try guarded(by: hash, in: TemporaryFolder())
        session.password = "right"
        try BlockingMQTTClient(session).close()
        session.password = "wrong"
        #expect(throws: MQTTError.refused(.notAuthorized)) { try BlockingMQTTClient(session) }
        withExtendedLifetime(broker) {}
    }

    @Test func anAddressWhereNobodyListensIsUnreachable() throws {
        let port = try LoopbackPort.free()
        let configuration = MQTTConfiguration(host: "127.0.0.1", port: UInt16(port), clientID: "gw")
        #expect(throws: MQTTError.unreachable("127.0.0.1:\(port): Connection refused")) {
            try BlockingMQTTClient(configuration)
        }
    }

    @Test func aMegabyteArrivesWholeAndPropertiesAreAccepted() throws {
        let broker = try BrokerProcess()
        let receiver = try BlockingMQTTClient(port: broker.port, id: "gw")
        try receiver.subscribe(["big"])
        let sender = try BlockingMQTTClient(port: broker.port, id: "device")
        var publication = MQTTPublication(topic: "big", payload: Array(repeating: 0x61, count: 1 << 20))
        publication.properties.expiry = 60
        publication.properties.contentType = "application/octet-stream"
        publication.properties.responseTopic = "answers"
        publication.properties.correlation = [1, 2, 3]
        publication.properties.user = [(name: "a", value: "b")]
        #expect(try sender.publish(publication) == .success)
        try sender.publish("big", "after")
        #expect(try receiver.work { $0.messages.count == 2 })
        #expect(receiver.messages[0].payload.count == 1 << 20)
    }

    @Test func tlsVerifiesTheBrokerAndCarriesTheSession() throws {
        let folder = try TemporaryFolder()
        try TestCertificates.make(in: folder)
        let port = try LoopbackPort.free()
        let broker = try BrokerProcess(
            settings: [
                "listener \(port) 127.0.0.1", "cafile \(folder.file("ca.pem"))",
                "certfile \(folder.file("server.pem"))",
                "keyfile \(folder.file("server.key"))", "require_certificate true",
            ])
        #expect(Eventually.holds { LoopbackPort.accepts(port) })
        var configuration = MQTTConfiguration(host: "127.0.0.1", port: UInt16(port), clientID: "gw")
        configuration.tls = .init(
            authorityFile: folder.file("ca.pem"), certificateFile: folder.file("client.pem"),
            keyFile: folder.file("client.key"))
        let client = try BlockingMQTTClient(configuration)
        try client.subscribe(["a/#"])
        for number in 0..<200 { try client.publish("a/b", "\(number)") }
        #expect(try client.work { $0.messages.count == 200 })
        client.close()

        configuration.tls?.authorityFile = folder.file("stranger.pem")
        let reason = MQTTError.tls("127.0.0.1:\(port): TLS: certificate verify failed")
        #expect(throws: reason) { try BlockingMQTTClient(configuration) }
        configuration.tls?.authorityFile = folder.file("missing.pem")
        #expect(throws: MQTTError.self) { try BlockingMQTTClient(configuration) }
        broker.stop()
    }

    @Test func aBrokersCertificateIsJudgedByTheTimeThatIsKnown() throws {
        let folder = try TemporaryFolder()
        try TestCertificates.make(in: folder, validFrom: "20240101000000Z", to: "20250101000000Z")
        let port = try LoopbackPort.free()
        let broker = try BrokerProcess(
            settings: [
                "listener \(port) 127.0.0.1", "certfile \(folder.file("server.pem"))",
                "keyfile \(folder.file("server.key"))",
            ])
        #expect(Eventually.holds { LoopbackPort.accepts(port) })
        var configuration = MQTTConfiguration(host: "127.0.0.1", port: UInt16(port), clientID: "gw")
        configuration.tls = .init(authorityFile: folder.file("ca.pem"))
        let (start, end): (Int64, Int64) = (1_704_067_200, 1_735_689_600)
        for (time, isTaken) in [
            (CertificateTime.system, false), (.exactly(start + 1), true), (.exactly(start - 1), false),
            (.notBefore(start - 1), true), (.notBefore(start + 1), true), (.notBefore(end + 1), false),
        ] {
            configuration.tls?.time = time
            if isTaken {
                try BlockingMQTTClient(configuration).close()
            } else {
                #expect(throws: MQTTError.self, "\(time)") { try BlockingMQTTClient(configuration) }
            }
        }
        // A stranger's certificate is not taken at any time.
        try TestCertificates.make(in: folder)
        configuration.tls = .init(authorityFile: folder.file("stranger.pem"))
        configuration.tls?.time = .notBefore(start)
        #expect(throws: MQTTError.self) { try BlockingMQTTClient(configuration) }
        broker.stop()
    }
}
