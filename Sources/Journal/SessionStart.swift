/// How a transport's session with its peer has begun.
public enum SessionStart: Sendable, Equatable {
    /// Nothing of an earlier connection is repeated.
    case fresh
    /// What was not acknowledged before is repeated first. `underWayMax`: how much that should be at most.
    case resumed(underWayMax: Int)
}
