import GatewayTestKit
import Testing

@testable import NATS

/// Publishing to a real server and asking it.
@Suite(.serialized)
struct JetStreamTests {
    private let server: NATSServerProcess
    private let rig: NATSRig

    init() throws {
        server = try NATSServerProcess()
        rig = try NATSRig(server.url)
        _ = try rig.connection.create(StreamPlan(name: "SITE", subjects: ["site.>"]))
    }

    @Test func anAnswerNamesTheSequenceAndTheMessageItIsFor() throws {
        let first = try rig.publish("a", id: "1", .init(lastOfSubject: 0, lastOfStream: 0))
        let second = try rig.publish("b", id: "2", .init(lastOfSubject: 1, lastOfStream: 1))
        #expect(rig.wait(for: 2))
        #expect(
            rig.seen == [
                .stored(token: first, sequence: 1, isDuplicate: false),
                .stored(token: second, sequence: 2, isDuplicate: false),
            ])
        let last = try #require(try rig.connection.lastMessage(of: "site.readings", in: "SITE"))
        #expect(
            last == StoredMessage(subject: "site.readings", sequence: 2, id: "2", body: Array("b".utf8)))
        #expect(try rig.connection.message(1, in: "SITE")?.id == "1")
    }

    @Test(arguments: [
        PublishExpectation(lastOfSubject: 0), PublishExpectation(lastOfSubject: 7), PublishExpectation(lastOfStream: 0),
    ])
    func aMessageThatExpectsAnotherLastSequenceIsRefused(expectation: PublishExpectation) throws {
        _ = try rig.publish("a", id: "1")
        let token = try rig.publish("b", id: "2", expectation)
        #expect(rig.wait(for: 2))
        guard case .refused(token, code: 10_071, let text) = rig.seen.last else {
            Issue.record("\(rig.seen)")
            return
        }
        #expect(text.contains("wrong last sequence"))
        #expect(try rig.connection.stream("SITE")?.lastSequence == 1)
    }

    @Test func anIdWithinTheWindowIsTakenOnceAndSaidToBeADuplicate() throws {
        let token = try rig.publish("a", id: "same")
        let again = try rig.publish("a", id: "same")
        #expect(rig.wait(for: 2))
        #expect(
            rig.seen == [
                .stored(token: token, sequence: 1, isDuplicate: false),
                .stored(token: again, sequence: 1, isDuplicate: true),
            ])
    }

    @Test func whatIsNotThereIsNil() throws {
        #expect(try rig.connection.stream("OTHER") == nil)
        #expect(try rig.connection.lastMessage(of: "site.readings", in: "SITE") == nil)
        #expect(try rig.connection.message(9, in: "SITE") == nil)
    }

    @Test func aSubjectThatNoStreamTakesIsRefused() throws {
        let token = try rig.publish("a", to: "nobody.listens", id: "1")
        #expect(rig.wait(for: 1))
        #expect(rig.seen == [.refused(token: token, code: 0, text: NATSError.noResponders.detail)])
    }

    @Test func aMessageBeyondTheServersLimitIsRefusedHere() throws {
        let text = String(repeating: "x", count: rig.connection.messageSizeMax + 1)
        #expect(throws: NATSError.tooLarge(limit: rig.connection.messageSizeMax)) {
            _ = try rig.publish(text, id: "1")
        }
    }

    @Test func aFullStreamRefusesWhatIsNew() throws {
        var plan = StreamPlan(name: "SMALL", subjects: ["small"])
        plan.messagesMax = 1
        let made = try rig.connection.create(plan)
        #expect(made.subjects == ["small"])
        _ = try rig.publish("a", to: "small", id: "1")
        let token = try rig.publish("b", to: "small", id: "2")
        #expect(rig.wait(for: 2))
        #expect(rig.seen.last == .refused(token: token, code: 10_077, text: "maximum messages exceeded"))
    }
}
