import EventLoop
import FieldProtocols
import Fleet
import GatewayModel
import HTTPServer

/// LoRa Basics Stations, each by the number of its connection.
extension LoRaSite {
    /// A station has connected; it says `version` first.
    mutating func opened(
        _ connection: UInt64, _ eui: LoRaEUI, address: String, at now: ReceiveTime
    ) -> [Action] {
        guard let gateway = gateways[eui] else { return [.hangUp(connection: connection)] }
        var actions: [Action] = []
        if case .station(let old) = gateway.route {
            actions.append(.hangUp(connection: old))
        } else {
            status.stations += 1
        }
        gateways[eui]?.route = .station(connection: connection)
        actions.append(.sighted(sighting(of: gateway.device, at: address, .online, now)))
        return actions
    }

    /// The connection has ended.
    mutating func closed(_ connection: UInt64, _ eui: LoRaEUI, address: String, at now: ReceiveTime) -> [Action] {
        guard let gateway = gateways[eui], gateway.route == .station(connection: connection) else { return [] }
        gateways[eui]?.route = nil
        status.stations -= 1
        return [.sighted(sighting(of: gateway.device, at: address, .offline, now))]
    }

    /// Somebody wanted to connect who is not in the list.
    mutating func turnedAway(
        _ eui: LoRaEUI?, address: String, at now: ReceiveTime, into batch: inout ObservationBatch
    ) {
        refuse(.unknownGateway, ["gateway_eui": eui?.description ?? "-", "address": address], now, &batch)
    }

    /// Takes one message of a station. What is wrong with it is counted; the connection stays.
    mutating func receive(
        _ message: WebSocket.Message, from eui: LoRaEUI, _ connection: UInt64, at now: ReceiveTime,
        into batch: inout ObservationBatch
    ) -> [Action] {
        status.messages += 1
        guard gateways[eui]?.limit.take(now: now.monotonicMilliseconds) != nil else {
            refuse("rate_limited", ["gateway_eui": eui.description], now, &batch)
            return []
        }
        // Binary ones carry the remote shell, which nobody here has asked for.
        guard case .text(let text) = message else {
            refuse(.unknownEvent, ["gateway_eui": eui.description, "msgtype": "binary"], now, &batch)
            return []
        }
        do throws(LoRaError) {
            return try take(BasicsStationMessage(text, parser: parser), eui, connection, at: now, into: &batch)
        } catch {
            refuse(error.code, ["gateway_eui": eui.description], now, &batch)
            return []
        }
    }

    private mutating func take(
        _ message: BasicsStationMessage, _ eui: LoRaEUI, _ connection: UInt64, at now: ReceiveTime,
        into batch: inout ObservationBatch
    ) throws(LoRaError) -> [Action] {
        switch message.kind {
        case .version(let station, let model):
            guard let plan = configuration.stations?.plan, let device = gateways[eui]?.device else { return [] }
            var sighting = Sighting(device: device.id, source: .lora, at: now, presence: .online)
            sighting.role = "lora-gateway"
            sighting.firmware = station
            sighting.boardType = model
            return [.tell(StationConfiguration.message(plan), connection: connection), .sighted(sighting)]
        case .uplink(let payload):
            take(
                HeardPacket(
                    message, payload, of: eui, in: configuration.region, leapSeconds: configuration.leapSeconds),
                at: now)
            return merger.isFull ? tick(now, into: &batch) : []
        case .transmitted(let number):
            guard let token = UInt16(exactly: number) else { return [] }
            return downlinks.take(SemtechTransmission(failure: nil, warning: nil), token: token, from: eui)
        case .timeRequest(let asked):
            // Better no time than a wrong one.
            guard now.wall.trusted else { return [] }
            let gps = GPSTime.gpsMicroseconds(now.wall.milliseconds, leapSeconds: configuration.leapSeconds)
            return [.tell(StationAnswer.time(asked: asked, gpsMicroseconds: gps), connection: connection)]
        case .discovery, .downlink, .other:
            // Also `alarm`, `event` and what may come.
            throw LoRaError(.unknownEvent)
        }
    }
}
