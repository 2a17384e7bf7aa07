import FieldProtocols
import Fleet
import GatewayModel
import Serial

/// Who is behind a port.
extension SerialLoop {
    /// A port was opened: names its device and starts the conversation.
    func identify(_ link: BoardLink, _ now: ReceiveTime) {
        guard let entry = link.entry else { return }
        link.isLeaving = false
        let alias = naming.alias(of: entry, openedAs: link.place.path)
        let device = alias ?? DeviceNaming.name(of: entry.identity, prefix: link.place.kind.namePrefix)
        guard let name = DeviceName(claim(device, for: link, now)) else {
            fail(link, now)
            return
        }
        link.device = name
        link.status.device = name.id
        if let profile = link.place.profile?.profile { outlets.described(name, profile) }
        if alias == nil, link.place.kind.tellsItsID, naming.dependsOnReportedIDs {
            link.recognition = Recognition(of: name, now: now.monotonicMilliseconds)
        }
        link.talk = link.place.kind.talk(
            PortCircumstances(
                place: link.place, device: name, firstSeq: firstNumber(),
                heard: { [outlets] in outlets.heard.kept(name.id) }, darkFrames: outlets.darkFrames))
        for outcome in link.talk?.opened(now) ?? [] { act(on: outcome, of: link, now) }
        if link.recognition == nil { present(link, now) }
    }

    /// Where our own numbers begin: elsewhere after a restart, and well before one that a board would take for a line's end.
    private func firstNumber() -> UInt32 { UInt32.random(in: 1...0xFF, using: &random) << 8 | 0x10 }

    /// Holds bytes until the board is recognised, and decodes them then.
    func recognize(_ bytes: UnsafeRawBufferPointer, from link: BoardLink, _ now: ReceiveTime) {
        let reported = link.recognition?.hold(bytes, at: now)
        if let reported {
            if let alias = naming.alias(reportedID: reported), let name = DeviceName(claim(alias, for: link, now)) {
                link.device = name
                link.status.device = name.id
                link.talk?.rename(name)
            }
            endRecognition(of: link, now)
        } else if link.recognition?.isFull == true {
            endRecognition(of: link, now)
        }
    }

    /// Takes what was held, under the name the device has now.
    func endRecognition(of link: BoardLink, _ now: ReceiveTime) {
        guard let held = link.recognition?.held else { return }
        link.recognition = nil
        present(link, now)
        held.withUnsafeBytes { decode($0, from: link, now) }
    }

    /// The port is about to be closed: what waited for the board's name is taken under that of the port. Commands are not
    /// sent any more.
    func takeHeld(_ link: BoardLink, _ now: ReceiveTime) {
        link.isLeaving = true
        if link.recognition != nil { endRecognition(of: link, now) }
    }

    /// The conversation is over: the port is lost or lent.
    func endConversation(_ link: BoardLink, _ now: ReceiveTime) {
        takeHeld(link, now)
        let outcomes = link.talk?.end(reason: "the port was closed before the board answered", now) ?? []
        for outcome in outcomes {
            if case .command(let id, let state, let result) = outcome { _ = outlets.commands.report(id, state, result) }
        }
        link.talk = nil
        guard let device = link.device?.id else { return }
        outlets.sighted(Sighting(device: device, source: .serial, at: now, presence: .offline))
    }

    /// A board told what it is.
    func greet(_ hello: HelloFields, from link: BoardLink, _ now: ReceiveTime) {
        if let reported = hello.reportedID { recognizeLate(reported, link, now) }
        guard let device = link.device?.id else { return }
        link.status.reportedID = hello.reportedID ?? link.status.reportedID
        link.status.firmware = hello.firmware ?? link.status.firmware
        link.status.generation = link.talk?.dialect
        publishNow(now)
        var sighting = Sighting(device: device, source: .serial, at: now, presence: .online)
        sighting.reportedID = hello.reportedID
        sighting.firmware = hello.firmware
        sighting.role = hello.role
        sighting.boardType = link.status.generation
        sighting.sensors = hello.sensors
        sighting.capabilities = hello.capabilities
        // Firmware that lists nothing has nothing of what was there before it was flashed. Side B speaks for itself only.
        sighting.replacesLists = hello.source != .sideB
        sighting.attributes["firmware_version"] = hello.version
        outlets.sighted(sighting)
        guard let reported = hello.reportedID else { return }
        for other in collisions.note(reported, by: device) {
            alarm(link, "identity_collision", now) { body in
                body.text("severity", "alarm")
                body.text("reported_id", reported)
                body.texts("devices", [other.text, device.text])
            }
        }
    }

    /// A board that took longer to tell its id than it was waited for, or another one behind the same adapter: what it sends
    /// from now on is that device's. Whoever has the name already keeps it.
    private func recognizeLate(_ reported: String, _ link: BoardLink, _ now: ReceiveTime) {
        guard link.place.kind.tellsItsID, let entry = link.entry, let before = link.device?.id,
            naming.alias(of: entry, openedAs: link.place.path) == nil,
            let alias = naming.alias(reportedID: reported), alias != before,
            !openLinks.values.contains(where: { $0.device?.id == alias }), let name = DeviceName(alias)
        else { return }
        outlets.sighted(Sighting(device: before, source: .serial, at: now, presence: .offline))
        link.device = name
        link.status.device = alias
        link.keptHeard = []
        link.talk?.rename(name)
        note(link, "device_recognised", now) { body in
            body.text("before", before.text)
            body.text("reported_id", reported)
        }
        sight(link, now)
        fetchCommands(for: link, now)
    }

    private func present(_ link: BoardLink, _ now: ReceiveTime) {
        sight(link, now)
        note(link, "serial_port_opened", now) { body in
            if let path = link.status.resolvedPath { body.text("resolved_path", path) }
        }
        fetchCommands(for: link, now)
    }

    private func sight(_ link: BoardLink, _ now: ReceiveTime) {
        guard let device = link.device?.id else { return }
        publishNow(now)
        var sighting = Sighting(device: device, source: .serial, at: now, presence: .online)
        sighting.attributes["port"] = link.place.path
        sighting.attributes["port_identity"] = link.entry?.identity.text
        if let usb = link.entry?.usb {
            sighting.attributes["usb_product"] = usb.product
            sighting.attributes["usb_serial"] = usb.serialNumber
        }
        outlets.sighted(sighting)
    }

    /// The wanted id, or one made of the port's own path if another open port has it: two boards are never one device.
    private func claim(_ device: DeviceID, for link: BoardLink, _ now: ReceiveTime) -> DeviceID {
        guard let other = openLinks.values.first(where: { $0 !== link && $0.device?.id == device }) else {
            return device
        }
        let fallback = DeviceNaming.name(
            of: link.entry?.byPathLinks.first.map(PortIdentity.topology) ?? .path(link.place.path),
            prefix: link.place.kind.namePrefix)
        note(link, "identity_collision", now) { body in
            body.text("severity", "alarm")
            body.text("device", device.text)
            body.text("kept_as", fallback.text)
            body.texts("ports", [other.place.path, link.place.path])
        }
        return fallback
    }

    private func fail(_ link: BoardLink, _ now: ReceiveTime) {
        note(link, "device_rejected", now) { $0.text("error", "too_many_devices") }
        close(link)
    }
}
