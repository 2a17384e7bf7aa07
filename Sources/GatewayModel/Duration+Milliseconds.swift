extension Duration {
    /// Whole milliseconds, rounded towards zero: what clocks and deadlines count here.
    public var milliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
