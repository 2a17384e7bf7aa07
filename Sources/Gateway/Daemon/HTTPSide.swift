import CLinux
import ControlAPI
import GatewayModel
import Glibc
import HTTPServer

/// The HTTP interface on TCP and on the Unix socket of the data folder.
struct HTTPSide {
    let server: HTTPServer

    /// Takes the ports; clients queue from then on.
    init(
        _ configuration: GatewayConfiguration, dataDirectory: String, store: Store, sources: ControlSources,
        clock: any Clock, log: Log
    ) throws {
        let section = configuration.http
        let hasToken = try store.tokens.hasUsable()
        if let obstacle = AccessPolicy.obstacle(toListeningOn: [section.listen.host], hasUsableToken: hasToken) {
            throw StartError.configuration("http.listen \(section.listen): \(obstacle)")
        }
        let policy = AccessPolicy(
            listen: [section.listen.host], names: (section.advertise.map { [$0.host] } ?? []) + section.hosts,
            daemonUser: geteuid(), daemonGroup: getegid())
        let table = RouteTable(
            title: "Mycogate", version: Version.number, routes: ControlRoutes(sources).all,
            access: policy.check(with: store.tokens), answers: store.answers
        ) { request, error in
            log.error("a request failed", ["request_id": request, "error": "\(error)"])
        }
        var settings = HTTPServer.Configuration(listen: [
            .tcp(host: section.listen.host, port: UInt16(section.listen.port)),
            .unix(path: dataDirectory + "/control.sock", mode: 0o660, group: nil),
        ])
        if let certificate = section.certificate, let key = section.key {
            settings.tls = .init(certificateChain: certificate, privateKey: key)
        }
        settings.requestIDPrefix = String(UInt32.random(in: .min ... .max), radix: 36)
        settings.onLibraryError = { log.warning("libwebsockets", ["message": $0]) }
        server = HTTPServer(settings) { await table.respond(to: $0) }
        try server.listen()
    }

    /// The TCP port that was taken.
    var port: Int { server.boundPorts.first.map(Int.init) ?? 0 }
}
