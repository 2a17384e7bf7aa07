internal import EventLoop
internal import FieldProtocols
internal import Fleet
internal import GatewayModel
internal import ModbusClient
internal import Serial

/// The thread of a bus: opens it, asks what the schedule says, stores what comes.
final class ModbusBusLoop {
    let bus: ModbusBus
    let devices: [ModbusDevice]
    let names: [DeviceName?]
    let stop: StopFlag
    var batch = ObservationBatch()
    private var schedule: BusSchedule
    /// Readings of rounds that are not over yet, by device and group.
    private var partial: [Int: ObservationBatch] = [:]
    private var commanded: Set<DeviceID>
    private var port: SerialPort?
    private(set) var connection: ModbusConnection?
    /// Whether anything has been answered on this connection.
    private var hasAnswered = false
    /// Whether it has been told that the bus cannot be opened.
    private var isToldLost = false
    private var random: Jitter
    private var backoff = Backoff(initial: .milliseconds(250), max: .seconds(30), stableAfter: .seconds(30))
    /// Whether the silence of a slave has been told.
    private var told: [Bool]
    /// What the list of devices says of each slave; nil: nothing yet.
    var shown: [SlaveStanding?]
    var noteLimit = RateLimit(burst: 20, every: .seconds(60))
    /// Points that slaves have refused to read, by device, told once each.
    var refused: [Int: Set<Int>] = [:]
    /// Until when an answer of a unit may still come that nobody waits for any more. Nothing tells which question it belongs
    /// to; that of another unit is told by its number.
    private var lateUntil: [UInt8: Int64] = [:]

    init(_ bus: ModbusBus, stop: StopFlag) {
        self.bus = bus
        self.stop = stop
        devices = bus.configuration.devices
        names = devices.map { DeviceName($0.id) }
        told = devices.map { _ in false }
        shown = devices.map { _ in nil }
        random = Jitter(seed: bus.seed)
        // Commands may wait since before a restart.
        commanded = Set(devices.map(\.id))
        schedule = BusSchedule(
            devices, timeout: bus.configuration.timeout.milliseconds, lateMax: bus.configuration.lateMax.milliseconds,
            now: bus.clock.now().monotonicMilliseconds)
    }

    var now: Int64 { bus.clock.now().monotonicMilliseconds }

    /// Works until asked to stop; every failure of the bus ends in another attempt.
    func run() {
        for index in devices.indices { show(index, .away("not asked yet")) }
        while !stop.isSet {
            lendIfWanted()
            if stop.isSet { break }
            do {
                try open()
                bus.update { $0.condition = .working }
                tellBus(nil)
                backoff.succeeded(now: now)
                try serve()
            } catch let error as SerialError {
                lost(error.description)
            } catch {
                lost("\(error)")
            }
            close()
            commit()
            if !stop.isSet, !bus.isWanted { _ = stop.sleep(for: backoff.failed(now: now, using: &random)) }
        }
        commit()
    }

    private func lost(_ reason: String) {
        if connection == nil { tellBus(reason) }
        bus.update { status in
            status.condition = .degraded(reason)
            for index in status.slaves.indices { status.slaves[index].isAnswering = false }
        }
        for index in devices.indices {
            show(index, .away(reason))
            if connection == nil { refuseCommands(of: index, "the bus is not open: \(reason)") }
        }
    }

    /// Gives the port away if somebody waits for it, and returns when it is back. It is closed.
    private func lendIfWanted() {
        guard case .serial(let path, _) = bus.configuration.endpoint else { return }
        while bus.takeWish() {
            bus.leases.released(path)
            // The borrower may have given up while the port was being closed.
            while let purpose = bus.leases.purpose(of: path) {
                lost("lent: \(purpose)")
                guard stop.sleep(for: .seconds(1)) else { return }
            }
        }
    }

