import EventLoop
import FieldProtocols
import HTTPServer
import Synchronization

/// A station's connection.
struct StationConnection: Sendable {
    let number: UInt64
    let eui: LoRaEUI
    let address: String
    let socket: WebSocket
}

/// Where the thread of the stations' connections and that of LoRa meet: the one leaves who has something to say, the
/// other asks them for it, so that a flood of one station waits in its own connection.
final class StationDesk: Sendable {
    /// One who was not let in.
    struct Stranger {
        /// Nil: it did not even say who it is.
        var eui: LoRaEUI?
        var address: String
    }

    private struct State {
        var ready: [UInt64: StationConnection] = [:]
        var strangers: [Stranger] = []
        var lastNumber: UInt64 = 0
    }

    private let state = Mutex(State())
    private let wakeup: Wakeup
    private static let strangerCountMax = 64

    init(wakeup: Wakeup) { self.wakeup = wakeup }

    /// A number for a connection to come.
    func nextNumber() -> UInt64 {
        state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
    }

    /// The station has connected, said something or left.
    func isReady(_ connection: StationConnection) {
        state.withLock { $0.ready[connection.number] = connection }
        wakeup.wake()
    }

    /// Somebody was not let in. Beyond what can be told of at once they are not counted one by one.
    func turnedAway(_ stranger: Stranger) {
        state.withLock { if $0.strangers.count < Self.strangerCountMax { $0.strangers.append(stranger) } }
        wakeup.wake()
    }

    /// Those who have something to say, in the order in which they connected.
    func takeReady() -> [StationConnection] {
        state.withLock { state in
            defer { state.ready.removeAll(keepingCapacity: true) }
            return state.ready.values.sorted { $0.number < $1.number }
        }
    }

    func takeStrangers() -> [Stranger] {
        state.withLock { state in
            defer { state.strangers = [] }
            return state.strangers
        }
    }
}
