public import Fleet
public import GatewayModel
internal import Crypto
public import SQLite

/// Takes commands that a server offers, each once however often it is offered, and keeps what came of it until the server
/// was told.
///
/// Durable in `state.db`: the id is remembered before the command enters the gateway's own queue, under an id that is derived
/// from the server's, so that a crash at any point neither loses it nor does it twice.
public final class DownlinkMemory: Sendable {
    /// What became of an offer.
    public enum Offer: Sendable, Equatable {
        /// Remembered and put into the queue of the device.
        case taken
        /// Offered before: nothing is done.
        case known
        /// No room to remember it, so it must not be done.
        case full
    }

    /// The table in `state.db`.
    public static let migrations = [DownlinkTable.migration]
    /// Commands remembered of one server. Only those that it cannot offer again make room.
    public static let rowsMax: Int64 = 10_000
    /// Times that telling the server of one command is tried.
    public static let attemptsMax = 8
    /// How long after its expiry a command is safe from being offered by a server whose clock goes differently.
    static let expiryGrace: Int64 = 86_400_000
    /// The lifetime of a command whose server gives none, and of one under a clock that cannot be trusted.
    static let lifetimeDefault: Int64 = 3_600_000

    private let database: Database
    private let source: String
    private let commands: CommandQueue
    private let audit: @Sendable (Note) throws -> Void
    private let origin: String
    private let principal: String
    private let mayRepeat: Bool
    private let lifetimeMax: Int64
    private let rowsMax: Int64

    /// - Parameters:
    ///   - source: the destination's name.
    ///   - origin: who is shown to have asked.
    ///   - principal: who the audit says has asked.
    ///   - mayRepeat: whether the same command may come over another way too, with the same origin.
    ///   - lifetimeMax: how long a command may wait for its device at most, whatever the server says.
    ///   - audit: enters a note durably; what cannot be audited is not done.
    public init(
        database: Database, source: String, commands: CommandQueue, origin: String, principal: String,
        mayRepeat: Bool = false, lifetimeMax: Duration = .seconds(86_400), rowsMax: Int64 = DownlinkMemory.rowsMax,
        audit: @escaping @Sendable (Note) throws -> Void
    ) {
        self.database = database
        self.source = source
        self.commands = commands
        self.origin = origin
        self.principal = principal
        self.mayRepeat = mayRepeat
        self.lifetimeMax = lifetimeMax.milliseconds
        self.rowsMax = rowsMax
        self.audit = audit
    }

    /// Takes a command. Durable on return, done or refused at the latest when the store is next looked at.
    public func offer(_ command: RemoteCommand, now: ReceiveTime) throws -> Offer {
        let isEmergency = command.name == "estop"
        let offer = try database.write { connection throws(SQLiteError) -> Offer in
            if try DownlinkTable.state(source, command.id, connection) != nil { return .known }
            let count = try DownlinkTable.count(source, connection)
            if count >= rowsMax {
                try DownlinkTable.forget(
                    source, count: count - rowsMax + 1,
                    expiredBefore: now.wall.trusted ? now.wall.milliseconds - Self.expiryGrace : nil, connection)
                // An emergency stop is never turned away.
                if try DownlinkTable.count(source, connection) >= rowsMax, !isEmergency { return .full }
            }
            try DownlinkTable.insert(source, command, now: now.wall.milliseconds, connection)
            return .taken
        }
        if offer == .taken { try submit(command, now) }
        return offer
    }

    /// Remembers a command that the gateway will not do, with what the server shall be told.
    public func refuse(_ command: RemoteCommand, reason: String, now: ReceiveTime) throws {
        try database.write { connection throws(SQLiteError) in
            guard try DownlinkTable.state(source, command.id, connection) == nil else { return }
            try DownlinkTable.insert(source, command, now: now.wall.milliseconds, connection)
            try DownlinkTable.answer(source, command.id, isSuccess: false, message: reason, connection)
        }
    }

    /// Brings everything as far as it can get: puts into the queue what a crash kept from it, and takes down what devices have
    /// answered. Then the answers that the server is to be told, oldest first.
    public func answers(now: ReceiveTime, limit: Int = 32) throws -> [RemoteAnswer] {
        for row in try rows(.taken, limit: 100) { try resume(row.command, now) }
        for row in try rows(.submitted, limit: Int(rowsMax)) { try settle(row.command) }
        return try rows(.answered, limit: limit).map { row in
            RemoteAnswer(
                id: row.command.id, device: row.command.device, isSuccess: row.isSuccess, message: row.message,
                attempts: row.attempts)
        }
    }

