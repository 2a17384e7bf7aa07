internal import GatewayModel

/// Events that follow from the sequence numbers of devices.
///
/// Gaps are reported at once: MQTT and serial lines deliver in order. A message that comes late all the same is stored
/// like any other; no second event takes the first one back.
extension Note {
    /// `sequence_gap`: the device sent messages that never arrived here.
    static func sequenceGap(
        _ observation: Observation, _ boot: UInt32, _ missing: DeviceProgress.Hole, cause: Int64
    ) -> Note {
        sequenceGap(observation.device.id, boot, missing, observation.received, cause: cause)
    }

    static func sequenceGap(
        _ device: DeviceID, _ boot: UInt32, _ missing: DeviceProgress.Hole, _ received: ReceiveTime, cause: Int64
    ) -> Note {
        let count = UInt64(missing.high - missing.low) + 1
        // A device id holds neither quotes nor backslashes nor control characters.
        let body =
            "{\"device\":\"\(device.text)\",\"device_boot\":\(boot),\"from\":\(missing.low),\"to\":\(missing.high),"
            + "\"missing\":\(count)}"
        return Note(
            .events, kind: "sequence_gap", device: device, body: body, received: received, cause: SequenceNumber(cause))
    }

    /// `device_boot`: the device has started anew, by the reason given.
    static func deviceBoot(
        _ observation: Observation, _ boot: UInt32, _ reason: SequenceVerdict.BootReason, cause: Int64
    ) -> Note {
        deviceBoot(observation.device.id, boot, reason, observation.deviceSeq, observation.received, cause: cause)
    }

    static func deviceBoot(
        _ device: DeviceID, _ boot: UInt32, _ reason: SequenceVerdict.BootReason, _ seq: UInt32?,
        _ received: ReceiveTime, cause: Int64
    ) -> Note {
        let first = seq.map(String.init) ?? "null"
        let body =
            "{\"device\":\"\(device.text)\",\"device_boot\":\(boot),\"reason\":\"\(reason.rawValue)\",\"first_seq\":\(first)}"
        return Note(
            .events, kind: "device_boot", device: device, body: body, received: received, cause: SequenceNumber(cause))
    }
}
