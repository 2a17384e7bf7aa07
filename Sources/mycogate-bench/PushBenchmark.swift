import CCurl
import GatewayTestKit
import Glibc

/// Envelopes to a stand-in MAS against a bare libcurl loop of equal parallelism with bodies of equal size.
enum PushBenchmark {
    static let recordCount = 60_000
    static let parallelism = 8
    /// Pairs of runs: now and then one is off by a tenth.
    static let pairCount = 7
    static let benchmark = Benchmark(name: "push") {
        var ratios: [Double] = []
        var own: [Double] = []
        var bare: [Double] = []
        for _ in 0..<pairCount {
            let (rate, bodySize) = try gateway()
            let peer = try BareLoop.run(count: recordCount, bodySize: bodySize, parallelism: parallelism)
            ratios.append(rate / peer)
            own.append(rate)
            bare.append(peer)
        }
        let ratio = Measure.median(ratios)
        return [
            BenchResult(
                figure: "\(Measure.text(ratio)) × bare libcurl", budget: "≥ 0.8",
                detail: "gateway \(Measure.text(Measure.median(own), digits: 0))/s, bare "
                    + "\(Measure.text(Measure.median(bare), digits: 0))/s, parallelism \(parallelism), "
                    + "medians of \(pairCount) pairs",
                isKept: ratio >= 0.8)
        ]
    }

    /// Envelopes a second from the first to the last that the MAS accepted, and the size of one.
    private static func gateway() throws -> (rate: Double, bodySize: Int) {
        let mas = try StandInMAS()
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                sync: {destinations: [{name: mas, kind: mas, url: "\(mas.url)", parallelism: \(parallelism)}]}
                """)
        try Prefill.readings(recordCount, dataDirectory: gateway.dataDirectory)
        try gateway.launch()
        guard mas.wait(until: { $0.accepted > 0 }) else { throw BenchError("no envelope came: \(gateway.log)") }
        let first = mas.withLedger { $0.accepted }
        let start = Measure.seconds()
        guard mas.wait(limit: .seconds(120), until: { $0.deliveries.count >= recordCount }) else {
            throw BenchError("\(mas.withLedger { $0.deliveries.count }) of \(recordCount) envelopes came")
        }
        let rate = Double(recordCount - first) / (Measure.seconds() - start)
        gateway.stop()
        return (rate, mas.withLedger { $0.deliveries.values.first?.envelope.count ?? 0 })
    }
}

/// What libcurl alone can do: a multi handle, keep-alive, nothing read, nothing stored. Each message has an id of its own,
/// so that the stand-in has the same work as with the gateway.
private enum BareLoop {
    static func run(count: Int, bodySize: Int, parallelism: Int) throws -> Double {
        let mas = try StandInMAS()
        let url = mas.url + "/api/iot/envelope/ingest"
        let head =
            #"{"envelope":{"hdr":{"deviceId":"bench","msgId":"00000000-0000-4000-8000-000000000000"},"seq":1,"pad":""#
        let body = head + String(repeating: "x", count: max(0, bodySize - head.utf8.count - 3)) + "\"}}"
        let headers = curl_slist_append(nil, "Content-Type: application/json")
        defer { curl_slist_free_all(headers) }
        guard let multi = curl_multi_init() else { throw BenchError("libcurl cannot start") }
        defer { _ = curl_multi_cleanup(multi) }
        // One body a handle, whose id is counted up in place.
        let idAt = head.utf8.count - #"00000000-0000-4000-8000-000000000000"},"seq":1,"pad":""#.utf8.count
        var bodies: [UnsafeMutablePointer<UInt8>] = []
        defer { for bytes in bodies { bytes.deallocate() } }
        let sink: ccurl_sink = { _, size, count, _ in size * count }
        for _ in 0..<parallelism {
            guard let easy = curl_easy_init() else { throw BenchError("libcurl cannot start") }
            _ = ccurl_set_text(easy, CURLOPT_URL, url)
            _ = ccurl_set_list(easy, CURLOPT_HTTPHEADER, headers)
            let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: body.utf8.count)
            bodies.append(bytes)
            bytes.initialize(from: Array(body.utf8), count: body.utf8.count)
            number(bytes + idAt, bodies.count)
            _ = ccurl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.utf8.count))
            _ = ccurl_set_pointer(easy, CURLOPT_POSTFIELDS, bytes)
            _ = ccurl_set_pointer(easy, CURLOPT_PRIVATE, bytes)
            _ = ccurl_set_body_sink(easy, sink, nil)
            _ = curl_multi_add_handle(multi, easy)
        }
        let start = Measure.seconds()
        var begun = parallelism
        var done = 0
        while done < count {
            var running: Int32 = 0
            _ = curl_multi_perform(multi, &running)
            var left: Int32 = 0
            while let message = curl_multi_info_read(multi, &left) {
                let easy = message.pointee.easy_handle
                done += 1
                _ = curl_multi_remove_handle(multi, easy)
                var bytes: UnsafeMutableRawPointer?
                _ = ccurl_get_pointer(easy, CURLINFO_PRIVATE, &bytes)
                if begun < count {
                    begun += 1
                    if let bytes { number(bytes.assumingMemoryBound(to: UInt8.self) + idAt, begun) }
                    _ = curl_multi_add_handle(multi, easy)
                } else {
                    curl_easy_cleanup(easy)
                }
            }
            if done < count { _ = curl_multi_poll(multi, nil, 0, 100, nil) }
        }
        let rate = Double(count) / (Measure.seconds() - start)
        let accepted = mas.withLedger { $0.deliveries.count }
        guard accepted == count else { throw BenchError("\(accepted) of \(count) of the bare loop were accepted") }
        return rate
    }

    /// Writes `number` as the first eight digits of an id.
    private static func number(_ id: UnsafeMutablePointer<UInt8>, _ number: Int) {
        for place in 0..<8 { id[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number >> (3 * place) & 7) }
    }
}
