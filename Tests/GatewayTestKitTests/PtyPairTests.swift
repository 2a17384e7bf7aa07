import CLinux
import GatewayTestKit
import Glibc
import Testing

struct PtyPairTests {
    @Test func everyByteCrossesUnchangedBothWays() throws {
        let pair = try PtyPair()
        let gateway = clinux_open(pair.path, O_RDWR | O_NOCTTY, 0)
        defer { close(gateway) }
        let all = Array(UInt8.min...UInt8.max)
        #expect(pair.send(all) == 256)
        var got = [UInt8](repeating: 0, count: 512)
        #expect(read(gateway, &got, got.count) == 256)
        #expect(Array(got[..<256]) == all)
        #expect(write(gateway, all, all.count) == 256)
        #expect(pair.receive() == all)
    }

    @Test func whatNobodyReadsIsLostBeyondTheBuffer() throws {
        let pair = try PtyPair()
        let sent = pair.send([UInt8](repeating: 0x55, count: 1 << 20), within: .milliseconds(1))
        #expect(sent > 0 && sent < 1 << 20)
        pair.discardUnread()
        #expect(pair.send([1], within: .milliseconds(100)) == 1)
    }

    @Test func aBoardThatHangsLeavesNoRoom() throws {
        let pair = try PtyPair()
        #expect(pair.fill() > 0 && pair.fill() == 0)
        let gateway = clinux_open(pair.path, O_RDWR | O_NOCTTY | O_NONBLOCK, 0)
        defer { close(gateway) }
        #expect(write(gateway, "x", 1) == -1 && errno == EAGAIN)
    }

    @Test func aLinkMovesFromOnePairToAnother() throws {
        let folder = try TemporaryFolder()
        let (first, second) = (try PtyPair(), try PtyPair())
        try first.link(at: folder.file("by-id"))
        try second.link(at: folder.file("by-id"))
        var target = [CChar](repeating: 0, count: 64)
        let count = readlink(folder.file("by-id"), &target, 63)
        #expect(String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) == second.path)
    }
}
