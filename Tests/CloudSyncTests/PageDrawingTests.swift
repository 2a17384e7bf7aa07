import GatewayModel
import Testing

@testable import CloudSync

struct PageDrawingTests {
    /// Records that trickle in while an upstream is away make a page each.
    @Test func aSmallPageDoesNotKeepTheRoomOfAFullOne() throws {
        let stream = MemoryStream()
        for _ in 0..<48 { stream.append("board-1", values: 20) }
        let drawing = PageDrawing(
            0, stream.source, gateway: "gw-1", NDJSONFormat(url: "http://x", gatewayID: "gw-1", epoch: "epoch"))
        let full = try drawing.draw(after: .zero, limit: 48)
        #expect(full.items.count == 48)
        stream.append("board-1", values: 1)
        let small = try #require(try drawing.draw(after: full.next, limit: 48).items.first)
        // The identity stands last: behind it is what the page has reserved.
        #expect(small.identity.capacity <= 4 * (small.bytes.count + small.identity.count))
        #expect(String(decoding: small.identity, as: UTF8.self) == "gw-1/epoch/readings/49")
    }
}
