internal import GatewayModel

/// Gives each topic a number while it is remembered, and keeps which families may still read it: a message costs one
/// lookup of its topic, however many families there are.
///
/// Bounded: when there is no room for another topic all are forgotten, and numbered anew.
struct TopicNumbers {
    /// Topics that are remembered at a time.
    static let countMax = 32_768

    /// A number, and since when it has meant this topic.
    struct Number {
        var value: Int
        var age: UInt32
    }

    /// Families by their place in the order of asking.
    typealias Families = UInt32

    private var readers = FieldTable<Families>(countMax: countMax)
    /// How often all was forgotten.
    private var age: UInt32 = 0

    /// The number of `topic`, whose `PayloadHash` is `hash`.
    mutating func number(of topic: UnsafeBufferPointer<UInt8>, hash: UInt64) -> Number {
        if let known = readers.index(of: topic, hash: hash, context: 0) { return Number(value: known, age: age) }
        if readers.isFull {
            readers.forgetAll()
            age &+= 1
        }
        readers.remember(.max, of: topic, context: 0)
        return Number(value: readers.count - 1, age: age)
    }

    /// Those that have not said that the topic is none of theirs.
    func families(of number: Number) -> Families { readers[number.value] }

    /// A family has said that the topic is none of its.
    mutating func exclude(_ family: Int, from number: Number) { readers[number.value] &= ~(1 << Families(family)) }
}

/// What a family knows of topics, by their numbers, which are those of one decoder: a family is asked by no other.
struct TopicMemory<Meaning> {
    private var meanings: [Meaning?] = []
    private var age: UInt32 = 0

    /// Nil if nothing is known of the topic of `message`, or no longer.
    subscript(_ message: TopicMessage) -> Meaning? {
        get {
            guard let number = message.number, number.age == age, number.value < meanings.count else { return nil }
            return meanings[number.value]
        }
        set {
            guard let number = message.number else { return }
            if number.age != age {
                forgetAll()
                age = number.age
            }
            if number.value >= meanings.count {
                meanings.append(contentsOf: repeatElement(nil, count: number.value + 1 - meanings.count))
            }
            meanings[number.value] = newValue
        }
    }

    mutating func forgetAll() { meanings.removeAll() }
}
