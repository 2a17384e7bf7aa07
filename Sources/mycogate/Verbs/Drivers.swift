import Drivers
import FieldProtocols
import Gateway
import GatewayModel
import JSONText

extension Verb {
    static let drivers = Verb(
        name: "drivers", synopsis: "list | test PROFILE|FOLDER … | replay PROFILE|FOLDER [--json]",
        summary: "Lists the profiles of devices, tries them on their captures, prints what captures decode to.",
        details: "`test` fails if a profile has no captures, if they decode to anything but what is expected, or if a "
            + "changed expectation would still pass. A folder of profiles is tested as a whole; without a name all are. "
            + "A folder with a `decode.jsonl` holds captures of the formats that `decode` knows.",
        options: [.json, .config, .init(name: "folder", value: "DIR", help: "look for profiles here first")],
        words: 1...100
    ) { arguments in
        var own = arguments["folder"].map { [$0] } ?? []
        if case .success(let configuration) = ConfigurationFile.load(path: Locations.configurationPath(arguments)) {
            own += configuration.drivers.folders
        }
        let library = ProfileLibrary(own: own)
        switch arguments.words[0] {
        case "list":
            guard arguments.words.count == 1 else { throw ToolError.usage("`drivers list` takes no name") }
            return list(library, arguments)
        case "test": return try test(library, arguments)
        case "replay": return try replay(library, arguments)
        default: throw ToolError.usage("`\(arguments.words[0])`: accepted list, test, replay")
        }
    }

    private static func list(_ library: ProfileLibrary, _ arguments: Arguments) -> ExitStatus {
        var rows: [[String]] = []
        var isGood = true
        for (name, path) in library.paths() {
            switch ProfileLibrary.read(folder: path, name: name) {
            case .success(let profile):
                let metrics = Set(profile.metrics.map(\.text)).sorted()
                guard arguments.has("json") else {
                    rows.append([name, profile.kind.name, profile.vendor, profile.model, String(metrics.count), path])
                    continue
                }
                let json: JSON = [
                    "name": .string(name), "kind": .string(profile.kind.name), "vendor": .string(profile.vendor),
                    "model": .string(profile.model), "metrics": .array(metrics.map(JSON.string)), "path": .string(path),
                ]
                Output.line(json.text)
            case .failure(let problems):
                isGood = false
                Output.error(problems.description + "\n")
            }
        }
        if !arguments.has("json") {
            Output.table(["profile", "kind", "vendor", "model", "metrics", "folder"], rows)
        }
        return isGood ? .ok : .failed
    }

    private static func test(_ library: ProfileLibrary, _ arguments: Arguments) throws -> ExitStatus {
        let named = arguments.words.dropFirst()
        let chosen = named.isEmpty ? library.paths().map(\.path) : try named.flatMap { try folders(of: $0, library) }
        guard !chosen.isEmpty else { throw ToolError.failed("there are no profiles") }
        var failed = 0
        for folder in chosen {
            let result = Self.result(folder)
            if !result.findings.isEmpty { failed += 1 }
            show(result, arguments)
        }
        if !arguments.has("json") {
            Output.line("\(chosen.count) \(chosen.count == 1 ? "folder" : "folders"), \(failed) failed")
        }
        return failed == 0 ? .ok : .failed
    }

    /// What came of trying one folder.
    private struct TestResult {
        var name: String
        var findings: [String]
        var captureCount: Int
        /// What the captures gave, and what that is.
        var count: Int
        var counted: String
    }

    private static func result(_ folder: String) -> TestResult {
        if CaptureCheck.isCaptures(folder) {
            let check = CaptureCheck(folder: folder)
            return TestResult(
                name: check.name, findings: check.findings, captureCount: check.captureCount,
                count: check.lines.count, counted: "lines")
        }
        let check = ProfileCheck(folder: folder)
        return TestResult(
            name: check.name, findings: check.findings, captureCount: check.captureCount,
            count: check.observations.reduce(0) { $0 + $1.readings.count }, counted: "readings")
    }

    private static func show(_ check: TestResult, _ arguments: Arguments) {
        if arguments.has("json") {
            let json: JSON = [
                "name": .string(check.name), "ok": .bool(check.findings.isEmpty),
                "captures": .integer(Int64(check.captureCount)), "\(check.counted)": .integer(Int64(check.count)),
                "findings": .array(check.findings.map(JSON.string)),
            ]
            Output.line(json.text)
            return
        }
        guard check.findings.isEmpty else {
            Output.line("FAIL \(check.name)")
            for finding in check.findings { Output.line("     \(Output.printable(finding))") }
            return
        }
        Output.line("ok   \(check.name): \(check.captureCount) captures, \(check.count) \(check.counted)")
    }

    private static func replay(_ library: ProfileLibrary, _ arguments: Arguments) throws -> ExitStatus {
        guard arguments.words.count == 2 else { throw ToolError.usage("`drivers replay` takes one profile or folder") }
        var status = ExitStatus.ok
        for folder in try folders(of: arguments.words[1], library) {
            guard !CaptureCheck.isCaptures(folder) else {
                for line in CaptureCheck(folder: folder).lines { Output.line(line) }
                continue
            }
            let check = ProfileCheck(folder: folder)
            if check.profile == nil {
                status = .failed
                for finding in check.findings { Output.error(finding + "\n") }
            }
            for observation in check.observations { Output.line(observation.json.text) }
        }
        return status
    }

    /// A name means a profile of the library; what has a slash or is a folder, that folder or the profiles in it.
    private static func folders(of word: String, _ library: ProfileLibrary) throws -> [String] {
        if !word.contains("/"), let path = library.path(of: word) { return [path] }
        let path = word.count > 1 && word.hasSuffix("/") ? String(word.dropLast()) : word
        let inside = ProfileLibrary.folders(in: path)
        guard !inside.isEmpty else {
            throw ToolError.failed(
                "`\(word)` is no profile and no folder of profiles; `mycogate drivers list` names them")
        }
        return inside
    }
}
