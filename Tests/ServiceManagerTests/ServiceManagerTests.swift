import CLinux
import GatewayTestKit
import Glibc
import ServiceManager
import Testing

/// The environment belongs to the process, so these run one after the other.
@Suite(.serialized) struct ServiceManagerTests {
    /// A service manager's end of `NOTIFY_SOCKET`.
    final class NotifySocket {
        private let descriptor: Int32

        init(path: String) {
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let size = socklen_t(MemoryLayout<sockaddr_un>.size)
            let socket = descriptor
            let bound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, size) }
            }
            #expect(bound == 0)
            setenv("NOTIFY_SOCKET", path, 1)
        }

        deinit {
            unsetenv("NOTIFY_SOCKET")
            close(descriptor)
        }

        func next() -> String? {
            var bytes = [UInt8](repeating: 0, count: 4_096)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
        }
    }

    @Test func eachStepIsToldInTheFormOfTheProtocol() throws {
        let folder = try TemporaryFolder()
        let manager = NotifySocket(path: folder.file("notify"))
        let notifier = ServiceNotifier()
        notifier.ready(status: "2 devices\nREADY=0")
        #expect(manager.next() == "READY=1\nSTATUS=2 devices READY=0")
        notifier.status("working")
        #expect(manager.next() == "STATUS=working")
        notifier.reloading(monotonicMicroseconds: 12_345)
        #expect(manager.next() == "RELOADING=1\nMONOTONIC_USEC=12345")
        notifier.feedWatchdog()
        #expect(manager.next() == "WATCHDOG=1")
        notifier.extend(bySeconds: 2)
        #expect(manager.next() == "EXTEND_TIMEOUT_USEC=2000000")
        notifier.stopping(status: "bye")
        #expect(manager.next() == "STOPPING=1\nSTATUS=bye")
    }

    @Test func withoutAServiceManagerNothingHappens() {
        unsetenv("NOTIFY_SOCKET")
        ServiceNotifier().ready(status: "alone")
        #expect(ServiceNotifier().watchdogInterval == nil)
    }

    @Test func theWatchdogIntervalIsThatOfThisProcess() {
        setenv("WATCHDOG_USEC", "30000000", 1)
        setenv("WATCHDOG_PID", "\(getpid())", 1)
        #expect(ServiceNotifier().watchdogInterval == .seconds(30))
        setenv("WATCHDOG_PID", "1", 1)
        #expect(ServiceNotifier().watchdogInterval == nil)
        unsetenv("WATCHDOG_USEC")
        unsetenv("WATCHDOG_PID")
    }

    @Test func credentialsAreReadByNameFromTheirFolderOnly() throws {
        let folder = try TemporaryFolder()
        try File.write("s3cret\n", to: folder.file("mqtt-password"))
        setenv("CREDENTIALS_DIRECTORY", folder.path, 1)
        #expect(try Credentials.read("mqtt-password") == Array("s3cret".utf8))
        #expect(throws: CredentialError.badName("../passwd")) { try Credentials.read("../passwd") }
        #expect(throws: CredentialError.unreadable("none", reason: "No such file or directory")) {
            try Credentials.read("none")
        }
        unsetenv("CREDENTIALS_DIRECTORY")
        #expect(throws: CredentialError.noFolder("mqtt-password")) { try Credentials.read("mqtt-password") }
    }
}
