import FieldProtocols
import GatewayModel

/// Downlinks that a gateway has been told to send and has not answered for.
struct DownlinkBook {
    private struct Entry {
        /// Nil: an acknowledgement alone.
        var command: String?
        var gateway: LoRaEUI
        var deadline: Int64
    }

    private var entries: [UInt16: Entry] = [:]
    private var nextToken: UInt16
    /// A gateway answers when it has queued the packet, at the latest when the window has passed.
    private static let patienceMilliseconds: Int64 = 5_000
    private static let countMax = 1_024

    init(firstToken: UInt16) { nextToken = firstToken }

    /// When the oldest is given up.
    var due: Int64? { entries.values.map(\.deadline).min() }

    /// Enters a downlink; the token that it bears. Nil if too many are under way.
    mutating func enter(command: String?, gateway: LoRaEUI, at now: Int64) -> UInt16? {
        guard entries.count < Self.countMax else { return nil }
        while entries[nextToken] != nil { nextToken &+= 1 }
        let token = nextToken
        nextToken &+= 1
        entries[token] = Entry(command: command, gateway: gateway, deadline: now + Self.patienceMilliseconds)
        return token
    }

    /// The answer of a gateway: it ends the command if it is the one that was asked.
    mutating func take(
        _ transmission: SemtechTransmission, token: UInt16, from gateway: LoRaEUI
    ) -> [LoRaSite.Action] {
        guard let entry = entries[token], entry.gateway == gateway else { return [] }
        entries[token] = nil
        guard let command = entry.command else { return [] }
        if let failure = transmission.failure {
            return [.report(id: command, .refused, result: "gateway \(gateway): \(failure)")]
        }
        let warning = transmission.warning.map { ", \($0)" } ?? ""
        return [.report(id: command, .acknowledged, result: "transmitted by \(gateway)\(warning)")]
    }

    /// Gives up what was not answered.
    mutating func tick(_ now: Int64) -> [LoRaSite.Action] {
        var actions: [LoRaSite.Action] = []
        for (token, entry) in entries where entry.deadline <= now {
            entries[token] = nil
            guard let command = entry.command else { continue }
            actions.append(.report(id: command, .refused, result: "gateway \(entry.gateway) does not answer"))
        }
        return actions
    }
}
