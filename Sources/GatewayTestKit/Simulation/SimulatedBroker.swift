/// A broker with one persistent session: QoS 1, a receive maximum, redelivery in the first order after a connection broke.
struct SimulatedBroker {
    /// `isRepeated`: it was sent over an earlier connection too (DUP).
    typealias Packet = (id: Int, message: Int, isRepeated: Bool)

    let receiveMaximum: Int
    /// Counts connections; nil while there is none.
    private(set) var connection: Int?
    private var connections = 0
    private var hasSession = false
    private var waiting: [Int] = []
    private var underWay: [Packet] = []
    private var packets = 0
    /// What has been written to the connection and not been read.
    private(set) var socket: [Packet] = []

    init(receiveMaximum: Int) { self.receiveMaximum = receiveMaximum }

    var isEmpty: Bool { waiting.isEmpty && underWay.isEmpty }

    /// Takes a message of a device; false if nobody has subscribed, so that it is gone.
    mutating func publish(_ message: Int) -> Bool {
        guard hasSession else { return false }
        waiting.append(message)
        fill()
        return true
    }

    /// The gateway has connected without a clean start; whether its session was still there.
    mutating func connect() -> Bool {
        let resumed = hasSession
        hasSession = true
        connections += 1
        connection = connections
        socket = underWay.map { ($0.id, $0.message, true) }
        fill()
        return resumed
    }

    mutating func disconnect() {
        connection = nil
        socket = []
    }

    /// Restarts without its memory.
    ///
    /// - Returns: the messages that are gone.
    mutating func forget() -> [Int] {
        let gone = underWay.map(\.message) + waiting
        disconnect()
        hasSession = false
        waiting = []
        underWay = []
        return gone
    }

    /// Reads from the connection, at most `limit`.
    mutating func read(_ limit: Int) -> [Packet] {
        let read = Array(socket.prefix(limit))
        socket.removeFirst(read.count)
        return read
    }

    /// The messages that were acknowledged with this.
    mutating func acknowledge(_ ids: [Int], on connection: Int) -> [Int] {
        guard connection == self.connection else { return [] }
        let known = Set(ids)
        let done = underWay.filter { known.contains($0.id) }.map(\.message)
        underWay.removeAll { known.contains($0.id) }
        fill()
        return done
    }

    private mutating func fill() {
        guard connection != nil else { return }
        while underWay.count < receiveMaximum, !waiting.isEmpty {
            packets += 1
            let packet = (packets, waiting.removeFirst(), false)
            underWay.append(packet)
            socket.append(packet)
        }
    }
}
