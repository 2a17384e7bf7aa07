internal import NATS

/// What is under way to one JetStream stream: how much may be, what each message expects to find before it, and what answers
/// prove. No I/O.
///
/// Each message is stored only at the sequence that follows the one before it, so no repeat can come about, whatever the
/// network and the cluster do with copies of earlier attempts. Where nobody else writes to the stream, the sequence that
/// each message will get is known, and many are under way at once; where others do, one a subject. The sequence expected
/// in a pipeline is the stream's and not the subject's, since a cluster compares the latter before what is under way is
/// stored (nats-server 2.9: `processClusteredInboundMsg`); with one writer they say the same.
///
/// An intruder in a stream that was taken to be ours can take a sequence that a message of ours was to get; the next one
/// then finds what it expects, and there is a hole. So after every failure all that is stored behind `settled` is read.
struct PublishChain {
    /// One subject.
    private struct Line {
        /// Records that wait or are under way.
        var held = 0
        /// The first of them that are under way.
        var underWay = 0
        /// The sequence of the last message that is stored.
        var last: UInt64 = 0
    }

    private struct Flight {
        var token: UInt
        var line: Int
        /// What it will get in a stream that is ours alone.
        var sequence: UInt64
        var byteCount: Int
        var sentAt: Int64
    }

    /// What an answer means.
    enum Step: Equatable {
        /// The first records of these lines are stored, so many each.
        case advanced([(line: Int, count: Int)])
        /// Of a message that is no longer waited for.
        case ignored
        /// What is stored is not known any more: it has to be read.
        case lost

        static func == (left: Step, right: Step) -> Bool {
            switch (left, right) {
            case (.ignored, .ignored), (.lost, .lost): true
            case (.advanced(let left), .advanced(let right)):
                left.elementsEqual(right) { $0.line == $1.line && $0.count == $1.count }
            default: false
            }
        }
    }

    /// Messages and bytes under way at most.
    let depthMax: Int
    let byteCountMax: Int
    private(set) var isExclusive = false
    private var lines: [Line]
    private var flights: [Flight] = []
    private var byteCount = 0
    /// The last sequence of the stream when all that is under way is stored.
    private var lastOfStream: UInt64 = 0
    /// Up to this sequence of the stream, what is stored of us has no holes; nil: nothing is known.
    private(set) var settled: UInt64?

    /// The lines are numbered by urgency.
    init(lineCount: Int, depthMax: Int = 512, byteCountMax: Int = 2 << 20) {
        lines = Array(repeating: Line(), count: lineCount)
        self.depthMax = depthMax
        self.byteCountMax = byteCountMax
    }

    var isEmpty: Bool { flights.isEmpty }
    var underWayCount: Int { flights.count }
    var oldestSentAt: Int64? { flights.first?.sentAt }
    var hasWaiting: Bool { lines.contains { $0.held > $0.underWay } }

    func underWay(_ line: Int) -> Int { lines[line].underWay }
    func held(_ line: Int) -> Int { lines[line].held }

    /// Begins anew from what is stored.
    ///
    /// - Parameters:
    ///   - lastOfSubjects: one a line, 0 where there is no message.
    ///   - isExclusive: whether nobody else writes to the stream.
    mutating func begin(lastOfStream: UInt64, lastOfSubjects: [UInt64], isExclusive: Bool) {
        forget()
        self.lastOfStream = lastOfStream
        self.isExclusive = isExclusive
        settled = lastOfStream
        for (line, last) in lastOfSubjects.enumerated() { lines[line].last = last }
    }

    /// Takes everything that is under way as unsent.
    mutating func forget() {
        flights.removeAll(keepingCapacity: true)
        byteCount = 0
        for line in lines.indices { lines[line].underWay = 0 }
    }

    /// More records wait at the end of the line.
    mutating func append(_ count: Int, to line: Int) { lines[line].held += count }

    /// The first `count` records of the line, none of them under way, are done with.
    mutating func drop(_ count: Int, of line: Int) {
        precondition(lines[line].underWay == 0, "what is under way is dropped by its answer")
        lines[line].held -= count
    }

    /// The most urgent line whose next record may be published now. Lines of which `isBlocked` says so are left out.
    func next(onlyOne: Bool, isBlocked: (Int) -> Bool = { _ in false }) -> Int? {
        guard flights.count < (onlyOne ? 1 : depthMax), byteCount < byteCountMax else { return nil }
        return lines.indices.first {
            lines[$0].held > lines[$0].underWay && (isExclusive || lines[$0].underWay == 0) && !isBlocked($0)
        }
    }

    /// What the next message of the line expects.
    func expectation(_ line: Int) -> PublishExpectation {
        guard isExclusive else { return PublishExpectation(lastOfSubject: lines[line].last) }
        return PublishExpectation(lastOfSubject: isEmpty ? lines[line].last : nil, lastOfStream: lastOfStream)
    }

    mutating func sent(_ line: Int, token: UInt, byteCount count: Int, at now: Int64) {
        lastOfStream += 1
        lines[line].underWay += 1
        byteCount += count
        flights.append(Flight(token: token, line: line, sequence: lastOfStream, byteCount: count, sentAt: now))
    }

    /// A message is stored. In a stream that is ours alone all that were sent before it are, too.
    mutating func stored(_ token: UInt, sequence: UInt64) -> Step {
        guard let index = flights.firstIndex(where: { $0.token == token }) else { return .ignored }
        if isExclusive {
            guard flights[index].sequence == sequence else { return .lost }
            let advanced = counted(flights[...index])
            settled = sequence
            finish(0...index)
            return .advanced(advanced)
        }
        let line = flights[index].line
        flights[index].sequence = sequence
        finish(index...index)
        return .advanced([(line, 1)])
    }

    /// The line of a message that was refused; nil if it is no longer waited for.
    func line(of token: UInt) -> Int? { flights.first { $0.token == token }?.line }

    /// Whether the message stands first in its line.
    func isFirst(_ token: UInt) -> Bool {
        guard let line = line(of: token) else { return false }
        return flights.first { $0.line == line }?.token == token
    }

    private func counted(_ flights: ArraySlice<Flight>) -> [(line: Int, count: Int)] {
        var counts: [(line: Int, count: Int)] = []
        for flight in flights {
            if let at = counts.firstIndex(where: { $0.line == flight.line }) {
                counts[at].count += 1
            } else {
                counts.append((flight.line, 1))
            }
        }
        return counts
    }

    private mutating func finish(_ range: ClosedRange<Int>) {
        for flight in flights[range] {
            lines[flight.line].held -= 1
            lines[flight.line].underWay -= 1
            lines[flight.line].last = flight.sequence
            byteCount -= flight.byteCount
        }
        flights.removeSubrange(range)
    }
}
