import Gateway

extension Verb {
    static let run = Verb(
        name: "run", synopsis: "--config FILE [--data-dir DIR]", summary: "Runs the gateway until SIGTERM.",
        details:
            "An invalid configuration starts nothing. MYCOGATE_LOG (debug, info, warning, error) comes before log.level.",
        options: [.config, .dataDirectory]
    ) { arguments in
        let path = Locations.configurationPath(arguments)
        switch ConfigurationFile.load(path: path) {
        case .failure(let problems): throw ToolError.configuration("\n" + problems.description)
        case .success(let configuration):
            var level: LogSection.Level?
            if let name = Locations.environment("MYCOGATE_LOG") {
                guard let named = LogSection.Level(rawValue: name) else {
                    throw ToolError.usage("MYCOGATE_LOG `\(name)`: accepted debug, info, warning, error")
                }
                level = named
            }
            let end = await Daemon.run(
                configuration, path: path, dataDirectory: Locations.dataDirectory(arguments, configuration), log: level)
            return switch end {
            case .stopped: .ok
            case .failed: .failed
            case .misconfigured: .configuration
            }
        }
    }
}
