import CLinux
import EventLoop
import Glibc
import Testing

@Suite struct DedicatedThreadTests {
    struct Refusal: Error, Equatable {}

    @Test func theBodyRunsOnAThreadOfThatName() async throws {
        let name = try await DedicatedThread.run(named: "mqtt-intake-longer-than-allowed") { _ in
            var bytes = [CChar](repeating: 0, count: 32)
            clinux_thread_name(&bytes)
            return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        #expect(name == "mqtt-intake-lon")
    }

    @Test func theErrorOfTheBodyIsRethrown() async {
        await #expect(throws: Refusal()) {
            try await DedicatedThread.run(named: "thrower") { _ in throw Refusal() }
        }
    }

    @Test func cancellingTheTaskStopsTheThreadAndWaitsForIt() async throws {
        let started = try Wakeup()
        let task = Task {
            try await DedicatedThread.run(named: "loop") { stop in
                started.wake()
                while stop.sleep(for: .seconds(3_600)) {}
                return "ended"
            }
        }
        started.wait(timeout: .seconds(60))
        task.cancel()
        #expect(try await task.value == "ended")
    }

    @Test func aTaskCancelledBeforehandStillRunsItsBodyWithTheFlagSet() async throws {
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await DedicatedThread.run(named: "late") { $0.isSet }
        }
        #expect(try await task.value)
    }
}
