import Crypto
import FieldProtocols
import GatewayModel
import JSONText

/// What devices and gateways are sent.
extension LoRaSite {
    /// A class A device listens one second after its frame.
    private static let firstWindow: UInt32 = 1_000_000

    /// Sends the oldest command that waits for the device, in the window that its frame has opened; without one, the
    /// acknowledgement that a confirmed frame asks for.
    mutating func answer(
        _ uplink: MergedUplink, to address: UInt32, _ index: Int, isConfirmed: Bool, at now: ReceiveTime
    ) -> [Action] {
        guard let device = devices[address]?[index], uplink.best.moment != nil,
            gateways[uplink.best.gateway]?.route != nil
        else { return [] }
        let waiting = commands.waiting(device.name.id)
        guard isConfirmed && device.isAcknowledged || !waiting.isEmpty else { return [] }
        guard let radio = configuration.region.firstWindow(after: uplink.best.radio) else {
            status.rejected["no_window", default: 0] += 1
            return []
        }
        for command in waiting {
            let wanted: PayloadCommand
            do throws(PayloadCommand.Refusal) { wanted = try Self.payload(of: command) } catch {
                _ = commands.report(command.id, .refused, error.description)
                continue
            }
            // Written down first: a number that is used twice gives the payload away.
            return send(uplink, radio, to: address, index, command: command.id, isConfirmed, at: now) { device in
                device.frame(wanted.payload, port: wanted.port, acknowledging: isConfirmed)
            }
        }
        guard isConfirmed, device.isAcknowledged else { return [] }
        return send(uplink, radio, to: address, index, command: nil, isConfirmed, at: now) { device in
            device.frame([], port: nil, acknowledging: true)
        }
    }

    private mutating func send(
        _ uplink: MergedUplink, _ radio: RadioSetting, to address: UInt32, _ index: Int, command: String?,
        _ isConfirmed: Bool, at now: ReceiveTime, _ frame: (inout PersonalDevice) -> [UInt8]
    ) -> [Action] {
        let gateway = uplink.best.gateway
        guard var device = devices[address]?[index],
            let token = downlinks.enter(command: command, gateway: gateway, at: now.monotonicMilliseconds),
            command.map({ commands.report($0, .sent, nil) }) ?? true
        else { return [] }
        let bytes = frame(&device)
        devices[address]?[index] = device
        let id = device.name.id
        guard counters.keep(id, FrameCounters.Kept(up: counters.kept(id).up, down: device.downCounter)) else {
            return []
        }
        status.downlinks += 1
        switch (gateways[gateway]?.route, uplink.best.moment) {
        case (.forwarder(let peer, let version), .counter(let counter)):
            let downlink = SemtechDownlink(
                bytes, timing: .at(counter: counter &+ Self.firstWindow), radio: radio, power: configuration.power)
            return [.afterCommit(.send(SemtechPacket.pullResponse(downlink, token: token, version: version), peer))]
        case (.station(let connection), .station(let xtime, let context)):
            guard let rate = configuration.region.dataRate(radio.modulation, isUplink: false),
                let hertz = radio.frequencyHertz.flatMap({ Int(exactly: $0) })
            else { return [] }
            let downlink = StationAnswer.Downlink(
                device: device.eui, number: token, pdu: bytes, first: (rate, hertz),
                second: configuration.region.secondWindow, xtime: xtime, context: context)
            return [.afterCommit(.tell(downlink.message, connection: connection))]
        default: return []
        }
    }

    private static func payload(of command: DeviceCommand) throws(PayloadCommand.Refusal) -> PayloadCommand {
        guard command.name == PayloadCommand.name else {
            throw PayloadCommand.Refusal("a LoRa device takes \(PayloadCommand.name)")
        }
        return try PayloadCommand(params: command.params)
    }

    /// Sends the commands that wait for a gateway itself: `transmit` puts a packet on the air at once.
    mutating func serve(gateway eui: LoRaEUI, at now: ReceiveTime) -> [Action] {
        guard let gateway = gateways[eui], let route = gateway.route else { return [] }
        var actions: [Action] = []
        for command in commands.waiting(gateway.device.id) {
            let downlink: SemtechDownlink
            do throws(PayloadCommand.Refusal) { downlink = try TransmitCommand.downlink(command) } catch {
                _ = commands.report(command.id, .refused, error.description)
                continue
            }
            guard case .forwarder(let peer, let version) = route else {
                _ = commands.report(command.id, .refused, "a station sends in the windows of its devices only")
                continue
            }
            guard let token = downlinks.enter(command: command.id, gateway: eui, at: now.monotonicMilliseconds),
                commands.report(command.id, .sent, nil)
            else { break }
            status.downlinks += 1
            actions.append(.send(SemtechPacket.pullResponse(downlink, token: token, version: version), peer))
        }
        return actions
    }

    /// A command may wait for one of these devices.
    mutating func serve(_ ids: Set<DeviceID>, at now: ReceiveTime) -> [Action] {
        let wanted = gateways.filter { ids.contains($0.value.device.id) }.map(\.key)
        return wanted.flatMap { serve(gateway: $0, at: now) }
    }
}
