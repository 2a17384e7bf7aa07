import Crypto
import EventLoop
import FieldProtocols
import Fleet
import GatewayModel
import JSONText

/// What packet forwarders say and are told: everything but the socket and the clock.
///
/// PUSH_ACK leaves at once, before anything is durable: the forwarders neither wait for it nor send again, so that to
/// hold it back would protect nothing and make them report a bad link.
struct SemtechSite {
    /// What is to be done now.
    enum Action {
        case send([UInt8], DatagramPeer)
        case sighted(Sighting)
        /// A command has moved on.
        case report(id: String, DeviceCommand.State, result: String?)
    }

    let configuration: SemtechConfiguration
    let commands: CommandSource
    let counters: FrameCounters
    var status = SemtechStatus()
    var gateways: [LoRaEUI: GatewayLedger] = [:]
    var devices: [UInt32: [PersonalDevice]] = [:]
    var merger: UplinkMerger
    var payloads: PayloadReadings
    var downlinks: DownlinkBook
    /// Counters of what stands in the batch: kept once it is durable.
    var unkept: [DeviceID: FrameCounters.Kept] = [:]
    private var noteLimits: [String: RateLimit] = [:]
    /// Frames that were let go lately: a gateway that is slow may still tell of them.
    private var recent: [(hash: UInt64, until: Int64)] = []
    private let parser = JSONParser(byteCountMax: SemtechPacket.byteCountMax)

    private static let recentCountMax = 256
    private static let recentMilliseconds: Int64 = 2_000
    private static let reasonMax = 32

    init(
        _ configuration: SemtechConfiguration, commands: CommandSource, counters: FrameCounters,
        profile: @escaping PayloadReadings.ProfileCodec, firstToken: UInt16
    ) {
        self.configuration = configuration
        self.commands = commands
        self.counters = counters
        merger = UplinkMerger(window: configuration.duplicateWindow)
        payloads = PayloadReadings(profile: profile)
        downlinks = DownlinkBook(firstToken: firstToken)
        for eui in configuration.gateways {
            guard let name = configuration.naming.gateway(eui) else { continue }
            gateways[eui] = GatewayLedger(device: name, rateMax: configuration.datagramRateMax)
        }
        for device in configuration.devices {
            guard let name = configuration.naming.device(device.eui),
                let known = PersonalDevice(device, name: name, kept: counters.kept(name.id))
            else { continue }
            devices[device.address, default: []].append(known)
        }
    }

    /// When `tick` is wanted (milliseconds of the monotonic clock).
    var due: Int64? { [merger.due, downlinks.due].compactMap { $0 }.min() }

    /// Takes one datagram: what it makes is appended to `batch` now or by a later `tick`.
    mutating func receive(
        _ bytes: UnsafeRawBufferPointer, from peer: DatagramPeer, at now: ReceiveTime,
        into batch: inout ObservationBatch
    ) -> [Action] {
        status.datagrams += 1
        do throws(LoRaError) {
            let packet = try SemtechPacket(bytes)
            guard let eui = packet.gateway else { throw LoRaError(.unknownPacketType, at: 3) }
            guard var gateway = gateways[eui] else {
                refuse(.unknownGateway, ["gateway_eui": eui.description, "address": peer.host], now, &batch)
                return []
            }
            guard gateway.limit.take(now: now.monotonicMilliseconds) != nil else {
                gateways[eui] = gateway
                refuse("rate_limited", ["gateway_eui": eui.description], now, &batch)
                return []
            }
            gateway.version = packet.version
            if packet.kind == .pullData { gateway.downlinkPeer = peer }
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
                actions.append(.sighted(sighting(of: device, from: peer, at: now)))
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
        status.packets += 1
        let hash = PayloadHash.of(uplink.payload)
        recent.removeAll { $0.until < now.monotonicMilliseconds }
        // After its window: too late to be counted among the receivers, but no other frame.
        if recent.contains(where: { $0.hash == hash }) {
            status.duplicates += 1
            return
        }
        if !merger.add(uplink, from: eui, at: now) { status.duplicates += 1 }
    }

    private mutating func take(
        _ statistics: SemtechStatistics, of eui: LoRaEUI, at now: ReceiveTime, into batch: inout ObservationBatch
    ) {
        guard let gateway = gateways[eui] else { return }
        GatewayReadings.append(statistics, damagedPackets: gateway.damagedPackets, to: &batch)
        gateways[eui]?.damagedPackets = 0
        var observation = Observation(device: gateway.device, received: now, source: .lora)
        if let time = statistics.time { observation.deviceTime = DeviceTime.judged(time, received: now) }
        batch.append(observation)
    }

    /// Lets go what has waited long enough.
    mutating func tick(_ now: ReceiveTime, into batch: inout ObservationBatch) -> [Action] {
        var actions = downlinks.tick(now.monotonicMilliseconds)
        while let uplink = merger.next(at: now.monotonicMilliseconds) {
            if recent.count >= Self.recentCountMax { recent.removeFirst() }
            recent.append((PayloadHash.of(uplink.payload), now.monotonicMilliseconds + Self.recentMilliseconds))
            actions += accept(uplink, at: now, into: &batch)
        }
        return actions
    }

    /// The port is closed: what waits is stored, and nothing is answered any more.
    mutating func close(_ now: ReceiveTime, into batch: inout ObservationBatch) {
        for eui in Array(gateways.keys) { gateways[eui]?.downlinkPeer = nil }
        for uplink in merger.removeAll() { _ = accept(uplink, at: now, into: &batch) }
    }

    /// The batch is durable: what it counts is remembered.
    mutating func committed() {
        for (device, kept) in unkept { _ = counters.keep(device, kept) }
        unkept.removeAll(keepingCapacity: true)
    }

    // MARK: - Notes

    private func sighting(of device: DeviceName, from peer: DatagramPeer, at now: ReceiveTime) -> Sighting {
        var sighting = Sighting(device: device.id, source: .lora, at: now, presence: .online)
        sighting.role = "lora-gateway"
        sighting.attributes = ["address": peer.host]
        return sighting
    }

    mutating func refuse(
        _ code: LoRaError.Code, _ facts: KeyValuePairs<String, String>, _ now: ReceiveTime,
        _ batch: inout ObservationBatch
    ) {
        refuse(code.rawValue, facts, now, &batch)
    }

    mutating func refuse(
        _ reason: String, _ facts: KeyValuePairs<String, String>, _ now: ReceiveTime, _ batch: inout ObservationBatch
    ) {
        status.rejected[reason, default: 0] += 1
        note("lora_refused", reason: reason, device: nil, facts, now, &batch)
    }

    /// Enters an event unless this reason was entered often lately.
    mutating func note(
        _ kind: String, reason: String, device: DeviceName?, _ facts: KeyValuePairs<String, String>, _ now: ReceiveTime,
        _ batch: inout ObservationBatch
    ) {
        let key = "\(kind) \(reason)"
        guard noteLimits[key] != nil || noteLimits.count < Self.reasonMax else { return }
        var limit = noteLimits[key] ?? RateLimit(burst: 5, every: .seconds(60))
        let suppressed = limit.take(now: now.monotonicMilliseconds)
        noteLimits[key] = limit
        guard let suppressed else { return }
        let body = NoteBody.of { body in
            body.text("reason", reason)
            for (key, value) in facts { body.text(key, value) }
            if suppressed > 0 { body.integer("suppressed", suppressed) }
        }
        batch.append(Note(.events, kind: kind, device: device?.id, body: body, received: now))
    }
}

extension PayloadHash {
    fileprivate static func of(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { of($0) } }
}
