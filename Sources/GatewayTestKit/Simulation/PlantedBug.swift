/// A mistake that a simulated gateway makes on purpose, to see that the checkers outside notice it.
public enum PlantedBug: String, CaseIterable, Sendable {
    /// Lets acknowledgements out before the commit.
    case acknowledgesBeforeCommit = "ack-before-commit"
    /// Confirms messages to their devices when it has read them.
    case confirmsBeforeCommit = "confirm-before-commit"
    /// Stores a destination's cursor when it sends, not when it is answered.
    case savesCursorBeforeAnswer = "cursor-before-answer"
    /// Does not tell the journal what repeats an earlier message.
    case storesDuplicates = "store-duplicates"
    /// Sends records of one device side by side.
    case mixesOrder = "mix-order"
    /// Passes over what a destination condemned without keeping it.
    case forgetsRefused = "forget-refused"
    /// Renders a record another way at each attempt.
    case changesContent = "change-content"
    /// Does not tell a puller about records that are gone.
    case hidesGaps = "hide-gaps"
}
