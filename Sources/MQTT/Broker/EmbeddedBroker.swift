internal import CLinux
internal import Glibc

/// A private mosquitto on loopback, for a first run without any setting up. Owned by one thread, with which it ends.
///
/// Its sessions and queues survive restarts in `broker.db`; between two saves they live in its memory only.
public final class EmbeddedBroker {
    private let settings: BrokerSettings
    private var process: BrokerProcess?
    /// Where it listens, on 127.0.0.1; 0 before the first start.
    public private(set) var port: UInt16 = 0

    public init(_ settings: BrokerSettings) { self.settings = settings }

    deinit { stop() }

    private var configurationPath: String { settings.folder + "/mosquitto.conf" }
    private var processPath: String { settings.folder + "/broker.pid" }
    private var portPath: String { settings.folder + "/port" }
    private var logPath: String { settings.folder + "/mosquitto.log" }

    /// Starts it and returns when it accepts connections. A broker that a killed gateway left behind in the same folder is
    /// ended first.
    public func start() throws(MQTTError) {
        stop()
        let program = try findProgram()
        let owner = try BrokerUser.current(named: settings.user)
        try BrokerUser.makeFolder(settings.folder, for: owner)
        endLeftover()
        port = try choosePort()
        try SmallFile.write(settings.configuration(port: port), to: configurationPath, mode: 0o644)
        try SmallFile.write(String(port), to: portPath)
        let log = clinux_open(logPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND | O_NOFOLLOW, 0o600)
        guard log >= 0 else { throw .broker("\(logPath): \(String(cString: strerror(errno)))") }
        defer { close(log) }
        let process = try BrokerProcess(
            program: program, arguments: ["-c", configurationPath], output: log, user: owner?.user ?? 0,
            group: owner?.group ?? 0)
        do {
            try SmallFile.write(String(process.id), to: processPath)
            try waitUntilListening(process)
        } catch {
            process.end(within: 1_000)
            throw error
        }
        self.process = process
    }

    /// A descriptor that is readable when the broker has ended; -1 if it does not run.
    public var exitDescriptor: Int32 { process?.descriptor ?? -1 }

    /// Its process number, or nil if it does not run.
    public var processID: Int32? { process?.id }

    /// Why it is not running any more: how it ended and the end of its log. Nil while it runs.
    public func failure() -> MQTTError? {
        guard let process else { return .broker("not started") }
        guard process.hasEnded(within: 0) else { return nil }
        let error = ended(process)
        self.process = nil
        return error
    }

    /// Ends it, giving it `milliseconds` to save its database. Does nothing if it does not run.
    public func stop(within milliseconds: Int32 = 5_000) {
        guard process != nil else { return }
        process?.end(within: milliseconds)
        process = nil
        unlink(processPath)
    }

    private func findProgram() throws(MQTTError) -> String {
        let places = settings.program.map { [$0] } ?? ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"]
        for place in places where access(place, X_OK) == 0 { return place }
        throw .brokerNotInstalled(places[0])
    }

    private func endLeftover() {
        guard let text = SmallFile.read(processPath), let id = pid_t(text),
            let leftover = BrokerProcess(running: id, configuration: configurationPath)
        else { return }
        // It may be saving its database already: its gateway's end has told it to.
        leftover.end(within: 5_000)
    }

    private func choosePort() throws(MQTTError) -> UInt16 {
        if let port = settings.port {
            // Whoever listens there would answer for the broker until it has failed.
            guard LoopbackPort.isFree(port) else {
                throw .broker("port \(port) of 127.0.0.1 is taken by another program")
            }
            return port
        }
        if let last = SmallFile.read(portPath).flatMap({ UInt16($0) }), LoopbackPort.isFree(last) { return last }
        guard let port = LoopbackPort.free() else { throw .broker("no free port on 127.0.0.1") }
        return port
    }

    private func waitUntilListening(_ process: BrokerProcess) throws(MQTTError) {
        for _ in 0..<500 {
            if process.hasEnded(within: 10) { throw ended(process) }
            do {
                return try Reachability.check(host: "127.0.0.1", port: port, timeout: .seconds(1))
            } catch { continue }
        }
        throw .broker("does not listen on port \(port)")
    }

    private func ended(_ process: BrokerProcess) -> MQTTError {
        let how = process.reap() ?? "gone"
        let words = SmallFile.read(logPath, limit: 1_000, fromEnd: true) ?? ""
        let lines = words.split(separator: "\n").suffix(3).joined(separator: "; ")
        let user = geteuid() == 0 ? " (it runs as \(settings.user), who must be able to reach \(settings.folder))" : ""
        return .broker("ended with \(how)\(lines.isEmpty ? "" : ": \(lines)")\(user)")
    }
}
