import CLinux
import Drivers
import EventLoop
import GatewayModel
import GatewayTestKit
import Glibc
import MQTT
import Testing

/// Against real brokers that come and go.
@Suite struct BrokerFaultTests {
    @Test func presenceIsRetainedAndTheWillContradictsIt() throws {
        let broker = try BrokerProcess()
        let watcher = try BlockingMQTTClient(port: broker.port, id: "watcher")
        try watcher.subscribe(["mycosoft/devices/+/presence"])
        let rig = try IntakeRig(port: UInt16(broker.port))
        #expect(try watcher.work { $0.messages.count == 1 })
        #expect(watcher.messages[0].topic == "mycosoft/devices/gw-1/presence")
        #expect(watcher.messages[0].text.contains(#""online":true"#))
        #expect(rig.waitUntilSubscribed())
        rig.end()
        #expect(try watcher.work { $0.messages.count == 2 })
        #expect(watcher.messages[1].text.contains(#""online":false"#))
        #expect(rig.ledger.texts.isEmpty, "our own presence is no message of a device")
    }

    @Test func aBrokerRestartLosesNothingThatItAcknowledged() throws {
        let folder = try TemporaryFolder("mycogate-broker")
        var broker = try BrokerProcess(folder: folder, settings: ["persistence true"])
        let port = broker.port
        let rig = try IntakeRig(port: UInt16(port)) { $0.batchMax = 50 }
        #expect(rig.waitUntilSubscribed())
        var published: [String] = []
        for round in 0..<3 {
            let device = try BlockingMQTTClient(port: port, id: "device")
            for number in 0..<300 {
                let text = "r\(round)-\(number)"
                try device.publish("mycosoft/devices/dev-1/telemetry", text)
                published.append(text)
            }
            device.drop()
            broker.stop()
            broker = try BrokerProcess(port: port, folder: folder, settings: ["persistence true"])
        }
        #expect(Eventually.holds { Set(rig.ledger.texts) == Set(published) })
        #expect(rig.intake.status.connections >= 2)
    }

    @Test func aConnectionThatTheWayForgotIsGivenUpAndNothingIsLostOrDoubled() throws {
        let broker = try BrokerProcess()
        let link = try LinkProxy(to: broker.port)
        let rig = try IntakeRig(port: UInt16(link.port), keepAlive: 5)
        #expect(rig.waitUntilSubscribed())
        let device = try BlockingMQTTClient(port: broker.port, id: "device")
        try device.publish("mycosoft/devices/dev-1/telemetry", "before")
        #expect(Eventually.holds { rig.ledger.texts == ["before"] })
        link.impose(.blackHole)
        let published = (0..<300).map { "silent-\($0)" }
        for text in published { try device.publish("mycosoft/devices/dev-1/telemetry", text) }
        link.healForNewConnections()
        // Two keep-alives, and time for a machine that has other things to do.
        #expect(Eventually.holds(within: .seconds(60)) { Set(rig.ledger.texts) == Set(published + ["before"]) })
        // Its acknowledgement may have been on the way; the journal knows the first message again, this ledger does not.
        #expect(rig.ledger.texts.count { $0 != "before" } == 300)
        #expect(rig.intake.status.connections >= 2)
    }

    @Test func aRefusedCommitLosesNothingOverTLSEither() throws {
        let folder = try TemporaryFolder()
        try TestCertificates.make(in: folder)
        let port = try LoopbackPort.free()
        let broker = try BrokerProcess(
            settings: [
                "listener \(port) 127.0.0.1", "cafile \(folder.file("ca.pem"))",
                "certfile \(folder.file("server.pem"))", "keyfile \(folder.file("server.key"))",
            ])
        let tls = MQTTConfiguration.TLS(authorityFile: folder.file("ca.pem"))
        let ledger = try CommitLedger()
        let first = try IntakeRig(port: UInt16(port), ledger: ledger, tls: tls)
        #expect(first.waitUntilSubscribed())
        ledger.refuse(true)
        let device = try BlockingMQTTClient(port: broker.port, id: "device")
        let texts = (0..<500).map { "r\($0)" }
        for text in texts { try device.publish("mycosoft/devices/dev-1/telemetry", text) }
        #expect(Eventually.holds { first.intake.status.state == .held })
        // Stopped while it holds a batch that never became durable.
        first.end()
        #expect(ledger.texts.isEmpty)
        ledger.refuse(false)
        let second = try IntakeRig(port: UInt16(port), ledger: ledger, tls: tls)
        #expect(Eventually.holds { ledger.texts == texts })
        second.end()
    }

