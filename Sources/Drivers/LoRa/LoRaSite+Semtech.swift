import EventLoop
import FieldProtocols
import Fleet
import GatewayModel
import JSONText

/// Packet forwarders.
///
/// PUSH_ACK leaves at once, before anything is durable: the forwarders neither wait for it nor send again, so that to
/// hold it back would protect nothing and make them report a bad link.
extension LoRaSite {
    /// Takes one datagram: what it makes is appended to `batch` now or by a later `tick`.
    mutating func receive(
        _ bytes: UnsafeRawBufferPointer, from peer: DatagramPeer, at now: ReceiveTime,
        into batch: inout ObservationBatch
    ) -> [Action] {
        status.datagrams += 1
        do throws(LoRaError) {
            let packet = try SemtechPacket(bytes)
            guard let eui = packet.gateway else { throw LoRaError(.unknownPacketType, at: 3) }
            guard configuration.forwarders?.gateways.contains(eui) == true, var gateway = gateways[eui] else {
                refuse(.unknownGateway, ["gateway_eui": eui.description, "address": peer.host], now, &batch)
                return []
            }
            guard gateway.limit.take(now: now.monotonicMilliseconds) != nil else {
                gateways[eui] = gateway
                refuse("rate_limited", ["gateway_eui": eui.description], now, &batch)
                return []
            }
            if packet.kind == .pullData { gateway.route = .forwarder(peer, version: packet.version) }
            gateways[eui] = gateway
            return try take(packet, eui, from: peer, at: now, into: &batch)
        } catch {
            refuse(error.code, ["address": peer.host, "bytes": "\(bytes.count)"], now, &batch)
            return []
        }
    }

    private mutating func take(
        _ packet: SemtechPacket, _ eui: LoRaEUI, from peer: DatagramPeer, at now: ReceiveTime,
        into batch: inout ObservationBatch
    ) throws(LoRaError) -> [Action] {
        var actions: [Action] = []
        if let answer = packet.acknowledgement { actions.append(.send(answer, peer)) }
        let message: SemtechMessage
        do throws(LoRaError) { message = try SemtechMessage(packet, parser: parser) } catch {
            // It came and is answered all the same: sent again it would be no better.
            refuse(error.code, ["gateway_eui": eui.description], now, &batch)
            return actions
        }
        switch packet.kind {
        case .pushData:
            for uplink in message.uplinks { take(uplink, from: eui, at: now) }
            for error in message.unusable { refuse(error.code, ["gateway_eui": eui.description], now, &batch) }
            if let statistics = message.statistics { take(statistics, of: eui, at: now, into: &batch) }
            if merger.isFull { actions += tick(now, into: &batch) }
        case .pullData:
            if let device = gateways[eui]?.device {
                actions.append(.sighted(sighting(of: device, at: peer.host, .online, now)))
                actions += serve(gateway: eui, at: now)
            }
        case .transmitAck:
            if let transmission = message.transmission {
                actions += downlinks.take(transmission, token: packet.token, from: eui)
            }
        case .pushAck, .pullAck, .pullResponse: break
        }
        return actions
    }

    private mutating func take(_ uplink: SemtechUplink, from eui: LoRaEUI, at now: ReceiveTime) {
        guard uplink.checksum != .bad else {
            status.damagedPackets += 1
            gateways[eui]?.damagedPackets += 1
            return
        }
        take(HeardPacket(uplink, of: eui, leapSeconds: configuration.leapSeconds), at: now)
    }

    private mutating func take(
        _ statistics: GatewayStatistics, of eui: LoRaEUI, at now: ReceiveTime, into batch: inout ObservationBatch
    ) {
        guard let gateway = gateways[eui] else { return }
        GatewayReadings.append(statistics, damagedPackets: gateway.damagedPackets, to: &batch)
        gateways[eui]?.damagedPackets = 0
        var observation = Observation(device: gateway.device, received: now, source: .lora)
        if let time = statistics.time { observation.deviceTime = DeviceTime.judged(time, received: now) }
        batch.append(observation)
    }
}
