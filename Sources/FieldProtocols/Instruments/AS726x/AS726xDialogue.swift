/// Brings the lines of a sensor together with the questions that were asked, one at a time.
///
/// A sensor has no numbers for its answers: a line belongs to the one question under way, so that after a timeout lines are
/// dropped until the next question.
public struct AS726xDialogue: Sendable {
    /// What an answer meant.
    public enum Answer: Sendable, Equatable {
        /// Bare `OK`.
        case done
        /// Numbers, as `numbers` of the dialogue holds them.
        case values
        /// Something that is no list of numbers, such as a version.
        case text(String)
        case refused
    }

    /// What waits for an answer.
    public private(set) var question: AS726xCommand?
    /// Those of the last answer with values.
    public private(set) var numbers: [Double] = []

    public init() {}

    /// Takes the question as asked; what an earlier one still waits for is given up.
    public mutating func ask(_ question: AS726xCommand) { self.question = question }

    /// Nobody waits any more.
    public mutating func giveUp() { question = nil }

    /// Reads a line, without its end, as the answer to the question.
    public mutating func answer(
        _ line: UnsafeRawBufferPointer
    ) throws(AS726xReply.Failure) -> (AS726xCommand, Answer) {
        let reply = try AS726xReply(line)
        guard let asked = question else { throw .unexpectedReply }
        let answer: Answer
        switch reply {
        case .error: answer = asked.answersErrorAnyway ? .done : .refused
        case .ok(let range) where range.isEmpty: answer = .done
        case .ok(let range): answer = try read(UnsafeRawBufferPointer(rebasing: line[range]), asked)
        }
        question = nil
        return (asked, answer)
    }

    private mutating func read(
        _ value: UnsafeRawBufferPointer, _ asked: AS726xCommand
    ) throws(AS726xReply.Failure) -> Answer {
        if asked == .softwareVersion { return .text(String(decoding: value, as: UTF8.self)) }
        do throws(AS726xReply.Failure) {
            try AS726xReply.numbers(value, into: &numbers)
        } catch {
            // What a version is like is not said anywhere; some are bare hexadecimal digits.
            guard asked == .hardwareVersion else { throw error }
            let text = String(decoding: value, as: UTF8.self)
            guard let version = UInt32(text, radix: 16) else { return .text(text) }
            numbers = [Double(version)]
        }
        return .values
    }
}
