import GatewayTestKit
import Testing

/// The program as a person calls it, without a daemon.
struct CommandLineTests {
    private func mycogate(_ arguments: String...) throws -> (status: Int32, output: String) {
        let folder = try TemporaryFolder()
        let child = try ChildProcess(
            GatewayProcess.built(), arguments, output: folder.file("out"),
            environment: ["MYCOGATE_DATA_DIR": folder.file("none")])
        let status = child.waitForExit()
        return (status, try File.text(folder.file("out")))
    }

    @Test(arguments: [
        "run", "check", "status", "devices", "device", "tail", "readings", "spectra", "import", "sql", "command",
        "sync", "decode", "ports",
        "token", "version",
    ])
    func everyVerbExplainsItself(_ verb: String) throws {
        let help = try mycogate(verb, "--help")
        #expect(help.status == 0)
        #expect(help.output.hasPrefix("usage: mycogate \(verb)"))
        #expect(try mycogate("--help").output.contains("\n  \(verb) "))
    }

    @Test func whatIsNotUnderstoodIsUsage() throws {
        #expect(try mycogate().status == 64)
        #expect(try mycogate("nonsense").status == 64)
        #expect(try mycogate("status", "--nonsense").status == 64)
        #expect(try mycogate("command", "only-one-word").status == 64)
        for number in ["x", "-1", "1.5", ""] {
            let result = try mycogate("tail", "--after", number)
            #expect(result.status == 64 && result.output.contains("--after `\(number)`"), "\(result.output)")
        }
    }

    @Test func withoutADaemonTheStatusSaysSo() throws {
        #expect(try mycogate("status").status == 69)
    }

    @Test func sqlOverAFolderWithoutAJournalIsAnErrorAndNoEmptyTable() throws {
        let result = try mycogate("sql", "select count(*) from readings")
        #expect(result.status == 1 && result.output.contains("/none holds no journal"), "\(result.output)")
    }

    @Test func aBrokenConfigurationSaysWhereAndStartsNothing() throws {
        let folder = try TemporaryFolder()
        try File.write("gateway: {id: gw-1}\nhttp:\n  lisen: x\n  listen: 7\n", to: folder.file("gateway.yaml"))
        for verb in ["check", "run"] {
            let result = try mycogate(verb, "--config", folder.file("gateway.yaml"))
            #expect(result.status == 78)
            #expect(result.output.contains("gateway.yaml:3:3: http.lisen: unknown key, did you mean `listen`?"))
            #expect(result.output.contains("gateway.yaml:4:11: http.listen: `7`, accepted HOST:PORT"))
        }
        #expect(try File.names(in: folder.path) == ["gateway.yaml"])
    }

    @Test func theExampleConfigurationIsValid() throws {
        let result = try mycogate("check", "--config", "\(Vectors.packageRoot)/config/gateway.yaml")
        #expect(result.status == 0, "\(result.output)")
    }

    @Test func theConfigurationOfTheReadmeIsValid() throws {
        let folder = try TemporaryFolder()
        let readme = try File.text("\(Vectors.packageRoot)/README.md")
        let start = try #require(readme.firstRange(of: "```yaml\n")).upperBound
        let end = try #require(readme[start...].firstRange(of: "```")).lowerBound
        try File.write(String(readme[start..<end]), to: folder.file("gateway.yaml"))
        let result = try mycogate("check", "--config", folder.file("gateway.yaml"))
        #expect(result.status == 0, "\(result.output)")
    }

    @Test func aPortHasOneDriver() throws {
        let folder = try TemporaryFolder("check")
        try File.write(
            """
            gateway: {id: gw}
            drivers: {folders: [\(Vectors.packageRoot)/drivers]}
            serial: {ports: [{path: /dev/ttyUSB7, driver: mycobrain}]}
            modbus: {buses: [{port: /dev/ttyUSB7, devices: [{id: a, profile: senseair-s8}]}]}

            """, to: folder.file("gateway.yaml"))
        let result = try mycogate("check", "--config", folder.file("gateway.yaml"))
        #expect(result.status == 78)
        #expect(result.output.contains("`/dev/ttyUSB7` is in `serial.ports` too"), "\(result.output)")
    }

    @Test func anInstrumentThatIsNotDescribedIsToldWithItsPortAndTheNamesThatThereAre() throws {
        let folder = try TemporaryFolder("check")
        try File.write(
            """
            gateway: {id: gw}
            serial: {ports: [{path: /dev/ttyUSB7, driver: obp, instrument: sts}]}
            instruments: [{name: sts-1}, {name: sts-2}]

            """, to: folder.file("gateway.yaml"))
        let result = try mycogate("check", "--config", folder.file("gateway.yaml"))
        #expect(result.status == 78)
        #expect(result.output.contains("/dev/ttyUSB7: instrument: no entry"), "\(result.output)")
        #expect(result.output.contains("`sts`; accepted: sts-1, sts-2"), "\(result.output)")
    }
}
