/// Attributes of a device that is reached through a network server: how commands for it are published.
public enum DownlinkAttribute {
    /// The topic that downlinks go to.
    public static let topic = "lora_downlink_topic"
    /// `chirpstack` or `tts`.
    public static let server = "lora_network_server"
    public static let deviceEUI = "lora_dev_eui"
}
