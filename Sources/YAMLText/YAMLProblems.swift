/// Everything found wrong while a configuration is read. Shared by the sections of one reading, on one thread.
public final class YAMLProblems {
    /// In the order in which they were found.
    public private(set) var all: [YAMLError] = []

    /// Enough to mend a file by; a hostile file cannot make the list grow for ever.
    public static let countMax = 200

    /// An empty list.
    public init() {}

    /// Whether nothing was wrong so far.
    public var isEmpty: Bool { all.isEmpty }

    /// Adds a problem; beyond `countMax` it is dropped.
    public func report(_ problem: YAMLError) {
        if all.count < Self.countMax { all.append(problem) }
    }

    /// The problems in the order of the files and lines, which is how a person mends them.
    public var sorted: [YAMLError] {
        all.sorted {
            ($0.position.file, $0.position.line, $0.position.column) < (
                $1.position.file, $1.position.line, $1.position.column
            )
        }
    }
}
