internal import Fleet
internal import GatewayModel

/// What the list of devices says of a slave.
enum SlaveStanding: Equatable {
    case answers
    /// It does not, and why.
    case away(String)
}

/// Slaves are devices of the site from the start, whether they have ever answered or not.
extension ModbusBusLoop {
    /// One answer that was lost makes no slave that has answered before go away.
    func show(_ index: Int, _ circuit: SlaveCircuit) {
        if circuit.isClosed { return show(index, .answers) }
        guard circuit.failures >= 2 || !circuit.isKnown else { return }
        show(index, .away(bus.status.slaves[index].lastReason ?? "not asked yet"))
    }

    /// Tells what has changed.
    func show(_ index: Int, _ standing: SlaveStanding) {
        guard shown[index] != standing else { return }
        shown[index] = standing
        let device = devices[index]
        var sighting = Sighting(device: device.id, source: .modbus, at: bus.clock.now())
        sighting.attributes = ["bus": bus.configuration.endpoint.text, "unit": "\(device.unit)"]
        switch standing {
        case .answers:
            sighting.presence = .online
            sighting.withdrawn = [Self.reasonKey]
        case .away(let reason):
            sighting.presence = .offline
            sighting.attributes[Self.reasonKey] = reason
            // The configuration knows of it, nobody has heard it.
            sighting.isHearsay = true
        }
        bus.outlets.sighted(sighting)
    }

    private static let reasonKey = "offline_reason"

    /// Ends the commands that cannot be carried out.
    func refuseCommands(of index: Int, _ reason: String) {
        for command in bus.outlets.commands.waiting(devices[index].id) {
            _ = bus.outlets.commands.report(command.id, .refused, reason)
        }
    }
}
