import GatewayTestKit
import Glibc

/// From start to ready with a gigabyte of journal, of which something is damaged.
enum DamagedStartBenchmark {
    private struct Damage {
        var name: String
        /// What it is done to: a file of the data folder.
        var file: @Sendable (_ segments: [String], _ dataDirectory: String) -> String
        var make: @Sendable (_ file: Int32, _ size: Int) -> Void
    }

    private static let damages: [Damage] = [
        Damage(name: "a sealed segment truncated", file: { segments, _ in segments[segments.count / 2] }) {
            file, size in
            _ = ftruncate(file, size / 2)
        },
        Damage(name: "a page of a sealed segment zeroed", file: { segments, _ in segments[1] }) { file, size in
            overwrite(file, at: size / 2 / 4_096 * 4_096, [UInt8](repeating: 0, count: 4_096))
        },
        Damage(name: "the newest segment truncated", file: { segments, _ in segments[segments.count - 1] }) {
            _ = ftruncate($0, $1 / 2)
        },
        Damage(name: "a page of the newest segment zeroed", file: { segments, _ in segments[segments.count - 1] }) {
            overwrite($0, at: $1 / 2 / 4_096 * 4_096, [UInt8](repeating: 0, count: 4_096))
        },
        Damage(name: "state.db flipped", file: { $1 + "/state.db" }) { file, size in
            for place in stride(from: 100, to: size, by: 997) {
                var byte: UInt8 = 0
                if pread(file, &byte, 1, place) == 1 { overwrite(file, at: place, [byte ^ 0x10]) }
            }
        },
        Damage(name: "state.db truncated", file: { $1 + "/state.db" }) { _ = ftruncate($0, $1 / 2) },
    ]

    static let benchmark = Benchmark(name: "start-damaged") {
        let broker = try BrokerProcess(settings: IntakeBenchmark.brokerSettings)
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(), sections: "mqtt: {broker: \"\(broker.url)\"}\njournal: {max_bytes: 4GiB}")
        try Prefill.bytes(StartBenchmark.byteCount, dataDirectory: gateway.dataDirectory)
        var results: [BenchResult] = []
        for damage in damages {
            let folder = gateway.dataDirectory + "/journal/readings/"
            let segments = try File.names(in: folder).filter { $0.hasSuffix(".db") }.sorted().map { folder + $0 }
            let path = damage.file(segments, gateway.dataDirectory)
            // The kill before has left what is newest in the log: only without it the damage is met.
            for suffix in ["-wal", "-shm"] where path.hasSuffix("state.db") { unlink(path + suffix) }
            chmod(path, 0o640)
            let file = open(path, O_RDWR | O_CLOEXEC)
            guard file >= 0 else { throw BenchError("cannot open \(path)") }
            damage.make(file, Int(lseek(file, 0, Int32(SEEK_END))))
            close(file)
            let start = Measure.seconds()
            guard try gateway.start() else { throw BenchError("\(damage.name): did not start: \(gateway.log)") }
            let time = Measure.seconds() - start
            gateway.kill()
            results.append(
                BenchResult(
                    figure: "\(Measure.text(time * 1_000, digits: 0)) ms to ready", budget: "≤ 5 s",
                    detail: damage.name, isKept: time <= 5))
        }
        return results
    }

    private static func overwrite(_ file: Int32, at offset: Int, _ bytes: [UInt8]) {
        _ = pwrite(file, bytes, bytes.count, offset)
    }
}
