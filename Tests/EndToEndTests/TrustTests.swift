import GatewayTestKit
import Glibc
import HTTPClient
import JSONText
import Testing

/// What one party of a site must not be able to do to another.
@Suite(.serialized) struct TrustTests {
    @Test func aPullerCannotMoveTheCursorOfADestination() throws {
        let down = try LoopbackPort.free()
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: "sync: {destinations: [{name: mas, kind: mas, url: \"http://127.0.0.1:\(down)\"}]}")
        #expect(try gateway.start(), "\(gateway.log)")
        let token = try JSON(
            parsing: try gateway.tool(["token", "create", "puller", "--scopes", "sync:pull", "--json"]).output)
        let epoch = try JSON(parsing: try #require(gateway.get("/api/v1/sync")).body)["epoch"]?.string ?? ""
        let headers = [ClientRequest.Header("Authorization", "Bearer \(token["token"]?.string ?? "")")]
        for (consumer, status) in [("mas", 403), ("mas-acks", 403), ("central", 200)] {
            let body = #"{"consumer":"\#(consumer)","epoch":"\#(epoch)","seq":0}"#
            let answer = try HTTPClient().send(
                ClientRequest(
                    .post, gateway.url + "/api/v1/sync/readings/ack", headers: headers, body: Array(body.utf8)))
            #expect(answer.status == status, "\(consumer)")
        }
        gateway.stop()
    }