    private func open() throws {
        hasAnswered = false
        switch bus.configuration.endpoint {
        case .serial(let path, let settings):
            let port = try SerialPort(opening: path, settings: settings)
            self.port = port
            connection = try ModbusConnection(descriptor: port.fileDescriptor, baud: settings.baud)
        case .tcp(let host, let number):
            connection = try ModbusConnection(host: host, port: number)
        }
    }

    private func close() {
        connection = nil
        port?.close()
        port = nil
        partial.removeAll()
    }

    /// Asks the slaves until the bus is lost or lent.
    private func serve() throws {
        while !stop.isSet {
            commanded.formUnion(bus.takeCommanded())
            guard !bus.isWanted else { return }
            for device in commanded {
                commanded.remove(device)
                if let index = devices.firstIndex(where: { $0.id == device }) { try serveCommands(of: index) }
            }
            switch schedule.next(now) {
            case .read(let request): try perform(request)
            case .wait(let until):
                commit()
                let wait = until.map { max(1, $0 - now) } ?? 60_000
                _ = stop.sleep(for: .milliseconds(min(wait, 60_000)))
            }
        }
    }

    private func perform(_ request: BusSchedule.Request) throws {
        let device = devices[request.device]
        let started = now
        let outcome: BusSchedule.Outcome
        do throws(ModbusClientError) {
            let registers = try read(request.block, of: device, timeout: request.timeout)
            device.map.append(registers, of: request.block, to: &partial[key(request), default: ObservationBatch()])
            outcome = .values(after: now - started)
            note(request.device, nil)
            if refused[request.device] != nil { refused[request.device]?.subtract(request.block.points) }
        } catch {
            note(request.device, error)
            tell(request, error)
            // Also when the connection was lost: a slave or a gateway that hangs up on a question must not be asked it first
            // of all again, and what was read of the round is stored.
            close(request, self.outcome(of: error))
            switch error {
            case .disconnected, .invalid: throw error
            default: return
            }
        }
        close(request, outcome)
        if batch.readings.count >= 2_000 { commit() }
    }

    private func close(_ request: BusSchedule.Request, _ outcome: BusSchedule.Outcome) {
        if schedule.finished(request, outcome, now) != nil { finish(request) }
        tell(request.device)
    }

    private func key(_ request: BusSchedule.Request) -> Int { request.device << 8 | request.group }

    /// Reads one block, after the silence that the bus wants.
    func read(_ block: ReadBlock, of device: ModbusDevice, timeout: Int64) throws(ModbusClientError) -> [UInt16] {
        let question = { (connection: ModbusConnection) throws(ModbusClientError) -> [UInt16] in
            connection.setTimeout(.milliseconds(timeout))
            return try connection.read(
                function: block.table.readFunction, unit: device.unit, start: block.start, count: block.count)
        }
        do throws(ModbusClientError) { return try ask(device.unit, question) } catch {
            // A server that closes after each answer may do so while the next question is on its way. Asking once more on a
            // new connection does no harm; writing would.
            guard case .disconnected = error, hasAnswered, let connection = try reconnect() else { throw error }
            return try question(connection)
        }
    }

    /// Asks a slave something, after the silence that the bus wants and after the time in which an answer that came too late
    /// would be taken for this one's.
    func ask<R>(
        _ unit: UInt8, _ body: (ModbusConnection) throws(ModbusClientError) -> R
    ) throws(ModbusClientError) -> R {
        let end = max(now + bus.configuration.gap.milliseconds, lateUntil[unit] ?? 0)
        while now < end, stop.sleep(for: .milliseconds(max(1, end - now))) {}
        let connection = try liveConnection()
        let started = now
        do throws(ModbusClientError) {
            let answer = try body(connection)
            hasAnswered = true
            return answer
        } catch {
            if error.isAnswer { hasAnswered = true }
            guard case .serial = bus.configuration.endpoint else { throw error }
            switch error {
            // What was asked for may still come.
            case .timeout, .noise, .wrongAnswer: lateUntil[unit] = started + bus.configuration.lateMax.milliseconds
            default: break
            }
            throw error
        }
    }

