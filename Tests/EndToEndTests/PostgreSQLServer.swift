import GatewayTestKit
import Glibc
import Testing

/// A PostgreSQL of the test's own: a cluster in a temporary folder, reached by its socket there. PostgreSQL refuses to run
/// as root, so a test that does starts it as the user `postgres`.
final class PostgreSQLServer {
    /// A program that could not do its work.
    struct Failure: Error {
        var text: String
    }

    private let folder: TemporaryFolder
    private let bin: String
    private let server: ChildProcess

    /// What `psycopg2.connect` takes.
    var database: String { "host=\(folder.path) user=gateway dbname=postgres" }

    init() throws {
        let folder = try TemporaryFolder("mycogate-pg")
        self.folder = folder
        let versions = try Self.output("ls", ["/usr/lib/postgresql"], folder)
        let version = try #require(versions.split(separator: "\n").last, "PostgreSQL is not installed")
        bin = "/usr/lib/postgresql/\(version)/bin/"
        if geteuid() == 0 { _ = try Self.output("chown", ["postgres", folder.path], folder) }
        let made = try Self.start(
            bin + "initdb", ["-D", folder.file("data"), "-U", "gateway", "-A", "trust", "--no-sync"], folder)
        #expect(made.waitForExit() == 0, "\(Self.log(folder))")
        server = try Self.start(
            bin + "postgres",
            ["-D", folder.file("data"), "-k", folder.path, "-c", "listen_addresses=", "-c", "max_connections=20"],
            folder)
        #expect(
            Eventually.holds(within: .seconds(30)) { access(folder.file(".s.PGSQL.5432"), F_OK) == 0 },
            "\(Self.log(folder))")
        #expect(Eventually.holds(within: .seconds(30)) { (try? query("SELECT 1")) == "1" })
    }

    deinit {
        // Waits for nobody.
        server.kill(SIGINT)
        _ = server.waitForExit(within: .seconds(20))
    }

    /// The one value, or one column of values each on a line, that a statement gives.
    func query(_ sql: String) throws -> String {
        try Self.output(bin + "psql", ["-h", folder.path, "-U", "gateway", "-AtX", "-c", sql, "postgres"], folder)
    }

    private static func log(_ folder: TemporaryFolder) -> String {
        // Where nothing was written there is no file.
        (try? File.text(folder.file("log"))) ?? ""
    }

    private static func start(
        _ program: String, _ arguments: [String], _ folder: TemporaryFolder
    ) throws -> ChildProcess {
        guard geteuid() == 0 else { return try ChildProcess(program, arguments, output: folder.file("log")) }
        return try ChildProcess(
            "setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", program] + arguments,
            output: folder.file("log"))
    }

    private static func output(_ program: String, _ arguments: [String], _ folder: TemporaryFolder) throws -> String {
        let file = "/tmp/mycogate-pg-\(getpid()).out"
        unlink(file)
        defer { unlink(file) }
        let status = try ChildProcess(program, arguments, output: file).waitForExit()
        let text = try File.text(file)
        guard status == 0 else { throw Failure(text: "\(program): \(text)") }
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
}
