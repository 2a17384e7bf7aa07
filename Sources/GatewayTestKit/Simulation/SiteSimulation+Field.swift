internal import GatewayModel
internal import Journal

/// Devices, the broker, and the way in.
extension SiteSimulation {
    func measure(_ index: Int) {
        guard ledger.messages.count < plan.messageCount else { return }
        publish(index)
        let interval = Int(devices[index].interval)
        queue.add(.measure(device: index), at: later(interval / 2...interval * 2))
    }

    func publish(_ index: Int) {
        let number = ledger.messages.count
        let message = devices[index].message(number, at: time)
        ledger.publish(message)
        let isLate = message.kind != .plain && random.chance(plan.lateness)
        post(number, at: isLate ? later(1_000...20_000) : time + 1)
        if message.kind != .plain, random.chance(plan.repetition) { post(number, at: later(1...40_000)) }
        guard message.kind == .careful else { return }
        devices[index].unconfirmed.append(number)
        if devices[index].unconfirmed.count == 1 { queue.add(.sendAgain(device: index), at: later(20_000...40_000)) }
    }

    private func post(_ number: Int, at: Int64) {
        arrivals += 1
        queue.add(.arriveAtBroker(message: number), at: at)
    }

    func sendAgain(_ index: Int) {
        guard !devices[index].unconfirmed.isEmpty else { return }
        for number in devices[index].unconfirmed.prefix(20) { post(number, at: later(1...100)) }
        queue.add(.sendAgain(device: index), at: later(20_000...40_000))
    }

    func arrive(_ number: Int) {
        arrivals -= 1
        trace.note(time, "published", Int64(number))
        if broker.publish(number) { ledger.remember(number) } else { ledger.forget([number]) }
        if !broker.socket.isEmpty { wakeIntake(at: later(0...20)) }
    }

    func confirm(_ number: Int) {
        trace.note(time, "confirmed", Int64(number))
        ledger.acknowledge([number])
        for index in devices.indices { devices[index].unconfirmed.removeAll { $0 == number } }
    }

    func wakeIntake(at: Int64) {
        guard let gateway, intakeAt.map({ at < $0 }) ?? true else { return }
        intakeAt = at
        queue.add(.intake(life: gateway.life), at: at)
    }

    /// What one round of the intake's loop does.
    func takeIn(_ gateway: SimulatedGateway) throws {
        if gateway.intake.connection == nil { try commit(gateway) }
        if gateway.intake.mayConnect {
            let resumed = broker.connect()
            gateway.intake.connected(broker.connection ?? 0, resumed: resumed)
            trace.note(time, "connected", resumed ? 1 : 0)
        }
        let burst = random.integer(in: 1...30)
        for _ in 0..<burst where gateway.intake.hasRoom {
            guard gateway.intake.connection == broker.connection, let packet = broker.read(1).first else { break }
            try gateway.step("read", Int64(packet.message))
            let message = ledger.messages[packet.message]
            gateway.intake.read(packet, message, at: clock.now())
            if bug == .confirmsBeforeCommit, message.kind == .careful {
                queue.add(.confirm(message: packet.message), at: time)
            }
        }
        if bug == .acknowledgesBeforeCommit { release(gateway) }
        try commit(gateway)
        release(gateway)
        guard let dueAt = gateway.intake.dueAt(now: gateway.now) else {
            if !broker.socket.isEmpty || gateway.intake.connection == nil { wakeIntake(at: later(0...20)) }
            return
        }
        wakeIntake(at: time + max(1, dueAt - gateway.now))
    }

    private func commit(_ gateway: SimulatedGateway) throws {
        var confirmed: [String] = []
        let isDone = try gateway.onDisk {
            confirmed = try gateway.intake.commitIfDue(gateway.journal, now: gateway.now)
        }
        if !isDone {
            // As the real one: the connection goes with the acknowledgements that are queued in it.
            trace.note(time, "held")
            gateway.intake.disconnected()
            broker.disconnect()
        }
        try gateway.step("committed", Int64(confirmed.count))
        for id in confirmed where healedAt != nil || !random.chance(0.1) {
            guard let number = Int(id.dropFirst("message-".utf8.count)) else { continue }
            queue.add(.confirm(message: number), at: later(1...500))
        }
    }

    private func release(_ gateway: SimulatedGateway) {
        guard let connection = gateway.intake.connection, connection == broker.connection else { return }
        let packets = gateway.intake.release()
        guard !packets.isEmpty else { return }
        // What is in the broker's socket arrives, also when the gateway dies the moment after.
        if random.chance(0.5) { return acknowledge(packets, connection) }
        queue.add(.acknowledge(packets: packets, connection: connection), at: later(1...60))
    }

    func acknowledge(_ packets: [Int], _ connection: Int) {
        ledger.acknowledge(broker.acknowledge(packets, on: connection))
        if !broker.socket.isEmpty { wakeIntake(at: later(0...20)) }
    }

    /// The connection to the broker breaks.
    func breakConnection() {
        broker.disconnect()
        guard let gateway else { return }
        // What has been read is worth keeping even if the broker forgets it, as in the real loop.
        gateway.intake.disconnected()
        wakeIntake(at: later(1...10_000))
    }
}
