import CLinux
import EventLoop
import GatewayTestKit
import Glibc
import MQTT
import Testing

/// The broker drops to the user `mosquitto` when these tests run as root: its folder must be reachable.
@Suite struct EmbeddedBrokerTests {
    private func reachableFolder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        chmod(folder.path, 0o755)
        return folder
    }

    @Test func itStartsKeepsItsPortAndItsSessionsOverAKill() throws {
        let folder = try reachableFolder()
        let broker = EmbeddedBroker(BrokerSettings(folder: folder.file("broker")))
        #expect(broker.failure() != nil)
        try broker.start()
        #expect(broker.failure() == nil)
        let port = broker.port
        let client = try BlockingMQTTClient(port: Int(port), id: "gw")
        try client.subscribe(["a/#"])
        try client.publish(MQTTPublication(topic: "kept", text: "yes", retain: true))
        client.drop()
        broker.stop()
        try broker.start()
        #expect(broker.port == port)
        let again = try BlockingMQTTClient(port: Int(port), id: "gw")
        #expect(again.resumed)
        try again.subscribe(["kept"])
        #expect(try again.work { $0.messages.map(\.text) == ["yes"] })

        let process = try #require(broker.processID)
        kill(process, SIGKILL)
        #expect(Eventually.holds { broker.failure() != nil })
        #expect(broker.exitDescriptor == -1)
        try broker.start()
        #expect(broker.port == port)
        #expect(try BlockingMQTTClient(port: Int(port), id: "gw").resumed)
        broker.stop()
        #expect(!LoopbackPort.accepts(Int(port)))
    }

    @Test func aLeftoverOfAKilledGatewayIsReplaced() throws {
        let folder = try reachableFolder()
        let leftover = EmbeddedBroker(BrokerSettings(folder: folder.file("broker")))
        try leftover.start()
        let old = try #require(leftover.processID)
        let broker = EmbeddedBroker(BrokerSettings(folder: folder.file("broker")))
        try broker.start()
        #expect(broker.processID != old)
        #expect(broker.port == leftover.port)
        #expect(leftover.failure() != nil)
    }

    @Test func itEndsWithTheThreadThatStartedIt() async throws {
        let folder = try reachableFolder()
        let settings = BrokerSettings(folder: folder.file("broker"))
        let port = try await DedicatedThread.run(named: "broker") { _ -> UInt16 in
            let broker = EmbeddedBroker(settings)
            try broker.start()
            // Forgotten, as by a gateway that is killed.
            _ = Unmanaged.passRetained(broker)
            return broker.port
        }
        #expect(Eventually.holds { !LoopbackPort.accepts(Int(port)) })
    }

    @Test func aMissingProgramATakenPortAndABadFolderSayWhatToDo() throws {
        let folder = try reachableFolder()
        var settings = BrokerSettings(folder: folder.file("broker"))
        settings.program = "/nowhere/mosquitto"
        #expect(throws: MQTTError.brokerNotInstalled("/nowhere/mosquitto")) { try EmbeddedBroker(settings).start() }

        let other = try BrokerProcess()
        var taken = BrokerSettings(folder: folder.file("broker"))
        taken.port = UInt16(other.port)
        #expect(throws: MQTTError.broker("port \(other.port) of 127.0.0.1 is taken by another program")) {
            try EmbeddedBroker(taken).start()
        }
        #expect(throws: MQTTError.self) {
            try EmbeddedBroker(BrokerSettings(folder: folder.file("none/broker"))).start()
        }
    }
}
