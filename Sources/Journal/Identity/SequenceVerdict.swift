internal import GatewayModel

/// What a device's sequence number says about a message that is not a known repetition.
enum SequenceVerdict: Equatable {
    /// The next one, or the first ever.
    case next
    /// Some are missing before it.
    case gap(from: UInt32, to: UInt32)
    /// A missing one, late.
    case late
    case newBoot(reason: BootReason)
    /// Another message of this boot had the number: the same message if the disk says so, else another one.
    case seen

    enum BootReason: String {
        case announced
        case uptime = "uptime_fell"
        case sequence = "sequence_fell"
    }
}

extension DeviceProgress {
    /// Judges by what is known of the device; changes nothing.
    ///
    /// A sequence that goes on stays in its boot unless the uptime has fallen: firmware may keep its count over a boot.
    /// One that falls into a hole is late, if the uptime agrees. Any other fall is a new boot if something else says so
    /// too, or if it is larger than what can be in flight.
    func verdict(seq: UInt32, uptime now: UInt32?, isAnnounced: Bool) -> SequenceVerdict {
        guard hasNumbers else {
            if isUptimeFallen(to: now, tolerant: true) { return .newBoot(reason: .uptime) }
            return .next
        }
        let isFallen = isUptimeFallen(to: now, tolerant: seq > high)
        if seq > high {
            if isFallen { return .newBoot(reason: .uptime) }
            return seq == high + 1 ? .next : .gap(from: high + 1, to: seq - 1)
        }
        if isAnnounced { return .newBoot(reason: .announced) }
        if isInHole(seq), !isFallen || isWithinThisBoot(now) { return .late }
        if isFallen { return .newBoot(reason: .uptime) }
        if high - seq > Self.fallMax { return .newBoot(reason: .sequence) }
        return isSeen(seq) ? .seen : .late
    }

    /// A late message told an earlier uptime, but none before that of the boot's first message.
    private func isWithinThisBoot(_ now: UInt32?) -> Bool {
        guard let now, let first = uptimeAtFirst else { return true }
        return now >= first
    }
}
