import Glibc

/// A real nats-server with JetStream on a free port of the loopback address, with its own folder, stopped when this is
/// released.
public final class NATSServerProcess: Sendable {
    /// Its place in a cluster.
    public struct Route: Sendable {
        public var cluster: String
        public var port: Int
        /// The route ports of all members.
        public var members: [Int]
    }

    /// Where it listens on 127.0.0.1.
    public let port: Int
    /// Its configuration, log and streams.
    public let folder: TemporaryFolder
    private let process: ChildProcess

    /// The address in the form of a gateway configuration.
    public var url: String { "nats://127.0.0.1:\(port)" }

    /// The log of the server so far.
    public var log: String { (try? File.text(folder.file("server.log"))) ?? "" }

    /// Starts the server and returns when it accepts connections.
    ///
    /// - Parameters:
    ///   - port: nil for a free one; the port of an earlier server to come back in its place.
    ///   - folder: where its files are; give that of an earlier server to keep its streams.
    ///   - jetStream: its part of the configuration; nil: without JetStream, as a leaf node may be.
    ///   - settings: lines added to its configuration.
    public init(
        port: Int? = nil, folder: TemporaryFolder? = nil, name: String = "single", route: Route? = nil,
        jetStream: String? = "max_file_store: 2GB", settings: [String] = []
    ) throws(FileError) {
        let folder: TemporaryFolder = if let folder { folder } else { try TemporaryFolder("mycogate-nats") }
        let port: Int = if let port { port } else { try LoopbackPort.free() }
        self.folder = folder
        self.port = port
        var lines = ["listen: \"127.0.0.1:\(port)\"", "server_name: \(name)"]
        if let jetStream {
            lines.append("jetstream { store_dir: \"\(folder.file("store"))\", max_memory_store: 64MB, \(jetStream) }")
        }
        if let route {
            let routes = route.members.map { "\"nats-route://127.0.0.1:\($0)\"" }.joined(separator: ", ")
            lines.append("cluster { name: \(route.cluster), listen: \"127.0.0.1:\(route.port)\", routes: [\(routes)] }")
        }
        try File.write((lines + settings).joined(separator: "\n") + "\n", to: folder.file("server.conf"))
        let program = File.exists("/usr/sbin/nats-server") ? "/usr/sbin/nats-server" : "nats-server"
        process = try ChildProcess(program, ["-c", folder.file("server.conf")], output: folder.file("server.log"))
        let process = process
        guard Eventually.holds({ LoopbackPort.accepts(port) || !process.isRunning }), process.isRunning else {
            throw FileError(operation: "start nats-server on port \(port)", path: folder.path, code: ECONNREFUSED)
        }
    }

    /// Stops it in order.
    public func stop() { process.stop() }

    /// Kills it as a power cut would.
    public func kill() {
        process.kill(SIGKILL)
        process.waitForExit()
    }

    /// Stops it from answering, and lets it go on.
    public func freeze() { process.kill(SIGSTOP) }
    public func thaw() { process.kill(SIGCONT) }
}
