/// A place in a YAML file as editors count it: lines and columns start at 1.
public struct YAMLPosition: Sendable, Hashable, CustomStringConvertible {
    /// The name the file was read under, and the line.
    public var file: String
    public var line: Int
    /// In characters, not bytes.
    public var column: Int

    /// The place `line`, `column` of `file`.
    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    public var description: String { "\(file):\(line):\(column)" }
}
