import YAMLText

/// `log`: what the daemon says about itself on standard error.
public struct LogSection: Sendable {
    /// How grave a line must be to be written.
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

    /// Lines for people or for programs.
    public enum Format: String, CaseIterable, Sendable {
        case text, json
    }

    /// What is written, and how.
    public var level: Level
    public var format: Format

    init(_ section: YAMLSection) {
        level = section.choice("level", default: Level.info)
        format = section.choice("format", default: Format.text)
    }
}
