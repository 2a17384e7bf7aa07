import YAMLText

/// `log`: what the daemon says about itself on standard error.
public struct LogSection: Sendable {
    public enum Level: String, CaseIterable, Sendable, Comparable {
        case debug, info, warning, error

        public static func < (lhs: Level, rhs: Level) -> Bool { lhs.rank < rhs.rank }

        private var rank: Int {
            switch self {
            case .debug: 0
            case .info: 1
            case .warning: 2
            case .error: 3
            }
        }
    }

    public enum Format: String, CaseIterable, Sendable {
        case text, json
    }

    public var level: Level
    public var format: Format

    init(_ section: YAMLSection) {
        level = section.choice("level", default: Level.info)
        format = section.choice("format", default: Format.text)
    }
}
