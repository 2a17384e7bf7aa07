/// What an agent of the MAS may be asked for (reference, section 6.3), as records of the `tasks` stream name it.
public enum AgentTaskType: String, CaseIterable, Sendable {
    case chat, diagnostics
    case firmwareUpdate = "firmware_update"
    case operation = "operator"

    /// The kind of records of the `tasks` stream that are meant for agents of the MAS.
    public static let recordKind = "agent_task"
}
