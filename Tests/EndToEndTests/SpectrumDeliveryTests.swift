import GatewayTestKit
import HTTPClient
import JSONText
import Testing

/// Spectra are the largest records there are: 50 KB each of JSON. Batches of them must not exceed what destinations take.
@Suite(.serialized) struct SpectrumDeliveryTests {
    /// What a NATS server takes by default, and what batches keep to.
    private static let byteCountMax = 1 << 20

    @Test func aHundredWideSpectraReachEveryKindOfDestinationWithinItsLimits() throws {
        let folder = try TemporaryFolder()
        let names = (0..<8).map { "sts-\($0)" }
        let instruments = try names.map { name in
            let instrument = try SimulatedBoard(OceanSpectrometer(serialNumber: name))
            try instrument.cable.link(at: folder.file(name))
            return instrument
        }
        let (lake, mas, hub) = (try StandInCollector(), try StandInMAS(), try NATSServerProcess())
        let ports = names.map { "{path: \(folder.file($0)), driver: obp, instrument: often}" }
        let devices = names.map { "{alias: \($0), match: {path: \(folder.file($0))}}" }
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                serial: {ports: [\(ports.joined(separator: ", "))]}
                devices: [\(devices.joined(separator: ", "))]
                instruments: [{name: often, interval: 200ms, integration_ms: 1}]
                sync:
                  destinations:
                    - {name: lake, kind: http, url: "\(lake.url)/in", streams: [readings], compression: none,
                       batch_size: 1000, batch_interval: 10s}
                    - {name: mas, kind: mas, url: "\(mas.url)"}
                    - {name: hub, kind: nats, url: "\(hub.url)", streams: [readings]}
                """)
        #expect(try gateway.start(), "\(gateway.log)")
        #expect(Eventually.holds(within: .seconds(60)) { gateway.recordCount >= 100 }, "\(gateway.log)")
        for instrument in instruments { instrument.stop() }
        let isDelivered = Eventually.holds(within: .seconds(60)) {
            guard let destinations = gateway.status()?["destinations"] else { return false }
            return ["lake", "mas", "hub"].allSatisfy { destinations[$0]?["lag"]?.int == 0 }
        }
        let count = gateway.recordCount
        #expect(isDelivered, "\(gateway.status()?["destinations"]?.text ?? "") \(gateway.log)")
        for name in ["lake", "mas", "hub"] {
            #expect(gateway.status()?["destinations"]?[name]?["refused"]?.int ?? 0 == 0, "\(name)")
        }
        #expect(StreamContents.reaches(UInt64(count), "mycogate-gw-test-1", at: hub.url))
        #expect(mas.withLedger { $0.deliveries.count } == count)
        lake.withLedger { ledger in
            #expect(ledger.storedCount == count)
            #expect(ledger.arrivals.allSatisfy { $0.bodyByteCount <= Self.byteCountMax })
            // Several share a batch, and it is their bytes that end it.
            #expect(ledger.arrivals.contains { $0.lines.count > 5 && $0.bodyByteCount > Self.byteCountMax / 2 })
            #expect(ledger.lines.allSatisfy { $0.utf8.count > 40_000 })
        }
        gateway.stop()
    }
}
