import Crypto
import FieldProtocols
import GatewayModel
import JSONText

/// Frames that were heard.
extension LoRaSite {
    mutating func accept(
        _ uplink: MergedUplink, at now: ReceiveTime, into batch: inout ObservationBatch
    ) -> [Action] {
        guard isLoRa(uplink) || isAddressedLikeOurs(uplink) else {
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
            case .proprietary:
                status.rejected["proprietary", default: 0] += 1
                note(
                    "lora_proprietary", reason: "proprietary", device: nil,
                    [
                        "gateway_eui": uplink.best.gateway.description,
                        "payload_hex": Hex.encode(uplink.payload.prefix(255)),
                    ], now, &batch)
            default: status.rejected["not_an_uplink", default: 0] += 1
            }
        } catch {
            let facts: KeyValuePairs = [
                "gateway_eui": uplink.best.gateway.description, "sample_hex": Hex.encode(uplink.payload.prefix(64)),
            ]
            refuse(error.code, facts, now, &batch)
        }
        return []
    }

    private func isLoRa(_ uplink: MergedUplink) -> Bool {
        if case .lora = uplink.best.radio.modulation { true } else { false }
    }

    /// FSK, or a rate that the region does not have: much else is sent so, but the code tells whether it is from a device of
    /// ours.
    private func isAddressedLikeOurs(_ uplink: MergedUplink) -> Bool {
        // What is no frame is nobody's.
        guard case .data(let data)? = (try? PHYPayload(uplink.payload))?.content else { return false }
        return data.isUplink && devices[data.address] != nil
    }

    private mutating func accept(
        _ frame: PHYPayload, _ data: DataFrame, _ uplink: MergedUplink, at now: ReceiveTime,
        into batch: inout ObservationBatch
    ) throws(LoRaError) -> [Action] {
        guard let candidates = devices[data.address] else {
            status.rejected[LoRaError.Code.unknownDevice.rawValue, default: 0] += 1
            note(
                "lora_unknown_device", reason: "unknown_device", device: nil,
                ["dev_addr": data.addressText, "gateway_eui": uplink.best.gateway.description], now, &batch)
            return []
        }
        var failure = LoRaError(.micMismatch)
        for index in candidates.indices {
            if candidates[index].session.isRepetition(frame) {
                status.duplicates += 1
                // So much later only the device can have sent it again: it has not heard that it was heard.
                return answer(uplink, to: data.address, index, isConfirmed: frame.type.isConfirmed, at: now)
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
        SignalReadings.append(uplink.receptions, uplink.best.radio, to: &batch)
        var observation = Observation(device: device, received: uplink.firstHeard, source: .lora)
        observation.deviceSeq = accepted.counter
        observation.payloadHash = uplink.payload.withUnsafeBytes { PayloadHash.of($0) }
        if accepted.hasRestarted { observation.bootEvidence = .announced }
        if let time = uplink.best.time { observation.deviceTime = DeviceTime.judged(time, received: now) }
        batch.append(observation)
        status.accepted += 1
    }
}
