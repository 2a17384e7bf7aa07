import FieldProtocols
import Fleet
import GatewayModel

/// A Meshtastic node on a serial port: everything that it hears on its mesh, each node a device of its own.
struct MeshtasticTalk: PortTalk {
    private var framing = MeshtasticFraming()
    private let radio = RadioSetting()
    private var askAt: Int64?
    private var nextID: UInt32
    private(set) var counters = PortCounters()
    private(set) var device: DeviceName

    /// A node forgets its client after fifteen minutes of silence, and after a reboot at once.
    private static let askMilliseconds: Int64 = 300_000
    /// A frame of 512 bytes takes 45 ms: one that has not ended for so long was cut short.
    private static let frameMilliseconds: Int64 = 2_000
    private var heardAt: Int64 = 0
    private var ownNumber: UInt32?
    /// Nodes that were heard since the port was opened, up to a bound.
    private var nodes: Set<UInt32> = []
    private var sent = MeshtasticSendings()

    init(device: DeviceName, firstNumber: UInt32) {
        self.device = device
        nextID = firstNumber | 1
    }

    var due: Int64? { [askAt, sent.due].compactMap { $0 }.min() }
    var isReady: Bool { !sent.isFull }

    mutating func rename(_ device: DeviceName) { self.device = device }

    mutating func opened(_ now: ReceiveTime) -> [PortOutcome] { ask(now) + [.understood] }

    mutating func tick(_ now: ReceiveTime, into batch: inout ObservationBatch) -> [PortOutcome] {
        let expired = sent.expire(now.monotonicMilliseconds)
        guard let askAt, now.monotonicMilliseconds >= askAt else { return expired }
        return expired + ask(now)
    }

    private mutating func ask(_ now: ReceiveTime) -> [PortOutcome] {
        askAt = now.monotonicMilliseconds + Self.askMilliseconds
        nextID &+= 2
        return MeshtasticFraming.frame(MeshtasticMessage.wantConfiguration(id: nextID)).map { [.write($0)] } ?? []
    }

    mutating func received(
        _ bytes: UnsafeRawBufferPointer, at now: ReceiveTime, into batch: inout ObservationBatch
    ) -> [PortOutcome] {
        var outcomes: [PortOutcome] = []
        var framing = framing
        let isLate = now.monotonicMilliseconds - heardAt > Self.frameMilliseconds
        heardAt = now.monotonicMilliseconds
        func take(_ message: UnsafeRawBufferPointer) -> Bool {
            let (isMessage, more) = read(message, now, &batch)
            outcomes += more
            return isMessage
        }
        if isLate, framing.isInsideFrame { framing.giveUp { take($0) } }
        framing.receive(bytes) { take($0) }
        self.framing = framing
        return outcomes
    }

    private mutating func read(
        _ bytes: UnsafeRawBufferPointer, _ now: ReceiveTime, _ batch: inout ObservationBatch
    ) -> (isMessage: Bool, [PortOutcome]) {
        do throws(LoRaError) {
            let message = try MeshtasticMessage(bytes)
            counters.messages += 1
            if message.hasRebooted { return (true, ask(now)) }
            if let number = message.ownNumber { ownNumber = number }
            var outcomes: [PortOutcome] = []
            if let queued = message.queued { outcomes += sent.took(queued) }
            if let packet = message.packet {
                if nodes.count < Self.nodesMax { nodes.insert(packet.sender) }
                if let receipt = MeshtasticReceipt(packet) { outcomes += sent.took(receipt) }
                try store(packet, now, &batch)
            }
            return (true, outcomes)
        } catch {
            batch.discardReadings()
            counters.damaged += 1
            return (false, [.damaged(code: error.code.rawValue, byteCount: bytes.count)])
        }
    }

    private mutating func store(
        _ packet: MeshtasticMessage.Packet, _ now: ReceiveTime, _ batch: inout ObservationBatch
    ) throws(LoRaError) {
        // What is encrypted for others tells nothing but that somebody is there.
        let time = try MeshtasticReadings.append(packet, to: &batch)
        guard !batch.openReadings.isEmpty, let id = DeviceID(Self.prefix + DataFrame.text(of: packet.sender)),
            let sender = DeviceName(id)
        else { return batch.discardReadings() }
        let reception = Reception(
            gateway: "", rssi: packet.rssi.flatMap { $0 == 0 ? nil : Double($0) },
            snr: packet.snr.flatMap { Double($0.description) })
        SignalReadings.append([reception], radio, to: &batch)
        var observation = Observation(device: sender, received: now, source: .lora)
        // A node may send its packets again, under the same number.
        let number = DataFrame.text(of: packet.id)
        if let time { observation.deviceTime = DeviceTime.judged(time, received: now) }
        observation.payloadHash = packet.payload.withUnsafeBytes { PayloadHash.of($0) }
        let messageID = packet.id == 0 ? [] : Array("mesh-\(DataFrame.text(of: packet.sender))-\(number)".utf8)
        messageID.withUnsafeBufferPointer { batch.append(observation, messageID: $0) }
        counters.observations += 1
    }

    private static let prefix = "meshtastic-"
    private static let nodesMax = 1_000

    /// The number of the node that a device is; nil if it is none of a mesh.
    private static func number(of device: DeviceID) -> UInt32? {
        guard device.text.hasPrefix(prefix) else { return nil }
        let digits = device.text.dropFirst(prefix.count)
        return digits.utf8.count == 8 ? UInt32(digits, radix: 16) : nil
    }

    /// A mesh carries to nodes that this one has not heard itself.
    mutating func reach(of device: DeviceID) -> PortReach {
        guard let number = Self.number(of: device) else { return .none }
        return nodes.contains(number) ? .heard : .possible
    }

    mutating func submit(_ command: DeviceCommand, at now: ReceiveTime) -> [PortOutcome] {
        do throws(PayloadCommand.Refusal) {
            guard command.name == PayloadCommand.name else { throw .init("a mesh takes \(PayloadCommand.name)") }
            let wanted = try PayloadCommand(params: command.params)
            guard let text = String(validating: wanted.payload, as: UTF8.self) else {
                throw .init("text: accepted UTF-8")
            }
            let node = command.device == device.id ? nil : Self.number(of: command.device)
            if let node, node == ownNumber {
                throw .init("this is the node on the port: \(device) sends to everybody")
            }
            nextID &+= 2
            guard let frame = MeshtasticFraming.frame(MeshtasticMessage.text(text, id: nextID, to: node)) else {
                throw .init("text: is too long")
            }
            guard let node else {
                return [.write(frame), .command(id: command.id, .acknowledged, result: "given to the node")]
            }
            sent.add(nextID, to: node, for: command.id, now.monotonicMilliseconds)
            return [.write(frame)]
        } catch {
            return [.command(id: command.id, .refused, result: error.description)]
        }
    }

    mutating func end(reason: String, _ now: ReceiveTime) -> [PortOutcome] { sent.end(reason) }
}
