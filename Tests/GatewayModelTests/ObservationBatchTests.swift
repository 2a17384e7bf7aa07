import GatewayModel
import GatewayTestKit
import Testing

struct ObservationBatchTests {
    private func observation(_ device: String) throws -> Observation {
        let id = try #require(DeviceID(device))
        return Observation(device: try #require(DeviceName(id)), received: VirtualClock().now(), source: .mqtt)
    }

    private let metric = MetricName(known: "model_test.value")

    @Test func eachObservationHasItsOwnReadingsAndMessageID() throws {
        var batch = ObservationBatch()
        batch.append(Reading(metric, .number(1)))
        batch.append(Reading(metric, .number(2)))
        var id = "first"
        let one = try observation("a")
        id.withUTF8 { batch.append(one, messageID: $0) }
        batch.append(Reading(metric, .number(3)))
        batch.append(try observation("b"))
        #expect(batch.observations.map(\.readings) == [0..<2, 2..<3])
        #expect(batch.bytes[batch.observations[0].messageID].elementsEqual("first".utf8))
        #expect(batch.observations[1].messageID.isEmpty)
        #expect(batch.count == 2)
    }

    @Test func discardedReadingsBelongToNobody() throws {
        var batch = ObservationBatch()
        batch.append(Reading(metric, .number(1)))
        batch.append(try observation("a"))
        batch.append(Reading(metric, .number(2)))
        batch.discardReadings()
        batch.append(Reading(metric, .number(3)))
        batch.append(try observation("b"))
        #expect(batch.readings[batch.observations[1].readings].map(\.value) == [.number(3)])
    }

    @Test func anEmptiedBatchHoldsNothing() throws {
        var batch = ObservationBatch()
        batch.append(Reading(metric, .number(1)))
        batch.append(try observation("a"))
        batch.append(Note(.events, kind: "test", received: VirtualClock().now()))
        batch.removeAll()
        #expect(batch.isEmpty)
        #expect(batch.readings.isEmpty && batch.bytes.isEmpty && batch.openReadings == 0..<0)
    }
}