    /// The connection; made anew if the other end has closed it since the last answer, as many gateways do after each.
    private func liveConnection() throws(ModbusClientError) -> ModbusConnection {
        guard let connection else { throw .disconnected(errno: 0) }
        guard connection.isHungUp else { return connection }
        return try reconnect() ?? connection
    }

    /// A new connection in place of the one that is lost; nil on a serial line.
    private func reconnect() throws(ModbusClientError) -> ModbusConnection? {
        guard case .tcp(let host, let number) = bus.configuration.endpoint else { return nil }
        connection = nil
        hasAnswered = false
        let fresh = try ModbusConnection(host: host, port: number)
        connection = fresh
        return fresh
    }

    private func outcome(of error: ModbusClientError) -> BusSchedule.Outcome {
        switch error {
        case .exception(2): .refusedAddress
        case .exception(5), .exception(6): .busy
        // The right answer was waited for until its time was up.
        case .exception(0x0A), .exception(0x0B), .timeout, .noise, .wrongAnswer: .silent
        case .exception: .refused
        case .crc: .damaged
        case .disconnected, .invalid: .silent
        }
    }

    /// The readings of a round become one observation.
    private func finish(_ request: BusSchedule.Request) {
        guard let read = partial[key(request)], !read.readings.isEmpty else { return }
        partial[key(request)]?.removeAll()
        guard let name = names[request.device] else { return }
        let received = bus.clock.now()
        for reading in read.readings { batch.append(reading) }
        batch.append(Observation(device: name, received: received, source: .modbus))
        bus.outlets.sighted(Sighting(device: devices[request.device].id, source: .modbus, at: received))
    }

    private func note(_ index: Int, _ error: ModbusClientError?) {
        bus.update { status in
            if let error {
                status.slaves[index].failed += 1
                status.slaves[index].lastError = error.code
                status.slaves[index].lastReason = error.description
            } else {
                status.slaves[index].answered += 1
            }
        }
    }

    /// Enters in the events that a slave has fallen silent, or answers again; once each.
    private func tell(_ index: Int) {
        let circuit = schedule.circuit(of: index)
        bus.update { $0.slaves[index].isAnswering = circuit.isClosed }
        let isSilent = circuit.failures >= 2
        show(index, circuit)
        guard isSilent != told[index] else { return }
        told[index] = isSilent
        guard noteLimit.take(now: now) != nil else { return }
        let device = devices[index]
        let endpoint = bus.configuration.endpoint.text
        let error = bus.status.slaves[index].lastError
        let body = NoteBody.of { body in
            body.text("bus", endpoint)
            body.integer("unit", Int(device.unit))
            if isSilent, let error { body.text("error", error) }
        }
        let kind = isSilent ? "modbus_slave_silent" : "modbus_slave_answers"
        batch.append(Note(.events, kind: kind, device: device.id, body: body, received: bus.clock.now()))
    }

    /// Enters in the events that the bus cannot be opened, or is open again; once each.
    private func tellBus(_ reason: String?) {
        guard isToldLost != (reason != nil) else { return }
        isToldLost = reason != nil
        guard noteLimit.take(now: now) != nil else { return }
        let endpoint = bus.configuration.endpoint.text
        let body = NoteBody.of { body in
            body.text("bus", endpoint)
            if let reason { body.text("reason", reason) }
        }
        let kind = reason == nil ? "modbus_bus_back" : "modbus_bus_lost"
        batch.append(Note(.events, kind: kind, device: nil, body: body, received: bus.clock.now()))
    }

    /// Makes what was read durable. While the journal takes no writes nothing more is read: what is not asked for is not
    /// lost, since the slaves still have it.
    func commit() {
        var wait = Duration.milliseconds(200)
        while !batch.isEmpty {
            do {
                try bus.outlets.commit(&batch)
                batch.removeAll()
            } catch {
                guard stop.sleep(for: wait) else { return }
                wait = min(wait * 2, .seconds(5))
            }
        }
    }
}