    @Test func commandsReachTheDeviceAndAreConfirmed() throws {
        let broker = try BrokerProcess()
        let rig = try IntakeRig(port: UInt16(broker.port))
        let device = try BlockingMQTTClient(port: broker.port, id: "device")
        try device.subscribe(["mycosoft/devices/dev-1/cmd"])
        #expect(rig.waitUntilSubscribed())
        let now = SystemClock(isVouched: true).now()
        let command = DeviceCommand(
            id: "c-1", device: try #require(DeviceID("dev-1")), name: "estop", params: #"{"hard":true}"#, origin: "cli",
            state: .queued, result: nil, created: now.wall, expires: now.wall,
            deadline: now.monotonicMilliseconds + 60_000)
        let confirmed = try Wakeup()
        try rig.intake.publish(
            CommandPublication.of(command, deviceID: "dev-1", now: now)
        ) { result in
            if case .success(.success) = result { confirmed.wake() }
        }
        #expect(confirmed.wait(timeout: .seconds(10)))
        #expect(try device.work { !$0.messages.isEmpty })
        #expect(
            device.messages.first?.text
                == #"{"target":"side_a","cmd":"estop","params":{"hard":true},"request_id":"c-1","ack_requested":true}"#)
    }

    @Test func theKeeperRestartsAKilledBrokerAndTheIntakeGoesOn() throws {
        let folder = try TemporaryFolder()
        chmod(folder.path, 0o755)
        let keeper = BrokerKeeper(
            settings: BrokerSettings(folder: folder.file("broker")), clock: SystemClock(isVouched: true), seed: 3,
            onStart: {})
        let stop = try StopFlag()
        let ended = try Wakeup()
        try DedicatedThread.start(named: "keeper") {
            do { try keeper.work(until: stop) } catch { Issue.record(error) }
            ended.wake()
        }
        #expect(Eventually.holds { keeper.port != nil })
        let port = try #require(keeper.port)
        let rig = try IntakeRig(port: port)
        #expect(rig.waitUntilSubscribed())
        let process = try File.text(folder.file("broker/broker.pid"))
        kill(try #require(Int32(process)), SIGKILL)
        #expect(Eventually.holds { keeper.restarts == 1 && keeper.port == port })
        #expect(Eventually.holds { rig.intake.status.connections == 2 && rig.intake.status.isSubscribed })
        let device = try BlockingMQTTClient(port: Int(port), id: "device")
        try device.publish("mycosoft/devices/dev-1/telemetry", "after")
        #expect(Eventually.holds { rig.ledger.texts == ["after"] })
        rig.end()
        stop.set()
        #expect(ended.wait(timeout: .seconds(10)))
        #expect(keeper.port == nil)
        #expect(!LoopbackPort.accepts(Int(port)))
    }

    @Test func aBrokerThatShutsDownIsConnectedAgain() throws {
        let broker = try ScriptedBroker()
        let rig = try IntakeRig(port: broker.port)
        let peer = try #require(broker.serveIntake())
        #expect(rig.waitUntilSubscribed())
        peer.send(MQTTPacket(.disconnect, [0x8B, 0]))
        let again = try #require(broker.serveIntake(resumed: true))
        #expect(rig.waitUntilSubscribed())
        #expect(!again.isClosed)
        #expect(rig.intake.status.lastError == nil)
    }
}
