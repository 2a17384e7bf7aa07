import CloudSync
import GatewayModel
import JSONText
import Testing

struct DestinationWatchTests {
    private func notes(_ watch: inout DestinationWatch, _ state: DestinationStatus.State, _ seconds: Int64) -> [Note] {
        var status = DestinationStatus(name: "lake", kind: "http", state: state, acknowledged: .zero, lag: 7)
        status.reason = state == .held ? "HTTP 401: no" : nil
        let now = ReceiveTime(
            wall: Timestamp(milliseconds: 0, trusted: true), monotonicMilliseconds: seconds * 1_000)
        return watch.look([status], at: now)
    }

    @Test func aHeldDestinationIsToldOnceWithItsReasonAndThatItIsBack() throws {
        var watch = DestinationWatch()
        #expect(notes(&watch, .connected, 0).isEmpty)
        let held = notes(&watch, .held, 1)
        #expect(held.map(\.kind) == ["destination_held"])
        let body = try JSON(parsing: #require(held.first).body)
        #expect(body["destination"]?.string == "lake")
        #expect(body["reason"]?.string == "HTTP 401: no")
        #expect(body["lag"]?.int == 7)
        for second in 2..<600 {
            #expect(notes(&watch, second % 10 == 0 ? .retrying : .held, Int64(second)).isEmpty)
        }
        #expect(notes(&watch, .connected, 600).map(\.kind) == ["destination_back"])
        #expect(notes(&watch, .connected, 601).isEmpty)
    }

    @Test func aMomentWithoutItIsNotTold() {
        var watch = DestinationWatch()
        for second in 0..<29 { #expect(notes(&watch, .retrying, Int64(second)).isEmpty) }
        #expect(notes(&watch, .connected, 29).isEmpty)
        for second in 30..<60 { #expect(notes(&watch, .retrying, Int64(second)).isEmpty) }
        #expect(notes(&watch, .retrying, 60).map(\.kind) == ["destination_away"])
    }

    @Test func whatFlapsIsToldOnceAMinuteAtMost() {
        var watch = DestinationWatch()
        var told = 0
        for second in 0..<600 { told += notes(&watch, second % 2 == 0 ? .held : .connected, Int64(second)).count }
        #expect(told <= 20)
        #expect(told >= 10)
    }
}
