import GatewayModel
import Testing

/// Names that others parse: a change here is a change of the outer contract.
struct PublicNameTests {
    @Test func theNamesOfTheContractStay() {
        #expect(StreamName.allCases.map(\.rawValue) == ["readings", "events", "logs", "audit", "tasks"])
        #expect(Quality.allCases.map(\.name) == ["ok", "warn", "bad", "stale", "old"])
        #expect(SourceKind.allCases.map(\.name) == ["mqtt", "serial", "http", "lora", "udp", "modbus", "gateway"])
        #expect(
            DeviceCommand.State.allCases.map(\.rawValue) == ["queued", "sent", "acknowledged", "refused", "expired"])
    }

    @Test func everyConstantOfAUnitIsThatUnit() {
        let units: [Unit] = [
            .none, .one, .celsius, .percent, .hectopascal, .ohm, .partsPerMillion, .volt, .second, .millisecond,
            .decibelMilliwatt,
        ]
        #expect(units.map(\.code) == ["", "1", "Cel", "%", "hPa", "Ohm", "[ppm]", "V", "s", "ms", "dB[mW]"])
        #expect(Unit("hPa") == .hectopascal)
    }

    @Test func everyPublicFlagIsOneBitAndNamedOnce() {
        let names = RecordFlags.names.map { $0.name.description }
        #expect(Set(names).count == names.count)
        #expect(RecordFlags.names.allSatisfy { $0.flag.rawValue.nonzeroBitCount == 1 })
    }

    @Test func aCommandEndsOnce() {
        #expect(DeviceCommand.State.allCases.filter(\.isFinal) == [.acknowledged, .refused, .expired])
    }

    @Test func sequenceNumbersCountUpFromOne() {
        #expect(SequenceNumber.zero.next == SequenceNumber(1))
        #expect(SequenceNumber(9) < SequenceNumber(10))
    }
}
