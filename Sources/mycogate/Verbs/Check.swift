import Gateway
import JSONText
import YAMLText

extension Verb {
    static let check = Verb(
        name: "check", synopsis: "[--config FILE]",
        summary: "Validates the configuration without starting anything.",
        details:
            "Every error is printed as file:line:column: key: what, accepted range. Exit status 78 if there is one.",
        options: [.config, .json]
    ) { arguments in
        let path = Locations.configurationPath(arguments)
        switch ConfigurationFile.load(path: path) {
        case .success:
            Output.line(arguments.has("json") ? "{\"ok\":true,\"problems\":[]}" : "\(path): ok")
            return .ok
        case .failure(let problems):
            if arguments.has("json") {
                let list = problems.list.map { problem -> JSON in
                    [
                        "file": .string(problem.position.file), "line": .integer(Int64(problem.position.line)),
                        "column": .integer(Int64(problem.position.column)),
                        "key": problem.key.map(JSON.string) ?? .null, "code": .string(problem.code.rawValue),
                        "message": .string(problem.message),
                    ]
                }
                Output.line((["ok": false, "problems": .array(list)] as JSON).text)
            } else {
                Output.error(problems.description + "\n")
            }
            return .configuration
        }
    }
}
