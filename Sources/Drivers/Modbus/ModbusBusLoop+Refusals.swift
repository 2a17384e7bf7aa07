internal import EventLoop
internal import FieldProtocols
internal import GatewayModel
internal import ModbusClient

extension ModbusBusLoop {
    private static let namesMax = 8

    /// Enters in the events which points a slave refuses to read: their addresses are not those of this device, and without
    /// a word they would only never appear.
    func tell(_ request: BusSchedule.Request, _ error: ModbusClientError) {
        guard case .exception(let code) = error, ![5, 6, 0x0A, 0x0B].contains(code) else { return }
        // A block that is refused for its addresses is read point by point.
        let points = request.block.points
        guard code != 2 || points.count == 1 else { return }
        let known = refused[request.device, default: []]
        let new = points.filter { !known.contains($0) }
        guard !new.isEmpty, noteLimit.take(now: now) != nil else { return }
        refused[request.device] = known.union(new)
        let device = devices[request.device]
        let endpoint = bus.configuration.endpoint.text
        let body = NoteBody.of { body in
            body.text("bus", endpoint)
            body.integer("unit", Int(device.unit))
            body.texts("points", new.prefix(Self.namesMax).map { device.map.points[$0].name })
            body.text("table", request.block.table.rawValue)
            body.integer("address", Int(request.block.start))
            body.integer("exception", Int(code))
        }
        batch.append(
            Note(.events, kind: "modbus_point_refused", device: device.id, body: body, received: bus.clock.now()))
    }
}
