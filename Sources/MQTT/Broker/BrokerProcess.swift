internal import CLinux
internal import Glibc

/// A process of ours or of a gateway that was killed, watched by its descriptor so that its number cannot deceive us.
final class BrokerProcess {
    let id: pid_t
    /// Readable when the process has ended.
    let descriptor: Int32
    private let isOurChild: Bool

    /// Starts `program` with `arguments`, bound to the calling thread: it gets SIGTERM, and saves its database, when
    /// that thread ends for whatever reason.
    init(program: String, arguments: [String], output: Int32, user: uid_t, group: gid_t) throws(MQTTError) {
        var pointers: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var environment: [UnsafeMutablePointer<CChar>?] = [nil]
        id = clinux_spawn_bound(program, &pointers, &environment, output, user, group, SIGTERM)
        guard id > 0 else { throw .broker("fork: \(String(cString: strerror(errno)))") }
        descriptor = clinux_pidfd_open(id)
        isOurChild = true
    }

    /// Finds the process `id` if its command line names `configuration`; nil if there is none.
    init?(running id: pid_t, configuration: String) {
        guard id > 1, let command = SmallFile.read("/proc/\(id)/cmdline"), command.contains(configuration) else {
            return nil
        }
        descriptor = clinux_pidfd_open(id)
        self.id = id
        isOurChild = false
        guard descriptor >= 0 else { return nil }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Waits until it has ended, at most `milliseconds`. True if it has.
    func hasEnded(within milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) > 0
    }

    /// Asks it to end, waits `milliseconds`, then kills it; returns when it is gone.
    func end(within milliseconds: Int32) {
        kill(id, SIGTERM)
        if !hasEnded(within: milliseconds) {
            kill(id, SIGKILL)
            _ = hasEnded(within: 10_000)
        }
        _ = reap()
    }

    /// How it ended: `exit status 1`, `signal 9`; nil if it has not, or is not our child.
    func reap() -> String? {
        var status: Int32 = 0
        guard isOurChild, waitpid(id, &status, WNOHANG) == id else { return nil }
        let signal = status & 0x7F
        return signal == 0 ? "exit status \((status >> 8) & 0xFF)" : "signal \(signal)"
    }
}