    /// Whether something is under way that `answers` would look at.
    public func isIdle() throws -> Bool {
        try DownlinkTable.State.open.allSatisfy { try rows($0, limit: 1).isEmpty }
    }

    /// The server knows, or will never know, of the answer.
    public func told(_ id: String) throws { try move(id, .told) }

    /// Telling the server failed: tried again until `attemptsMax`. False if it is given up now.
    public func failed(_ id: String, attempts: Int) throws -> Bool {
        try database.write { connection throws(SQLiteError) in
            try DownlinkTable.attempted(source, id, connection)
            guard attempts + 1 >= Self.attemptsMax else { return true }
            try DownlinkTable.move(source, id, to: .givenUp, connection)
            return false
        }
    }

    /// The id of the command in the gateway's own queue.
    public func localID(of id: String) -> String {
        UUIDText.v5(namespace: UUIDText.recordNamespace, name: "downlink/\(source)/\(id)") ?? id
    }

    private func submit(_ command: RemoteCommand, _ now: ReceiveTime) throws {
        let local = localID(of: command.id)
        guard try commands.command(local) == nil else { return try move(command.id, .submitted) }
        let note = Note(
            .audit, kind: "command_submitted", device: command.device,
            body: CommandAudit.body(command, local: local, principal: principal), received: now)
        try audit(note)
        switch enqueue(command, local, now) {
        // If it came over another way before, that one is answered.
        case .success(let accepted): try move(command.id, accepted.id == local ? .submitted : .told)
        case .failure(.store(let cause)): throw cause
        case .failure(let refusal): try end(command.id, isSuccess: false, message: refusal.description)
        }
    }

    private func enqueue(
        _ command: RemoteCommand, _ local: String, _ now: ReceiveTime
    ) -> Result<DeviceCommand, CommandRefusal> {
        do throws(CommandRefusal) {
            return .success(
                try commands.submit(
                    id: local, device: command.device, name: command.name, params: command.params, origin: origin,
                    now: now, lifetime: .milliseconds(lifetime(command, now)), mayRepeat: mayRepeat))
        } catch {
            return .failure(error)
        }
    }

    /// After a crash or a failing store. A command that may also come over another way may have been done already as that
    /// one: it is not tried again.
    private func resume(_ command: RemoteCommand, _ now: ReceiveTime) throws {
        guard mayRepeat, try commands.command(localID(of: command.id)) == nil else { return try submit(command, now) }
        try end(command.id, isSuccess: false, message: "interrupted before it was passed on")
    }

    private func settle(_ command: RemoteCommand) throws {
        guard let local = try commands.command(localID(of: command.id)) else {
            return try end(command.id, isSuccess: false, message: "the gateway no longer knows what came of it")
        }
        guard local.state.isFinal else { return }
        let message = local.result ?? local.state.rawValue
        try end(command.id, isSuccess: local.state == .acknowledged, message: message)
    }

    private func lifetime(_ command: RemoteCommand, _ now: ReceiveTime) -> Int64 {
        guard let expires = command.expires, now.wall.trusted else { return min(Self.lifetimeDefault, lifetimeMax) }
        return max(1_000, min(expires - now.wall.milliseconds, lifetimeMax))
    }

    private func rows(_ state: DownlinkTable.State, limit: Int) throws(SQLiteError) -> [DownlinkTable.Row] {
        try database.read { connection throws(SQLiteError) in
            try DownlinkTable.rows(source, in: state, limit: limit, connection)
        }
    }

    private func move(_ id: String, _ state: DownlinkTable.State) throws(SQLiteError) {
        try database.write { connection throws(SQLiteError) in
            try DownlinkTable.move(source, id, to: state, connection)
        }
    }

    private func end(_ id: String, isSuccess: Bool, message: String) throws(SQLiteError) {
        try database.write { connection throws(SQLiteError) in
            try DownlinkTable.answer(source, id, isSuccess: isSuccess, message: message, connection)
        }
    }
}
