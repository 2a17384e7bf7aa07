import Gateway
import JSONText

extension Verb {
    static let version = Verb(
        name: "version", synopsis: "[--json]", summary: "Prints the version, the commit and those of the libraries.",
        options: [.json]
    ) { arguments in
        let libraries = Version.libraries()
        if arguments.has("json") {
            let members = libraries.map { JSON.Member(key: $0.name, value: .string($0.version)) }
            Output.line(
                ([
                    "version": .string(Version.number), "commit": .string(Version.commit),
                    "libraries": .object(members),
                ] as JSON).text)
        } else {
            Output.line("mycogate \(Version.number) (\(Version.commit))")
            for library in libraries { Output.line("  \(library.name) \(library.version)") }
        }
        return .ok
    }
}
