import GatewayTestKit
import JSONText
import Testing

/// A task for the agents of the MAS: durable when its id is told, there once also when the gateway is killed meanwhile.
@Suite(.serialized) struct TaskTests {
    @Test func aTaskReachesTheAgentsOfTheMasAfterAKillToo() throws {
        let mas = try StandInMAS()
        mas.misbehave(.status(503), on: .tasks)
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: "sync: {destinations: [{name: mas, kind: mas, url: \"\(mas.url)\"}]}")
        #expect(try gateway.start(), "\(gateway.log)")
        let made = try gateway.tool(["task", "submit", "check the humidifier", "room=3", "--type", "diagnostics"])
        #expect(made.status == 0, "\(made.output)")
        gateway.kill()
        mas.misbehave(nil, on: .tasks)
        #expect(try gateway.start(), "\(gateway.log)")
        #expect(mas.wait { $0.agentTasks.count == 1 })
        let task = try JSON(parsing: try #require(mas.withLedger { $0.agentTasks.first }).body)
        #expect(task["message"]?.string == "check the humidifier")
        #expect(task["task_type"]?.string == "diagnostics")
        #expect(task["params"]?["room"]?.int == 3)
        #expect(task["params"]?["request_id"]?.string == made.output.split(separator: "\n").first.map(String.init))
        #expect(Eventually.holds { gateway.status()?["destinations"]?["mas"]?["lag"]?.int == 0 })
        #expect(try gateway.records(of: "audit").contains { $0["kind"]?.string == "task_submitted" })
        gateway.stop()
    }

    @Test(
        arguments: [
            (["submit", "x", "--type", "gossip"], "task_type"), (["submit", ""], "message"),
            (["submit", "x", "--device", "nobody"], "nobody"), (["cancel", "x"], "submit"),
            (["submit", "x", "y"], "key=value"),
        ])
    func whatIsNoTaskIsRefusedAndNotKept(_ words: [String], names reason: String) throws {
        let gateway = try GatewayProcess(binary: GatewayProcess.built(), sections: "")
        #expect(try gateway.start(), "\(gateway.log)")
        let refused = try gateway.tool(["task"] + words)
        #expect(refused.status != 0 && refused.output.contains(reason), "\(refused)")
        #expect(try gateway.records(of: "tasks").isEmpty)
        gateway.stop()
    }
}
