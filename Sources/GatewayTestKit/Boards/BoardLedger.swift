/// Every telemetry message a board numbered, and what became of it on the board's side of the cable.
///
/// Kept outside of the gateway, to judge it by.
public struct BoardLedger: Sendable {
    /// What the board knows of one message.
    public enum Fate: Sendable, Equatable {
        /// Written whole while somebody had the port open.
        case sent
        /// Made while nobody had the port open.
        case unheard
        /// Numbered and never written, or damaged on the wire.
        case dropped, corrupted
    }

    /// One message. `boot` counts the starts of the board from 1.
    public struct Entry: Sendable, Equatable {
        public var boot: Int
        public var seq: UInt32?
        public var fate: Fate
    }

    /// In the order in which they were made.
    public private(set) var entries: [Entry] = []
    /// Starts of the board so far.
    public private(set) var boots = 0

    /// Messages of a fate.
    public func count(of fate: Fate) -> Int { entries.count { $0.fate == fate } }

    /// The numbers of a fate within one boot.
    public func numbers(of fate: Fate, boot: Int) -> [UInt32] {
        entries.compactMap { $0.boot == boot && $0.fate == fate ? $0.seq : nil }
    }

    mutating func begin() { boots += 1 }

    mutating func record(_ kind: BoardOutput.Kind, isHeard: Bool) {
        switch kind {
        case .talk: break
        case .telemetry(let seq): entries.append(Entry(boot: boots, seq: seq, fate: isHeard ? .sent : .unheard))
        case .dropped(let seq): entries.append(Entry(boot: boots, seq: seq, fate: isHeard ? .dropped : .unheard))
        case .corrupted(let seq): entries.append(Entry(boot: boots, seq: seq, fate: isHeard ? .corrupted : .unheard))
        }
    }
}
