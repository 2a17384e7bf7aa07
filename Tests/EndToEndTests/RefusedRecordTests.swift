import GatewayTestKit
import HTTPClient
import JSONText
import Testing

/// A record that the MAS condemns is kept with its reason, stops nobody, and can be sent again.
@Suite(.serialized) struct RefusedRecordTests {
    @Test func aCondemnedRecordIsShownStopsNothingAndCanBeSentAgain() throws {
        let broker = try BrokerProcess()
        let mas = try StandInMAS()
        mas.misbehave(.status(422), device: "poison")
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                mqtt: {broker: "\(broker.url)"}
                sync: {destinations: [{name: mas, kind: mas, url: "\(mas.url)"}]}
                """)
        #expect(try gateway.start(), "\(gateway.log)")
        let publisher = try LoadPublisher(port: broker.port, clientID: "device")
        publisher.publish(0..<3) { number in
            let device = number == 1 ? "poison" : "good"
            return (
                "mycobrain/\(device)/telemetry", Array(#"{"seq":\#(number),"pack":[{"id":"x","v":\#(number)}]}"#.utf8)
            )
        }
        #expect(mas.wait { $0.deliveries.count == 2 })
        let listed = try gateway.tool(["sync", "refused"])
        let refused = try JSON(parsing: listed.output)
        #expect(refused["status"]?.int == 422)
        #expect(Eventually.holds { gateway.status()?["destinations"]?["mas"]?["lag"]?.int == 0 })
        #expect(gateway.status()?["destinations"]?["mas"]?["refused"]?.int == 1)

        let id = try #require(refused["id"]?.int)
        #expect(try gateway.tool(["sync", "resend", "\(id)"]).status == 1, "the MAS still refuses it")
        mas.misbehave(nil, device: "poison")
        #expect(try gateway.tool(["sync", "resend", "\(id)"]).status == 0)
        #expect(mas.withLedger { $0.deliveries.count } == 3)
        #expect(try gateway.tool(["sync", "refused"]).output.isEmpty)
        gateway.stop()
    }

    @Test func writingFromLoopbackNeedsATokenOfTheRightScope() throws {
        let gateway = try GatewayProcess(binary: GatewayProcess.built(), sections: "")
        #expect(try gateway.start(), "\(gateway.log)")
        let body = #"{"device_id":"board-9","transport":"wifi","payload":{"pack":[{"id":"x","v":1}]}}"#
        #expect(gateway.post("/ingest", body)?.status == 401)
        #expect(gateway.recordCount == 0)
        let wrong = try gateway.tool(["token", "create", "reader", "--scopes", "read:readings", "--json"])
        let right = try gateway.tool(["token", "create", "writer", "--scopes", "write:ingest", "--json"])
        #expect(try post(gateway, body, token: wrong.output).status == 403)
        let answer = try post(gateway, body, token: right.output)
        #expect(answer.status == 200)
        #expect(try JSON(parsing: answer.body)["message_id"]?.string?.count == 36)
        #expect(gateway.recordCount == 1)
        gateway.stop()
    }

    private func post(_ gateway: GatewayProcess, _ body: String, token output: String) throws -> ClientAnswer {
        let token = try JSON(parsing: output)["token"]?.string ?? ""
        let headers: [ClientRequest.Header] = [
            .init("Content-Type", "application/json"), .init("Authorization", "Bearer \(token)"),
        ]
        return try HTTPClient().send(
            ClientRequest(.post, gateway.url + "/ingest", headers: headers, body: Array(body.utf8)))
    }
}
