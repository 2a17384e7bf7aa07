import Glibc
public import HTTPClient
public import JSONText

/// The real daemon as a child process, with a folder of its own and a free port.
public final class GatewayProcess {
    public let folder: TemporaryFolder
    public let port: Int
    /// Laid over the environment of the daemon, not of the command line.
    public var environment: [String: String] = [:]
    private let binary: String
    private var process: ChildProcess?

    /// Where the daemon keeps things, and where it is reached.
    public var dataDirectory: String { folder.file("data") }
    public var configurationPath: String { folder.file("gateway.yaml") }
    public var logPath: String { folder.file("gateway.log") }
    public var url: String { "http://127.0.0.1:\(port)" }
    // Before the first start there is no log.
    public var log: String { (try? File.text(logPath)) ?? "" }

    /// Writes the configuration; `start()` starts it.
    ///
    /// - Parameters:
    ///   - binary: the `mycogate` program.
    ///   - sections: YAML of the sections besides `gateway`, `http` and `log`.
    public init(binary: String, sections: String, port: Int? = nil, id: String = "gw-test-1") throws(FileError) {
        self.binary = binary
        folder = try TemporaryFolder("mycogate-gateway")
        let port: Int = if let port { port } else { try LoopbackPort.free() }
        self.port = port
        let head = """
            gateway: {id: \(id), site: test}
            http: {listen: "127.0.0.1:\(port)"}
            log: {level: info, format: text}

            """
        try File.write(head + sections + "\n", to: folder.file("gateway.yaml"))
        _ = try folder.folder("data")
    }

    /// The program that the package built for this configuration: beside the running test bundle or program.
    public static func built(_ name: String = "mycogate") -> String {
        var buffer = [CChar](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let own = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return (own.lastIndex(of: "/").map { String(own[...$0]) } ?? "") + name
    }

    /// Starts the daemon without waiting.
    public func launch() throws(FileError) {
        process = try ChildProcess(
            binary, ["run", "--config", configurationPath, "--data-dir", dataDirectory], output: logPath,
            environment: environment)
    }

    /// Starts the daemon and waits until it is ready; whether it is.
    public func start(within limit: Duration = .seconds(60)) throws(FileError) -> Bool {
        try launch()
        return isReady(within: limit)
    }

    /// Waits until the daemon answers that it is ready; false if it ended or time ran out.
    public func isReady(within limit: Duration = .seconds(60)) -> Bool {
        Eventually.holds(within: limit) { process?.isRunning == false || (get("/ready")?.status ?? 0) == 200 }
            && process?.isRunning == true
    }

    /// Whether the process lives, and its id (0 if it was never started).
    public var isRunning: Bool { process?.isRunning == true }
    public var processID: Int32 { process?.id ?? 0 }

    /// As a crash or the kernel's memory killer would.
    public func kill() {
        process?.kill(SIGKILL)
        process?.waitForExit()
    }

    /// Waits until it has ended by itself: its exit status; nil if it still runs after `limit`.
    public func waitForExit(within limit: Duration = .seconds(60)) -> Int32? { process?.waitForExit(within: limit) }

    /// Asks it to stop; its exit status.
    @discardableResult
    public func stop(within limit: Duration = .seconds(60)) -> Int32 { process?.stop(within: limit) ?? 0 }

    /// One request; nil if the daemon did not answer.
    public func get(_ path: String) -> ClientAnswer? { send(ClientRequest(.get, url + path)) }

    /// One request with a JSON body; nil if the daemon did not answer.
    public func post(_ path: String, _ body: String) -> ClientAnswer? {
        let headers = [ClientRequest.Header("Content-Type", "application/json")]
        return send(ClientRequest(.post, url + path, headers: headers, body: Array(body.utf8)))
    }

    /// The status document; nil if the daemon did not answer.
    public func status() -> JSON? {
        // Nil stands for "not answered", whatever the cause.
        get("/api/v1/status").flatMap { try? JSON(parsing: $0.body) }
    }

    /// Runs the command line against this daemon: exit status and output.
    public func tool(_ arguments: [String]) throws(FileError) -> (status: Int32, output: String) {
        let output = folder.file("tool-\(arguments.hashValue).out")
        unlink(output)
        let child = try ChildProcess(
            binary, arguments, output: output, environment: ["MYCOGATE_DATA_DIR": dataDirectory])
        let status = child.waitForExit()
        // A program that printed nothing may have left no file.
        return (status, (try? File.text(output)) ?? "")
    }

    /// Resident memory in bytes; 0 if it does not run.
    public var residentBytes: Int {
        // A process that has ended has no such file.
        let status = (try? File.text("/proc/\(processID)/status")) ?? ""
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }) else { return 0 }
        return (line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) } ?? 0)
            * 1_024
    }

    /// What it has used of the processor since it began; nil if it does not run.
    public var processorSeconds: Double? {
        // A process that has ended has no such file.
        let status = (try? File.text("/proc/\(processID)/stat")) ?? ""
        // The name in parentheses may hold anything; user and system time are the 12th and 13th field after it.
        let fields = status.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Open descriptors; 0 if it does not run.
    public var descriptorCount: Int {
        guard let folder = opendir("/proc/\(processID)/fd") else { return 0 }
        defer { closedir(folder) }
        var count = -2
        while readdir(folder) != nil { count += 1 }
        return count
    }

    private func send(_ request: ClientRequest) -> ClientAnswer? {
        var settings = ClientSettings()
        settings.answerByteCountMax = 256 << 20
        // Nil stands for "not answered", whatever the cause.
        guard let client = try? HTTPClient(settings) else { return nil }
        return try? client.send(request)
    }
}
