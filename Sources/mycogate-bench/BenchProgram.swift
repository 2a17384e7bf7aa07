import Glibc

/// Measures the budgets of ARCHITECTURE.md side by side in one run, and says which are kept.
enum BenchProgram {
    /// In the order of the data path.
    static let benchmarks: [Benchmark] = [
        IntakeBenchmark.benchmark, LatencyBenchmark.benchmark, PushBenchmark.benchmark, DeliveryBenchmark.benchmark,
        PullBenchmark.benchmark, PackingBenchmark.benchmark, StartBenchmark.benchmark, DamagedStartBenchmark.benchmark,
        MemoryBenchmark.benchmark, DecodeBenchmark.benchmark, ModbusBenchmark.benchmark, InstrumentBenchmark.benchmark,
        SpectraBenchmark.benchmark, BoardsBenchmark.benchmark, TopicsBenchmark.benchmark, NATSDrainBenchmark.benchmark,
        OutageBenchmark.benchmark,
    ]

    static func run(_ arguments: [String]) -> Int32 {
        if arguments.first == "count", arguments.count == 3, let port = Int(arguments[1]), let count = Int(arguments[2])
        {
            return CountingSubscriber.run(port: port, count: count)
        }
        if arguments.first == "fuzz" { return FuzzVerb.run(Array(arguments.dropFirst())) }
        // `drain nats` reads better than `drain-nats`.
        var arguments = arguments
        if arguments.count > 1, arguments[0] == "drain" { arguments = arguments.dropFirst().map { "drain-" + $0 } }
        let rows = arguments.first == "decode" ? DecodeRow.benchmark(of: Array(arguments.dropFirst())) : nil
        let chosen =
            if let rows { [rows] } else if arguments.isEmpty { benchmarks } else {
                benchmarks.filter { arguments.contains($0.name) }
            }
        guard rows != nil || chosen.count == max(arguments.count, chosen.count) else {
            write("usage: mycogate-bench [\(benchmarks.map(\.name).joined(separator: " | "))] …")
            write("       mycogate-bench decode [\(DecodeBenchmark.rows.map(\.name).joined(separator: " | "))] …")
            return 64
        }
        var kept = true
        for benchmark in chosen {
            do {
                for result in try benchmark.run() {
                    kept = kept && result.isKept
                    write(
                        "\(result.isKept ? "ok  " : "MISS") \(benchmark.name): \(result.figure) "
                            + "(budget \(result.budget)); \(result.detail)")
                }
            } catch {
                kept = false
                write("FAIL \(benchmark.name): \(error)")
            }
        }
        return kept ? 0 : 1
    }

    static func write(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    }
}

/// One measurement of the program.
struct Benchmark: Sendable {
    var name: String
    var run: @Sendable () throws -> [BenchResult]
}

/// A figure and the budget it is held against.
struct BenchResult {
    var figure: String
    var budget: String
    var detail: String
    var isKept: Bool
}

struct BenchError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// Time and numbers for people.
enum Measure {
    static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The shortest of ten times that `body` takes: what a shared machine takes away meanwhile is not the code's.
    static func shortest(_ body: () -> Void) -> Double {
        (0..<10).reduce(.infinity) { shortest, _ in
            let start = seconds()
            body()
            return min(shortest, seconds() - start)
        }
    }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
    }

    static func text(_ value: Double, digits: Int = 2) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let rounded = (value * scale).rounded() / scale
        return digits == 0 ? String(Int(exactly: rounded) ?? 0) : "\(rounded)"
    }

    /// Bytes of these files of `folder`.
    static func byteCount(of folder: String, among names: some Sequence<String>) -> Int {
        names.reduce(0) { total, name in
            var info = stat()
            return lstat(folder + "/" + name, &info) == 0 ? total + Int(info.st_size) : total
        }
    }

    /// Bytes that the files below `folder` take.
    static func byteCount(of folder: String) -> Int {
        guard let directory = opendir(folder) else { return 0 }
        defer { closedir(directory) }
        var total = 0
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name != ".", name != ".." else { continue }
            var info = stat()
            guard lstat(folder + "/" + name, &info) == 0 else { continue }
            total += info.st_mode & S_IFMT == S_IFDIR ? byteCount(of: folder + "/" + name) : Int(info.st_size)
        }
        return total
    }
}
