internal import Synchronization

/// Three nats-servers that form a JetStream cluster.
public final class NATSCluster: Sendable {
    private let nodes: Mutex<[NATSServerProcess]>
    private let routes: [Int]
    private let jetStream: String

    /// Starts the nodes; their JetStream answers when they have found each other. `jetStream` is its part of the configuration.
    public init(jetStream: String = "max_file_store: 2GB") throws(FileError) {
        self.jetStream = jetStream
        var ports: [Int] = []
        for _ in 0..<3 { ports.append(try LoopbackPort.free()) }
        routes = ports
        var started: [NATSServerProcess] = []
        for index in 0..<3 {
            started.append(
                try NATSServerProcess(
                    name: "n\(index)", route: .init(cluster: "c", port: ports[index], members: ports),
                    jetStream: jetStream))
        }
        nodes = Mutex(started)
    }

    /// The addresses of all nodes.
    public var urls: [String] { nodes.withLock { $0.map(\.url) } }

    /// The node of that number.
    public func node(_ index: Int) -> NATSServerProcess { nodes.withLock { $0[index] } }

    /// The node of that name, such as `n1`.
    public func node(named name: String) -> Int? { (0..<3).first { "n\($0)" == name } }

    /// Starts a killed node again with what it had stored.
    public func restart(_ index: Int) throws(FileError) {
        let old = node(index)
        let new = try NATSServerProcess(
            port: old.port, folder: old.folder, name: "n\(index)",
            route: .init(cluster: "c", port: routes[index], members: routes), jetStream: jetStream)
        nodes.withLock { $0[index] = new }
    }
}
