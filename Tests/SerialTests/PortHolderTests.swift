import GatewayTestKit
import Serial
import Testing

@Suite struct PortHolderTests {
    @Test func theProgramThatHasAPortIsNamed() throws {
        let pair = try PtyPair()
        #expect(PortHolder.name(of: pair.path) == nil)
        let folder = try TemporaryFolder()
        let child = try ChildProcess(
            "/bin/sh", ["-c", "exec sleep 600 < \(pair.path)"], output: folder.file("out"))
        defer { _ = child.stop() }
        #expect(Eventually.holds { PortHolder.name(of: pair.path) == "sleep (\(child.id))" })
        #expect(PortHolder.name(of: folder.file("nothing")) == nil)
    }
}
