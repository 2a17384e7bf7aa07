import EventLoop
import Testing

@Suite struct WakingTests {
    @Test func pollerReportsAWokenWakeupUnderItsToken() throws {
        let poller = try Poller()
        let wakeup = try Wakeup()
        try poller.add(wakeup.fileDescriptor, .readable, token: 7)
        var seen: [Int] = []
        #expect(try poller.wait(timeout: .zero) { seen.append($0.token) } == 0)
        wakeup.wake()
        wakeup.wake()
        #expect(try poller.wait(timeout: nil) { seen.append($0.token) } == 1)
        wakeup.drain()
        #expect(try poller.wait(timeout: .zero) { seen.append($0.token) } == 0)
        #expect(seen == [7])
    }

    @Test func removedDescriptorsAreNotReported() throws {
        let poller = try Poller()
        let wakeup = try Wakeup()
        try poller.add(wakeup.fileDescriptor, .readable, token: 1)
        try poller.change(wakeup.fileDescriptor, .none, token: 1)
        wakeup.wake()
        #expect(try poller.wait(timeout: .zero) { _ in } == 0)
        poller.remove(wakeup.fileDescriptor)
        poller.remove(wakeup.fileDescriptor)
        #expect(throws: EventLoopError.self) { try poller.change(wakeup.fileDescriptor, .readable, token: 1) }
    }

    @Test func aStoppedThreadDoesNotSleep() throws {
        let stop = try StopFlag()
        #expect(stop.sleep(for: .zero))
        stop.set()
        #expect(!stop.sleep(for: .seconds(3_600)))
    }

    @Test func aWakeFromAnotherThreadEndsAWait() async throws {
        let wakeup = try Wakeup()
        async let woken = DedicatedThread.run(named: "waiter") { _ in wakeup.wait(timeout: .seconds(60)) }
        wakeup.wake()
        #expect(try await woken)
    }
}
