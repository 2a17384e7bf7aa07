/// What became of one simulated site.
public struct SimulationOutcome: Sendable {
    public var seed: UInt64
    /// The same for the same seed and the same program.
    public var traceHash: UInt64
    public var steps: Int
    public var messages: Int
    /// How often the gateway was started.
    public var lives: Int
    /// Records that retention has removed.
    public var evicted: Int64
    /// Records that servers have stored, over all of them.
    public var deliveries: Int
    /// Simulated milliseconds, in all and from the moment everything worked again.
    public var duration: Int64
    public var healing: Int64
    /// Which promise was broken; nil if none.
    public var violation: String?
    /// The end of the trace.
    public var lastSteps: String

    /// Runs the site of a seed.
    public static func run(seed: UInt64, bug: PlantedBug? = nil) -> SimulationOutcome {
        do {
            let site = try SiteSimulation(seed: seed, bug: bug)
            var outcome = site.run()
            outcome.seed = seed
            return outcome
        } catch {
            return SimulationOutcome(
                seed: seed, traceHash: 0, steps: 0, messages: 0, lives: 0, evicted: 0, deliveries: 0, duration: 0,
                healing: 0,
                violation: "cannot begin: \(error)", lastSteps: "")
        }
    }
}
