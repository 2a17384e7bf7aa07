internal import FieldProtocols
internal import HTTPServer
internal import JSONText
internal import Synchronization

/// The WebSocket port that LoRa Basics Stations connect to: `/router-info` tells them where to go, `/traffic/EUI` is where
/// they speak and are spoken to. What they say is `LoRaServer`'s.
public final class StationEndpoint: Driver {
    /// The driver's name, as status and metrics show it.
    public let name = "lora-stations"
    private let configuration: LoRaConfiguration.Stations
    private let desk: StationDesk
    private let state = Mutex<(port: Int?, trouble: String?)>((nil, nil))

    /// What a station that has said nothing else is still known by.
    private static let silenceMax = Duration.seconds(90)

    init(_ configuration: LoRaConfiguration.Stations, desk: StationDesk) {
        self.configuration = configuration
        self.desk = desk
    }

    /// The port, once it is open.
    public var port: Int? { state.withLock { $0.port } }

    /// How it is now.
    public var condition: DriverCondition {
        let (port, trouble) = state.withLock { $0 }
        return port != nil ? .working : trouble.map { .degraded($0) } ?? .stopped
    }

    /// Listens until the task is cancelled.
    public func run() async throws {
        var settings = HTTPServer.Configuration(listen: [configuration.listen], tls: configuration.tls)
        settings.idleTimeout = Self.silenceMax
        settings.bodyLimit = 0
        // Each has two for a moment: an old one that has not been found dead yet.
        settings.connectionLimit = 2 * configuration.gateways.count + 16
        let server = HTTPServer(settings) { [self] in answer($0) }
        do {
            try server.listen()
            state.withLock { $0 = (server.boundPorts.first.map(Int.init), nil) }
            defer { state.withLock { $0.port = nil } }
            try await server.run()
        } catch {
            state.withLock { $0.trouble = "\(error)" }
            throw error
        }
    }

    private func answer(_ request: HTTPRequest) -> HTTPResponse {
        switch request.segments.first {
        case "router-info" where request.segments.count == 1: discovery(request)
        case "traffic" where request.segments.count == 2: traffic(request, LoRaEUI(text: request.segments[1]))
        default: HTTPResponse(status: 404, "stations ask at /router-info\n")
        }
    }

    private func discovery(_ request: HTTPRequest) -> HTTPResponse {
        let base = "\(request.isTLS ? "wss" : "ws")://\(request.headers["Host"] ?? "")/traffic/"
        let address = Self.address(of: request)
        let socket = WebSocket(messageLimit: 1_024) { [self] socket in
            guard let question = socket.take(max: 1).first else { return }
            defer { socket.close() }
            guard case .text(let text) = question, let router = BasicsStationMessage.router(askedFor: text) else {
                return
            }
            let isListed = configuration.gateways.contains(router)
            if !isListed { desk.turnedAway(.init(eui: router, address: address)) }
            socket.send(text: StationAnswer.discovery(router, uri: isListed ? base + router.description : nil))
        }
        return .webSocket(socket, answering: request)
    }

    private func traffic(_ request: HTTPRequest, _ eui: LoRaEUI?) -> HTTPResponse {
        let address = Self.address(of: request)
        guard let eui, configuration.gateways.contains(eui) else {
            desk.turnedAway(.init(eui: eui, address: address))
            return HTTPResponse(status: 403, "this gateway is not in the list\n")
        }
        let number = desk.nextNumber()
        let socket = WebSocket(messageLimit: BasicsStationMessage.byteCountMax) { [desk] socket in
            desk.isReady(StationConnection(number: number, eui: eui, address: address, socket: socket))
        }
        return .webSocket(socket, answering: request)
    }

    private static func address(of request: HTTPRequest) -> String {
        if case .tcp(let address, _) = request.peer { address } else { "-" }
    }
}
