/// What came out at one destination, put together by the numbers of the messages.
struct CrashArrivals {
    /// The name under which the destination has each message first.
    private var names: [String?]
    private var doubled: Set<Int> = []
    /// Repeats that the destination got, by what they were.
    var repeats = 0
    var differing = 0

    init(messages: Int) { names = Array(repeating: nil, count: messages) }

    /// The destination has a message; `name`: what it knows it by.
    mutating func note(_ number: Int, as name: String) {
        // A number that was never published is seen as a message that is missing.
        guard names.indices.contains(number) else { return }
        if let known = names[number], known != name { doubled.insert(number) }
        if names[number] == nil { names[number] = name }
    }

    func tally(_ destination: String, acknowledged: [Int]) -> CrashTally {
        CrashTally(
            destination: destination, messages: names.count { $0 != nil },
            lost: acknowledged.filter { names[$0] == nil }.sorted(), doubled: doubled.sorted(), repeats: repeats,
            differing: differing)
    }
}

/// The verdict on one destination.
public struct CrashTally: Sendable, Equatable {
    /// As the configuration names it.
    public var destination: String
    /// Messages that it has.
    public var messages: Int
    /// Numbers of messages that were acknowledged to their source, and that it does not have.
    public var lost: [Int]
    /// Numbers of messages that it has twice.
    public var doubled: [Int]
    /// Requests or records that came again unchanged, because their answer was lost with the daemon.
    public var repeats: Int
    /// Those that came again with another content: must stay 0.
    public var differing: Int

    /// Nothing lost, nothing doubled.
    public var isClean: Bool { lost.isEmpty && doubled.isEmpty && differing == 0 }
}
