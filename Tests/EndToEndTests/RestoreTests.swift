import GatewayTestKit
import HTTPClient
import JSONText
import Testing

/// One backup, restored more than once: what upstream has is not disturbed; with the real program.
@Suite struct RestoreTests {
    private struct Upstream {
        let broker: BrokerProcess
        let mas: StandInMAS
        let publisher: LoadPublisher
        var published = 0

        init() throws {
            broker = try BrokerProcess(settings: ["log_type none"])
            mas = try StandInMAS()
            publisher = try LoadPublisher(port: broker.port, clientID: "devices")
        }

        func gateway() throws -> GatewayProcess {
            try GatewayProcess(
                binary: GatewayProcess.built(),
                sections: """
                    mqtt: {broker: "\(broker.url)"}
                    sync: {destinations: [{name: mas, kind: mas, url: "\(mas.url)"}]}
                    """)
        }

        mutating func publish(_ count: Int) {
            publisher.publish(published..<published + count) {
                ("mycobrain/restored/telemetry", Array(#"{"pack":[{"id":"x","v":\#($0)}]}"#.utf8))
            }
            #expect(publisher.settle())
            published += count
        }

        /// Waits until the MAS has so many different records and the gateway knows it.
        func wait(for count: Int, _ gateway: GatewayProcess) {
            #expect(mas.wait { $0.deliveries.count == count }, "\(mas.withLedger { $0.deliveries.count })")
            #expect(Eventually.holds { gateway.status()?["destinations"]?["mas"]?["lag"]?.int == 0 })
        }
    }

    private func epoch(_ gateway: GatewayProcess) throws -> String {
        try JSON(parsing: try #require(gateway.get("/api/v1/sync")).body)["epoch"]?.string ?? ""
    }

    @Test func eachRestoreBeginsAnEpochOfItsOwnAndSendsNothingAgainThatWasDeliveredBeforeTheBackup() throws {
        var upstream = try Upstream()
        let first = try upstream.gateway()
        #expect(try first.start(), "\(first.log.suffix(500))")
        upstream.publish(200)
        upstream.wait(for: 200, first)
        let file = first.folder.file("backup.tar")
        #expect(try first.tool(["backup", file]).status == 0)
        // Lost with the box, but delivered.
        upstream.publish(50)
        upstream.wait(for: 250, first)
        var epochs = [try epoch(first)]
        first.stop()
        for round in 1...2 {
            let restored = try upstream.gateway()
            #expect(try restored.tool(["restore", file]).status == 0)
            #expect(try restored.start(), "\(restored.log.suffix(500))")
            upstream.publish(30)
            upstream.wait(for: 250 + 30 * round, restored)
            epochs.append(try epoch(restored))
            restored.stop()
        }
        #expect(Set(epochs).count == 3 && !epochs.contains(""))
        upstream.mas.withLedger { ledger in
            #expect(ledger.repeats == 0)
            #expect(ledger.differing == 0)
        }
    }

    @Test func whatWaitedInTheBackupIsSentAgainUnderTheSameIdsWithTheSameContent() throws {
        var upstream = try Upstream()
        let first = try upstream.gateway()
        #expect(try first.start(), "\(first.log.suffix(500))")
        upstream.mas.misbehave(.status(503))
        upstream.publish(100)
        #expect(Eventually.holds { first.recordCount == 100 })
        let file = first.folder.file("backup.tar")
        #expect(try first.tool(["backup", file]).status == 0)
        upstream.mas.misbehave(nil)
        #expect(try first.tool(["sync", "flush"]).status == 0)
        upstream.wait(for: 100, first)
        first.stop()
        for round in 1...2 {
            let restored = try upstream.gateway()
            #expect(try restored.tool(["restore", file]).status == 0)
            #expect(try restored.start(), "\(restored.log.suffix(500))")
            #expect(Eventually.holds { restored.status()?["destinations"]?["mas"]?["lag"]?.int == 0 })
            upstream.mas.withLedger { ledger in
                #expect(ledger.deliveries.count == 100)
                #expect(ledger.repeats >= 100 * round)
                #expect(ledger.differing == 0)
            }
            restored.stop()
        }
    }
}
