internal import JSONText

/// A destination of the gateway in a crash trial, seen from outside.
protocol CrashUpstream {
    /// The entries of `sync.destinations` for it; the first has its name.
    var sections: [String] { get }
    var name: String { get }
    /// Grows with everything that arrives.
    func arrivalCount() -> Int
    /// Enters what it has.
    func enter(into arrivals: inout CrashArrivals) throws
}

/// Which destinations the gateway has in a crash trial.
public enum CrashDestinations: String, CaseIterable, Sendable {
    /// The MAS alone.
    case mas
    /// One of every kind, with a real nats-server.
    case all

    func start() throws -> [any CrashUpstream] {
        switch self {
        case .mas: [try CrashMAS()]
        case .all:
            [
                try CrashMAS(), try CrashMINDEX(), try CrashMycorrhizae(), try CrashWebsite(), try CrashLake(),
                try CrashInflux(), try CrashHub(),
            ]
        }
    }
}

extension CrashTrial {
    static let metric = "crash.number"

    /// The number of a message by its envelope.
    static func number(inPack envelope: JSON?) -> Int? {
        number(envelope?["pack"]?.array?.first { $0["id"]?.string == metric })
    }

    /// The number of a message by its record as the pull side gives it.
    static func number(inRecord record: JSON) -> Int? {
        number(record["readings"]?.array?.first { $0["id"]?.string == metric })
    }

    private static func number(_ reading: JSON?) -> Int? { reading?["v"]?.double.flatMap { Int(exactly: $0) } }
}
