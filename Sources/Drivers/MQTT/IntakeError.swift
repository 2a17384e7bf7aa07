/// Why the intake stopped reading although its broker is well.
enum IntakeError: Error, CustomStringConvertible {
    /// The journal took no writes, and why. Nothing of the batch was acknowledged.
    case held(String)

    var code: String { "journal_refuses" }

    var description: String {
        switch self {
        case .held(let why): "the journal takes no writes, so nothing is acknowledged: \(why)"
        }
    }
}
