import Crypto
import EventLoop
import FieldProtocols
import Fleet
import GatewayModel
import JSONText

/// What LoRa gateways say and are told: everything but the sockets and the clock.
struct LoRaSite {
    /// What is to be done now.
    indirect enum Action {
        /// A datagram for a packet forwarder.
        case send([UInt8], DatagramPeer)
        /// A message for a station.
        case tell([UInt8], connection: UInt64)
        /// A station that has connected anew leaves its old connection.
        case hangUp(connection: UInt64)
        case sighted(Sighting)
        /// What tells a device that it was heard: not before what it said is durable, for it will not say it again.
        case afterCommit(Action)
        /// A command has moved on.
        case report(id: String, DeviceCommand.State, result: String?)
    }

    let configuration: LoRaConfiguration
    let commands: CommandSource
    let counters: FrameCounters
    var status = LoRaStatus()
    var gateways: [LoRaEUI: GatewayLedger] = [:]
    var devices: [UInt32: [PersonalDevice]] = [:]
    var merger: UplinkMerger
    var payloads: PayloadReadings
    var downlinks: DownlinkBook
    /// Counters of what stands in the batch: kept once it is durable.
    var unkept: [DeviceID: FrameCounters.Kept] = [:]
    let parser = JSONParser(byteCountMax: BasicsStationMessage.byteCountMax)
    private var noteLimits: [String: RateLimit] = [:]
    /// Frames that were let go lately: a gateway that is slow may still tell of them.
    private var recent: [(hash: UInt64, until: Int64)] = []

    private static let recentCountMax = 256
    private static let recentMilliseconds: Int64 = 2_000
    private static let reasonMax = 32

    init(
        _ configuration: LoRaConfiguration, commands: CommandSource, counters: FrameCounters,
        profile: @escaping PayloadReadings.ProfileCodec, firstToken: UInt16
    ) {
        self.configuration = configuration
        self.commands = commands
        self.counters = counters
        merger = UplinkMerger(window: configuration.duplicateWindow)
        payloads = PayloadReadings(profile: profile)
        downlinks = DownlinkBook(firstToken: firstToken)
        let listed = (configuration.forwarders?.gateways ?? []).union(configuration.stations?.gateways ?? [])
        for eui in listed {
            guard let name = configuration.naming.gateway(eui) else { continue }
            gateways[eui] = GatewayLedger(device: name, rateMax: configuration.rateMax)
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

    /// Takes what a gateway has heard: it waits for the others, and is let go by `tick`.
    mutating func take(_ packet: HeardPacket, at now: ReceiveTime) {
        status.packets += 1
        let hash = PayloadHash.of(packet.payload)
        recent.removeAll { $0.until < now.monotonicMilliseconds }
        // After its window: too late to be counted among the receivers, but no other frame.
        if recent.contains(where: { $0.hash == hash }) {
            status.duplicates += 1
            return
        }
        if !merger.add(packet, at: now) { status.duplicates += 1 }
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

    /// The ports are closed: what waits is stored, and nothing is answered any more.
    mutating func close(_ now: ReceiveTime, into batch: inout ObservationBatch) {
        for eui in Array(gateways.keys) { gateways[eui]?.route = nil }
        for uplink in merger.removeAll() { _ = accept(uplink, at: now, into: &batch) }
    }

    /// The batch is durable: what it counts is remembered.
    mutating func committed() {
        for (device, kept) in unkept { _ = counters.keep(device, kept) }
        unkept.removeAll(keepingCapacity: true)
    }

    func sighting(
        of device: DeviceName, at address: String, _ presence: Device.Presence, _ now: ReceiveTime
    ) -> Sighting {
        var sighting = Sighting(device: device.id, source: .lora, at: now, presence: presence)
        sighting.role = "lora-gateway"
        sighting.attributes = ["address": address]
        return sighting
    }

    // Notes

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
