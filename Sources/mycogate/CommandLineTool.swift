/// The program: picks the verb, reads its options, runs it, turns what went wrong into a line and an exit status.
enum CommandLineTool {
    static let verbs: [Verb] = [
        .run, .check, .status, .devices, .device, .tail, .readings, .spectra, .sql, .command, .task, .sync, .journal,
        .backup, .restore, .importFile, .decode, .drivers, .modbus, .ports, .calibrate, .token, .version,
    ]

    static func run(_ arguments: [String]) async -> Int32 {
        guard let name = arguments.first else {
            Output.error(help)
            return ExitStatus.usage.rawValue
        }
        if ["--help", "-h", "help"].contains(name) {
            guard let verb = arguments.dropFirst().first.flatMap(verb) else {
                Output.text(help)
                return ExitStatus.ok.rawValue
            }
            Output.text(verb.help)
            return ExitStatus.ok.rawValue
        }
        guard let verb = verb(name == "--version" ? "version" : name) else {
            Output.error("mycogate: `\(name)` is not a verb; `mycogate --help` lists them\n")
            return ExitStatus.usage.rawValue
        }
        return await run(verb, Array(arguments.dropFirst()))
    }

    private static func run(_ verb: Verb, _ arguments: [String]) async -> Int32 {
        if arguments.contains("--help") || arguments.contains("-h") {
            Output.text(verb.help)
            return ExitStatus.ok.rawValue
        }
        do {
            let status = try await verb.action(try Arguments(arguments, for: verb))
            Output.flush()
            return status.rawValue
        } catch let error as ToolError {
            Output.flush()
            Output.error("mycogate \(verb.name): \(error)\n")
            return error.status.rawValue
        } catch {
            Output.flush()
            Output.error("mycogate \(verb.name): \(error)\n")
            return ExitStatus.failed.rawValue
        }
    }

    private static func verb(_ name: String) -> Verb? { verbs.first { $0.name == name } }

    static var help: String {
        let width = verbs.map(\.name.count).max() ?? 0
        let lines = verbs.map { verb in
            "  " + verb.name + String(repeating: " ", count: width - verb.name.count + 2) + verb.summary
        }
        return """
            usage: mycogate VERB [OPTION …]

            \(lines.joined(separator: "\n"))

            `mycogate VERB --help` tells more about one. Environment: MYCOGATE_CONFIG, MYCOGATE_DATA_DIR, MYCOGATE_LOG.
            Exit status: 0 ok, 1 failed, 2 findings, 64 usage, 69 daemon unreachable, 78 configuration.

            """
    }
}
