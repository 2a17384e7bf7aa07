import FieldProtocols
import GatewayModel
import Testing

/// Names of our own that are first used when others have taken all the room.
@Suite struct FullNameTableTests {
    /// In a process of its own: the table is one for all, and never forgets.
    @Test func theQuantitiesOfASensorKeepTheirNames() async {
        await #expect(processExitsWith: .success) {
            for number in 0..<MetricName.countMax { _ = MetricName("hostile.name\(number)") }
            #expect(MetricName("hostile.late") == nil)
            for slot in BME688Slot.allCases {
                for field in BME688Field.allCases {
                    #expect(field.metric(slot).text == "\(slot.prefix).\(field.name)")
                }
            }
        }
    }
}
