@testable import Gateway
import GatewayTestKit
import Synchronization
import Testing

@Suite struct ServiceGroupTests {
    private final class Diary: Sendable {
        private let lines = Mutex<[String]>([])
        func write(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    private func service(_ name: String, _ diary: Diary) -> Service {
        Service(name: name) {
            let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
            await withTaskCancellationHandler {
                for await _ in stream {}
            } onCancel: {
                continuation.finish()
            }
            diary.write(name)
        }
    }

    private var log: Log { Log(level: .error, format: .text, clock: VirtualClock()) }

    @Test func servicesStopInTheReverseOrderOfTheirStart() async {
        let diary = Diary()
        let group = ServiceGroup(services: ["a", "b", "c"].map { service($0, diary) }, log: log)
        let end = await group.run(until: {}, started: {})
        guard case .asked = end else {
            Issue.record("\(end)")
            return
        }
        #expect(diary.all == ["c", "b", "a"])
    }

    @Test func aServiceThatFailsStopsTheOthersAndIsNamed() async {
        struct Broken: Error {}
        let diary = Diary()
        let group = ServiceGroup(
            services: [service("a", diary), Service(name: "b") { throw Broken() }, service("c", diary)], log: log)
        let end = await group.run(
            until: {
                let (stream, _) = AsyncStream.makeStream(of: Void.self)
                for await _ in stream {}
            }, started: {})
        guard case .failed("b", _) = end else {
            Issue.record("\(end)")
            return
        }
        #expect(diary.all == ["c", "a"])
    }

    @Test func aServiceThatWillNotStopIsLeftBehindAfterItsLimit() async {
        let diary = Diary()
        let stuck = Service(name: "stuck") { await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in } }
        var group = ServiceGroup(services: [service("a", diary), stuck], log: log)
        group.stopLimit = .milliseconds(20)
        _ = await group.run(until: {}, started: {})
        #expect(diary.all == ["a"])
    }
}
