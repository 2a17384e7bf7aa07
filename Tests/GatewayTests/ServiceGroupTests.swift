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

    /// Ends only when all of its kind have been asked to.
    private func comrade(_ name: String, _ stage: String?, _ asked: Asked) -> Service {
        Service(name: name, stage: stage) {
            let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
            asked.add(continuation)
            await withTaskCancellationHandler {
                for await _ in stream {}
            } onCancel: {
                asked.ask()
            }
        }
    }

    private final class Asked: Sendable {
        private struct State {
            var left: Int
            var waiting: [AsyncStream<Void>.Continuation] = []
        }

        private let state: Mutex<State>
        init(_ count: Int) { state = Mutex(State(left: count)) }
        func add(_ continuation: AsyncStream<Void>.Continuation) {
            state.withLock {
                $0.waiting.append(continuation)
                if $0.left == 0 { continuation.finish() }
            }
        }
        func ask() {
            state.withLock {
                $0.left -= 1
                if $0.left == 0 { for continuation in $0.waiting { continuation.finish() } }
            }
        }
    }

    @Test(.timeLimit(.minutes(5))) func servicesOfAStageStopTogetherAfterThoseThatWereStartedLater() async {
        let diary = Diary()
        let asked = Asked(12)
        let stage = (0..<12).map { comrade("push-\($0)", "push", asked) }
        var group = ServiceGroup(services: [service("a", diary)] + stage + [service("c", diary)], log: log)
        group.stopLimit = .seconds(6_000)
        group.totalLimit = .seconds(6_000)
        _ = await group.run(until: {}, started: {})
        #expect(diary.all == ["c", "a"])
    }

    @Test(.timeLimit(.minutes(5))) func allTogetherHaveALimitHoweverManyHang() async {
        let diary = Diary()
        let stuck = (0..<20).map { number in
            Service(name: "stuck-\(number)") {
                await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
            }
        }
        var group = ServiceGroup(services: [service("a", diary)] + stuck, log: log)
        group.stopLimit = .seconds(500)
        group.totalLimit = .milliseconds(100)
        group.lateLimit = .milliseconds(10)
        _ = await group.run(until: {}, started: {})
        // Asked to stop all the same, with a limit that a busy machine may need all of.
        #expect(diary.all == ["a"] || diary.all.isEmpty)
    }
}