    @Test func oneDeviceCannotAnswerTheCommandOfAnother() throws {
        let broker = try BrokerProcess()
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(), sections: "mqtt: {broker: \"\(broker.url)\"}")
        #expect(try gateway.start(), "\(gateway.log)")
        let publisher = try LoadPublisher(port: broker.port, clientID: "devices")
        publisher.publish(0..<1) { _ in ("mycobrain/a1/telemetry", Array(#"{"pack":[{"id":"x","v":1}]}"#.utf8)) }
        #expect(Eventually.holds { gateway.recordCount == 1 })
        let sent = try gateway.tool(["command", "a1", "estop", "--wait", "0s", "--json"])
        let id = try JSON(parsing: String(sent.output.split(separator: "\n")[0]))["id"]?.string ?? ""
        let answer = Array(#"{"request_id":"\#(id)","ok":true}"#.utf8)
        publisher.publish(1..<2) { _ in ("mycosoft/devices/evil/ack", answer) }
        #expect(
            Eventually.holds {
                gateway.status()?["intake"]?["rejected"]?["foreign_answer"]?.int == 1
            })
        #expect(state(gateway, id) == "sent")
        publisher.publish(2..<3) { _ in ("mycosoft/devices/a1/ack", answer) }
        #expect(Eventually.holds { state(gateway, id) == "acknowledged" })
        gateway.stop()
    }

    @Test func aCommandAskedForTwiceUnderOneKeyIsOneCommand() throws {
        let gateway = try GatewayProcess(binary: GatewayProcess.built(), sections: "")
        #expect(try gateway.start(), "\(gateway.log)")
        let token = try JSON(
            parsing: try gateway.tool(
                ["token", "create", "mas", "--scopes", "write:commands,write:ingest", "--json"]
            ).output)
        func post(_ path: String, _ body: String) throws -> JSON {
            let headers = [
                ClientRequest.Header("Authorization", "Bearer \(token["token"]?.string ?? "")"),
                ClientRequest.Header("Content-Type", "application/json"),
                ClientRequest.Header("Idempotency-Key", "one"),
            ]
            let request = ClientRequest(.post, gateway.url + path, headers: headers, body: Array(body.utf8))
            return try JSON(parsing: try HTTPClient().send(request).body)
        }
        _ = try post("/ingest", #"{"device_id":"a1","transport":"http","payload":{"temperature":1}}"#)
        let routes = [
            ("/api/v1/devices/a1/commands", #"{"name":"buzz"}"#, "id"),
            ("/command", #"{"cmd":"play","timeout_ms":10,"device_id":"a1"}"#, "command_id"),
        ]
        for (path, body, member) in routes {
            let first = try #require(try post(path, body)[member]?.string, "\(path)")
            #expect(try post(path, body)[member]?.string == first, "\(path)")
        }
        // Every other route that creates something says that it takes the key.
        let document = try JSON(parsing: try #require(gateway.get("/api/openapi.json")).body)
        for path in ["/ingest", "/devices/{id}/command", "/api/cmd"] {
            let names = document["paths"]?[path]?["post"]?["parameters"]?.array?.compactMap { $0["name"]?.string } ?? []
            #expect(names.contains("Idempotency-Key"), "\(path)")
            #expect(document["paths"]?[path]?["post"]?["responses"]?["409"] != nil, "\(path)")
        }
        for (path, method) in [("", "get"), ("/ack", "post")] {
            let route = document["paths"]?["/api/v1/sync/{stream}\(path)"]?[method]
            #expect(route?["responses"]?["503"] != nil, "\(path)")
        }
        #expect(document["paths"]?["/flush"]?["post"]?["requestBody"]?["required"] == false)
        gateway.stop()
    }

    @Test func withoutATokenNobodyElseIsLetInAndWhoeverMadeOneIsInTheAudit() throws {
        let gateway = try GatewayProcess(binary: GatewayProcess.built(), sections: "")
        let text = try File.text(gateway.configurationPath)
        let port = try #require(text.firstRange(of: "127.0.0.1:"))
        try File.write(text[..<port.lowerBound] + "0.0.0.0:" + text[port.upperBound...], to: gateway.configurationPath)
        try gateway.launch()
        #expect(gateway.waitForExit() == 78)
        #expect(gateway.log.contains("make one with `mycogate token create`"), "\(gateway.log)")

        #expect(try gateway.tool(["token", "create", "early", "--scopes", "sync:pull"]).status == 0)
        #expect(try gateway.start(), "\(gateway.log)")
        #expect(try gateway.tool(["token", "revoke", "early"]).status == 0)
        #expect(Eventually.holds { (try? gateway.records(of: "audit").count) == 2 })
        let entries = try gateway.records(of: "audit")
        #expect(entries.map { $0["kind"]?.string } == ["token_created", "token_revoked"])
        #expect(entries.allSatisfy { $0["body"]?["name"] == "early" })
        let whoever = entries.compactMap { $0["body"]?["principal"]?.string }
        #expect(whoever.count == 2 && whoever.allSatisfy { $0.hasPrefix("cli:") }, "\(whoever)")
        gateway.stop()
    }

    @Test(.enabled(if: geteuid() == 0, "giving files away needs root"))
    func aTokenThatRootMakesLeavesTheFilesToTheDaemonsUser() throws {
        let gateway = try GatewayProcess(binary: GatewayProcess.built(), sections: "")
        #expect(chown(gateway.dataDirectory, 65_534, 65_534) == 0)
        #expect(try gateway.tool(["token", "create", "early", "--scopes", "sync:pull"]).status == 0)
        for name in try File.names(in: gateway.dataDirectory) {
            var info = stat()
            #expect(stat(gateway.dataDirectory + "/" + name, &info) == 0)
            #expect(info.st_uid == 65_534 && info.st_gid == 65_534 && info.st_mode & 0o027 == 0, "\(name)")
        }
    }

    @Test func readingsAreNotLostBetweenPages() throws {
        let broker = try BrokerProcess()
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(), sections: "mqtt: {broker: \"\(broker.url)\"}")
        #expect(try gateway.start(), "\(gateway.log)")
        let publisher = try LoadPublisher(port: broker.port, clientID: "devices")
        publisher.publish(0..<9) { number in
            let pack = (0..<4).map { #"{"id":"m\#($0)","v":\#(number * 4 + $0)}"# }.joined(separator: ",")
            return ("mycobrain/pages/telemetry", Array(#"{"pack":[\#(pack)]}"#.utf8))
        }
        #expect(Eventually.holds { gateway.recordCount == 9 })
        for limit in [1, 3, 4, 5, 100] {
            var values: [Int] = []
            var cursor = ""
            repeat {
                let path = "/api/v1/readings?device=pages&limit=\(limit)" + (cursor.isEmpty ? "" : "&cursor=\(cursor)")
                let page = try JSON(parsing: try #require(gateway.get(path)).body)
                values += (page["readings"]?.array ?? []).compactMap { $0["v"]?.int }
                cursor = page["cursor"]?.string ?? ""
            } while !cursor.isEmpty
            #expect(values == Array(0..<36), "limit \(limit)")
        }
        gateway.stop()
    }

    private func state(_ gateway: GatewayProcess, _ id: String) -> String? {
        // Nil stands for an answer that is none.
        gateway.get("/api/v1/commands/\(id)").flatMap { try? JSON(parsing: $0.body) }?["state"]?.string
    }
}
