/// What a YAML document may cost. A file beyond a limit is refused, never cut.
public struct YAMLLimits: Sendable {
    /// The size of the file.
    public var byteCountMax: Int
    /// Nesting of lists and sections.
    public var depthMax: Int
    /// Nodes of the tree with every alias counted as often as it is used, which ends "billion laughs" at once.
    public var nodeCountMax: Int

    /// The defaults fit a configuration with some thousands of devices.
    public init(byteCountMax: Int = 4 << 20, depthMax: Int = 32, nodeCountMax: Int = 200_000) {
        self.byteCountMax = byteCountMax
        self.depthMax = depthMax
        self.nodeCountMax = nodeCountMax
    }
}
