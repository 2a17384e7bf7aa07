import NATS
import Testing

@testable import CloudSync

struct PublishChainTests {
    private func chain(_ held: [Int], isExclusive: Bool = true) -> PublishChain {
        var chain = PublishChain(lineCount: held.count, depthMax: 4)
        for (line, count) in held.enumerated() { chain.append(count, to: line) }
        chain.begin(lastOfStream: 10, lastOfSubjects: held.indices.map { UInt64(5 + $0) }, isExclusive: isExclusive)
        return chain
    }

    /// Publishes whatever may be; the lines and what was expected.
    private func publish(_ chain: inout PublishChain, onlyOne: Bool = false) -> [(line: Int, PublishExpectation)] {
        var made: [(line: Int, PublishExpectation)] = []
        while let line = chain.next(onlyOne: onlyOne) {
            made.append((line, chain.expectation(line)))
            chain.sent(line, token: UInt(100 + made.count), byteCount: 10, at: 1)
        }
        return made
    }

    @Test func inAStreamOfOurOwnEachMessageExpectsTheOneBeforeIt() {
        var chain = chain([1, 5])
        let made = publish(&chain)
        #expect(made.map(\.line) == [0, 1, 1, 1])
        #expect(
            made.map(\.1) == [
                .init(lastOfSubject: 5, lastOfStream: 10), .init(lastOfStream: 11), .init(lastOfStream: 12),
                .init(lastOfStream: 13),
            ])
    }

    @Test func inASharedStreamOneASubjectIsUnderWay() {
        var chain = chain([2, 2], isExclusive: false)
        #expect(publish(&chain).map(\.1) == [.init(lastOfSubject: 5), .init(lastOfSubject: 6)])
        #expect(chain.stored(102, sequence: 40) == .advanced([(line: 1, count: 1)]))
        #expect(publish(&chain).map(\.1) == [.init(lastOfSubject: 40)])
        #expect(chain.underWayCount == 2)
    }

    @Test func anAnswerProvesWhatWasSentBefore() {
        var chain = chain([1, 5])
        _ = publish(&chain)
        #expect(chain.stored(103, sequence: 13) == .advanced([(line: 0, count: 1), (line: 1, count: 2)]))
        #expect(chain.stored(101, sequence: 11) == .ignored)
        #expect(chain.held(1) == 3)
        #expect(chain.underWay(1) == 1)
    }

    @Test func anotherSequenceThanExpectedMeansThatWeKnowNothing() {
        var chain = chain([2])
        _ = publish(&chain)
        #expect(chain.stored(101, sequence: 12) == .lost)
    }

    @Test func whatIsForgottenIsSentAgainAndItsAnswersAreIgnored() {
        var chain = chain([2])
        #expect(publish(&chain).count == 2)
        chain.forget()
        #expect(chain.stored(101, sequence: 11) == .ignored)
        #expect(chain.held(0) == 2)
        #expect(chain.isEmpty)
    }

    @Test func depthAndBytesAreBounded() {
        var chain = PublishChain(lineCount: 1, depthMax: 100, byteCountMax: 30)
        chain.append(50, to: 0)
        chain.begin(lastOfStream: 0, lastOfSubjects: [0], isExclusive: true)
        #expect(publish(&chain).count == 3)
        var probing = self.chain([4])
        #expect(publish(&probing, onlyOne: true).count == 1)
    }
}
