/// The firmware generations of the field reference, section 2.1, told by what they print.
public enum LineGeneration: String, Sendable, CaseIterable {
    /// morgio CLI, dual BME688 with BSEC2.
    case g1
    /// SideA_Production 1.0.0.
    case g2
    /// DeviceManager / SideA_DualMode 1.1.0.
    case g3
    /// DeviceManager_BSEC2 2.1.0.
    case g4
    /// ScienceComms 1.0.0.
    case g5
    /// Working 1.0.0 and DualMode_PIO 1.2.0.
    case g6
    /// MycoBrain_SideB 1.0.0: text and relayed lines.
    case g7
    /// The LoRa USB bridge `firmware/gateway`.
    case g8
    /// `side_a` and `side_b` of the binary generation: status lines only.
    case g9
    /// FCI 1.0.0.
    case g10
    /// SideA_MDP: frames and text on one port.
    case g11
}
