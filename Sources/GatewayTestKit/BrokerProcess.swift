import Glibc

/// A real mosquitto on a free port of the loopback address, with its own folder, stopped when this is released.
public final class BrokerProcess: Sendable {
    /// Where it listens on 127.0.0.1.
    public let port: Int
    /// Its configuration, log and, with persistence, its queues.
    public let folder: TemporaryFolder
    private let process: ChildProcess

    /// The address in the form of a gateway configuration.
    public var url: String { "mqtt://127.0.0.1:\(port)" }

    /// The log of the broker so far.
    public var log: String { (try? File.text(folder.file("broker.log"))) ?? "" }

    /// Starts the broker and returns when it accepts connections.
    ///
    /// - Parameters:
    ///   - port: nil for a free one; the port of an earlier broker to come back in its place.
    ///   - folder: where its files are; give that of an earlier broker with `persistence true` to keep its queues.
    ///   - settings: lines added to `mosquitto.conf`.
    public init(
        port: Int? = nil, folder: TemporaryFolder? = nil, settings: [String] = []
    ) throws(FileError) {
        // An if, because `??` does not carry a typed throw.
        let folder: TemporaryFolder = if let folder { folder } else { try TemporaryFolder("mycogate-broker") }
        let port: Int = if let port { port } else { try LoopbackPort.free() }
        self.folder = folder
        self.port = port
        // Started by root, mosquitto becomes another user that cannot reach the folder unless told to stay root.
        let user = geteuid() == 0 ? ["user root"] : []
        let lines =
            user + [
                "listener \(port) 127.0.0.1", "allow_anonymous true", "persistence_location \(folder.path)/",
                "max_queued_messages 0", "max_inflight_messages 0", "log_dest stderr", "log_type all",
            ] + settings
        try File.write(lines.joined(separator: "\n") + "\n", to: folder.file("mosquitto.conf"))
        let program = File.exists("/usr/sbin/mosquitto") ? "/usr/sbin/mosquitto" : "mosquitto"
        process = try ChildProcess(program, ["-c", folder.file("mosquitto.conf")], output: folder.file("broker.log"))
        let process = process
        guard Eventually.holds({ LoopbackPort.accepts(port) || !process.isRunning }), process.isRunning else {
            throw FileError(operation: "start mosquitto on port \(port)", path: folder.path, code: ECONNREFUSED)
        }
    }

    /// Stops it in order (it saves its queues if it has persistence).
    public func stop() { process.stop() }

    /// Kills it as a power cut would.
    public func kill() {
        process.kill(SIGKILL)
        process.waitForExit()
    }

    /// The process id, for tests that freeze it with SIGSTOP.
    public var processID: Int32 { process.id }
}
