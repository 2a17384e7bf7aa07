import GatewayTestKit
import Testing

struct ProcessTests {
    @Test func aProgramsEndAndOutputAreSeen() throws {
        let folder = try TemporaryFolder()
        let child = try ChildProcess(
            "/bin/sh", ["-c", "echo $MARK; exit 3"], output: folder.file("out"), environment: ["MARK": "x y"])
        #expect(child.waitForExit() == 3)
        #expect(try File.text(folder.file("out")) == "x y\n")
        #expect(!child.isRunning)
    }

    @Test func aStubbornProgramIsKilled() throws {
        let folder = try TemporaryFolder()
        let child = try ChildProcess(
            "/bin/sh", ["-c", "trap '' TERM; echo up; while :; do sleep 1; done"], output: folder.file("out"))
        #expect(Eventually.holds { (try? File.text(folder.file("out"))) == "up\n" })
        #expect(child.waitForExit(within: .milliseconds(20)) == nil)
        #expect(child.stop(within: .milliseconds(20)) == -9)
    }

    @Test func aMissingProgramIsAnError() {
        #expect(throws: FileError.self) { try ChildProcess("/nowhere/at-all", []) }
    }

    @Test func aBrokerAcceptsAndComesBackOnItsPort() throws {
        let first = try BrokerProcess()
        #expect(LoopbackPort.accepts(first.port))
        first.kill()
        #expect(!LoopbackPort.accepts(first.port))
        let second = try BrokerProcess(port: first.port, folder: first.folder)
        #expect(LoopbackPort.accepts(second.port))
        second.stop()
    }
}
