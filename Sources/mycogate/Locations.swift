import CLinux
import Gateway
import Glibc

/// Where the configuration and the data are, as options, environment and defaults say.
struct Locations {
    var configuration: String
    var dataDirectory: String

    /// For `run` and `check`: the configuration must be there.
    static func configurationPath(_ arguments: Arguments) -> String {
        arguments["config"] ?? environment("MYCOGATE_CONFIG") ?? GatewayConfiguration.pathDefault
    }

    /// For verbs that need the data folder only: a configuration that is not there or not valid is no obstacle.
    init(_ arguments: Arguments) {
        configuration = Self.configurationPath(arguments)
        if let named = arguments["data-dir"] ?? Self.environment("MYCOGATE_DATA_DIR") {
            dataDirectory = named
        } else if case .success(let loaded) = ConfigurationFile.load(path: configuration) {
            dataDirectory = Self.dataDirectory(arguments, loaded)
        } else {
            dataDirectory = GatewayConfiguration.dataDirectoryDefault
        }
    }

    static func dataDirectory(_ arguments: Arguments, _ configuration: GatewayConfiguration) -> String {
        arguments["data-dir"] ?? environment("MYCOGATE_DATA_DIR") ?? configuration.dataDirectory
            ?? GatewayConfiguration.dataDirectoryDefault
    }

    var controlSocket: String { Self.controlSocket(dataDirectory) }

    static func controlSocket(_ dataDirectory: String) -> String { dataDirectory + "/control.sock" }

    static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}
