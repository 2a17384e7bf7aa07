internal import JSONText

/// A small, faithful website for tests: device ingest without authentication and without deduplication.
public final class StandInWebsite: Sendable {
    private let state = Monitor(State())
    private let server: PeerServer

    private struct State {
        var bodies: [[UInt8]] = []
        var faults = PeerFaults()
    }

    /// Listens at once; port 0 takes a free one.
    public init(port: UInt16 = 0) throws {
        let state = state
        server = try PeerServer(address: "127.0.0.1", port: port) { request, body in
            Self.respond(to: request, body, state)
        }
    }

    deinit { server.stop() }

    /// Where it listens.
    public var url: String { "http://127.0.0.1:\(server.port)" }

    /// Closes the port and every connection.
    public func stop() { server.stop() }

    /// The bodies that were taken, in order.
    public var bodies: [[UInt8]] { state.withLock { $0.bodies } }

    /// Waits until so many bodies were taken; false if they are not within `limit`.
    public func wait(limit: Duration = .seconds(60), forCount count: Int) -> Bool {
        state.wait(limit: limit) { $0.bodies.count >= count }
    }

    /// The next `times` requests meet `fault`.
    public func inject(_ fault: MASFault, times: Int = 1) {
        state.withLock { $0.faults.script["ingest", default: []] += Array(repeating: fault, count: times) }
    }

    private static func respond(
        to request: PeerRequest, _ body: UnsafeRawBufferPointer, _ state: Monitor<State>
    ) -> PeerReply {
        guard request.method == "POST", request.path == "/api/devices/ingest" else {
            return PeerReply(404, "<!DOCTYPE html><title>404</title>")
        }
        return state.withLock { state in
            let fault = state.faults.next(on: "ingest")
            if let reply = fault?.replyInstead { return reply }
            guard let message = PeerBody.json(body) else {
                return PeerReply(500, #"{"success":false,"error":"Unexpected token"}"#)
            }
            guard let device = message["deviceId"]?.string, !device.isEmpty else {
                return PeerReply(400, #"{"success":false,"error":"deviceId is required"}"#)
            }
            state.bodies.append(Array(body))
            var count = 0
            for member in message["sensors"]?.members ?? [] where member.value.double != nil { count += 1 }
            for name in ["temperature", "humidity", "pressure", "gasResistance", "iaq", "co2", "voc"]
            where message[name]?.double != nil {
                count += 1
            }
            let answer: JSON = [
                "success": true, "deviceId": .string(device), "observationsCount": .integer(Int64(count)),
                "timestamp": .string(MASState.utc()),
            ]
            let reply = PeerReply(200, body: answer.bytes)
            return fault?.spoil(reply) ?? reply
        }
    }
}
