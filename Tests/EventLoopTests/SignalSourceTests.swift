import CLinux
import EventLoop
import Glibc
import Testing

@Suite struct SignalSourceTests {
    @Test func aSignalOfTheThreadArrivesAsAReadableEvent() async throws {
        let received = try await DedicatedThread.run(named: "signals") { _ -> [Int32?] in
            let source = try SignalSource([SIGUSR1])
            let before = source.next()
            pthread_kill(pthread_self(), SIGUSR1)
            return [before, source.wait(timeout: .seconds(10)), source.next()]
        }
        #expect(received == [nil, SIGUSR1, nil])
    }
}
