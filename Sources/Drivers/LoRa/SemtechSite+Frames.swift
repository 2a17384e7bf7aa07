import Crypto
import FieldProtocols
import GatewayModel
import JSONText

/// Frames that were heard, and what is answered to them.
extension SemtechSite {
    /// A class A device listens one second after its frame.
    private static let firstWindow: UInt32 = 1_000_000

    mutating func accept(
        _ uplink: MergedUplink, at now: ReceiveTime, into batch: inout ObservationBatch
    ) -> [Action] {
        guard case .lora = uplink.radio.modulation else {
            status.rejected["not_lorawan", default: 0] += 1
            return []
        }
        do throws(LoRaError) {
            let frame = try PHYPayload(uplink.payload)
            switch frame.content {
            case .data(let data) where data.isUplink: return try accept(frame, data, uplink, at: now, into: &batch)
            case .joinRequest(let join):
                // Only a network server could answer.
                status.rejected["join_request", default: 0] += 1
                note(
                    "lora_join_request", reason: "no_network_server", device: nil,
                    ["dev_eui": join.deviceEUI.description, "join_eui": join.joinEUI.description], now, &batch)
            default: status.rejected["not_an_uplink", default: 0] += 1
            }
        } catch {
            let facts: KeyValuePairs = [
                "gateway_eui": uplink.best.description, "sample_hex": Hex.encode(uplink.payload.prefix(64)),
            ]
            refuse(error.code, facts, now, &batch)
        }
        return []
    }

    private mutating func accept(
        _ frame: PHYPayload, _ data: DataFrame, _ uplink: MergedUplink, at now: ReceiveTime,
        into batch: inout ObservationBatch
    ) throws(LoRaError) -> [Action] {
        guard let candidates = devices[data.address] else {
            status.rejected[LoRaError.Code.unknownDevice.rawValue, default: 0] += 1
            note(
                "lora_unknown_device", reason: "unknown_device", device: nil,
                ["dev_addr": data.addressText, "gateway_eui": uplink.best.description], now, &batch)
            return []
        }
        var failure = LoRaError(.micMismatch)
        for index in candidates.indices {
            if candidates[index].session.isRepetition(frame) {
                status.duplicates += 1
                return []
            }
            do throws(LoRaError) {
                let accepted = try devices[data.address]?[index].session.accept(frame)
                guard let accepted else { return [] }
                try store(accepted, of: candidates[index].name, uplink, at: now, into: &batch)
                let actions = answer(uplink, to: data.address, index, isConfirmed: frame.type.isConfirmed, at: now)
                if let device = devices[data.address]?[index] { unkept[device.name.id] = device.kept }
                return actions
            } catch {
                // Several devices may have one address: a counter that is known tells more than a wrong code.
                if error.code != .micMismatch { failure = error }
            }
        }
        throw failure
    }

    private mutating func store(
        _ accepted: DeviceSession.Accepted, of device: DeviceName, _ uplink: MergedUplink, at now: ReceiveTime,
        into batch: inout ObservationBatch
    ) throws(LoRaError) {
        if let port = accepted.port, port > 0 {
            do throws(RejectReason) {
                _ = try payloads.append(accepted.payload, port: port, device: device, received: now, to: &batch)
            } catch {
                batch.discardReadings()
                payloads.appendBytes(accepted.payload, .ok, to: &batch)
            }
        }
        SignalReadings.append(uplink.receptions, uplink.radio, to: &batch)
        var observation = Observation(device: device, received: uplink.firstHeard, source: .lora)
        observation.deviceSeq = accepted.counter
        observation.payloadHash = uplink.payload.withUnsafeBytes { PayloadHash.of($0) }
        if accepted.hasRestarted { observation.bootEvidence = .announced }
        if let time = uplink.time { observation.deviceTime = DeviceTime.judged(time, received: now) }
        batch.append(observation)
        status.accepted += 1
    }

    /// Sends the oldest command that waits for the device, in the window that its frame has opened.
    private mutating func answer(
        _ uplink: MergedUplink, to address: UInt32, _ index: Int, isConfirmed: Bool, at now: ReceiveTime
    ) -> [Action] {
        guard let name = devices[address]?[index].name, let counter = uplink.counter,
            let peer = gateways[uplink.best]?.downlinkPeer
        else { return [] }
        for command in commands.waiting(name.id) {
            let wanted: PayloadCommand
            do throws(PayloadCommand.Refusal) { wanted = try Self.payload(of: command) } catch {
                _ = commands.report(command.id, .refused, error.description)
                continue
            }
            guard let token = downlinks.enter(command: command.id, gateway: uplink.best, at: now.monotonicMilliseconds)
            else { return [] }
            // Written down first: a number that is used twice gives the payload away.
            guard commands.report(command.id, .sent, nil),
                let bytes = devices[address]?[index].frame(
                    wanted.payload, port: wanted.port, acknowledging: isConfirmed),
                let kept = devices[address]?[index].kept,
                counters.keep(name.id, FrameCounters.Kept(up: counters.kept(name.id).up, down: kept.down))
            else { return [] }
            status.downlinks += 1
            let downlink = SemtechDownlink(
                bytes, timing: .at(counter: counter &+ Self.firstWindow), radio: uplink.radio,
                power: configuration.power)
            return [.send(SemtechPacket.pullResponse(downlink, token: token, version: version(uplink.best)), peer)]
        }
        return []
    }

    private static func payload(of command: DeviceCommand) throws(PayloadCommand.Refusal) -> PayloadCommand {
        guard command.name == PayloadCommand.name else {
            throw PayloadCommand.Refusal("a LoRa device takes \(PayloadCommand.name)")
        }
        return try PayloadCommand(params: command.params)
    }

    private func version(_ gateway: LoRaEUI) -> UInt8 { gateways[gateway]?.version ?? 2 }

    /// Sends the commands that wait for a gateway itself: `transmit` puts a packet on the air at once.
    mutating func serve(gateway eui: LoRaEUI, at now: ReceiveTime) -> [Action] {
        guard let gateway = gateways[eui], let peer = gateway.downlinkPeer else { return [] }
        var actions: [Action] = []
        for command in commands.waiting(gateway.device.id) {
            let downlink: SemtechDownlink
            do throws(PayloadCommand.Refusal) { downlink = try TransmitCommand.downlink(command) } catch {
                _ = commands.report(command.id, .refused, error.description)
                continue
            }
            guard let token = downlinks.enter(command: command.id, gateway: eui, at: now.monotonicMilliseconds),
                commands.report(command.id, .sent, nil)
            else { break }
            status.downlinks += 1
            let bytes = SemtechPacket.pullResponse(downlink, token: token, version: gateway.version)
            actions.append(.send(bytes, peer))
        }
        return actions
    }

    /// A command may wait for one of these devices.
    mutating func serve(_ ids: Set<DeviceID>, at now: ReceiveTime) -> [Action] {
        let wanted = gateways.filter { ids.contains($0.value.device.id) }.map(\.key)
        return wanted.flatMap { serve(gateway: $0, at: now) }
    }
}
