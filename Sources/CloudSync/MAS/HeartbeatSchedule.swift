internal import GatewayModel
internal import EventLoop

/// Whose heartbeat is due: each device once a period, a new one at once, and all of them when the MAS has forgotten one.
///
/// Pure: times are milliseconds of the monotonic clock.
package struct HeartbeatSchedule {
    package enum Answer: Equatable {
        /// `isNew`: the MAS did not know the device (`registered`).
        case accepted(isNew: Bool)
        /// The MAS will not have this device as it is: 400, 413, 422.
        case refused(String)
        /// Nothing can be told to the MAS now. `retryAfter` in milliseconds, if it said.
        case failed(retryAfter: Int64?)
    }

    private struct Member {
        var dueAt: Int64
        var acceptedAt: Int64?
        var isUnderWay = false
        var refusal: String?
        /// Changes when what would be told changes.
        var version: Int
        var isListed = true
    }

    /// The MAS takes a device for stale after 60 s and removes it after 120 s (reference, section 6.1).
    static let periodExempt: Int64 = 30_000
    static let periodPaced: Int64 = 90_000
    /// A device that is unknown although it was accepted this recently was forgotten by a restart, not by age.
    static let removalAge: Int64 = 110_000
    /// The share of the request budget that heartbeats may use.
    static let budgetShare = (numerator: Int64(3), denominator: Int64(4))
    static let underWayMax = 4

    private let isPaced: Bool
    private var members: [String: Member] = [:]
    /// Round-robin among those due at once.
    private var order: [String] = []
    private var pausedUntil = Int64.min
    private var backoff = Backoff(initial: .seconds(1), max: .seconds(60))
    private var random: SplitMix64
    private var forgottenAt = Int64.min
    private var underWay = 0
    /// Times that the MAS was seen to have restarted.
    private(set) var restartsSeen = 0
    /// Grows with every change of what `acceptedCount`, `refusals` and `period` give: they go through all devices.
    private(set) var changes = 0
    /// The earliest time at which a device is due: no device is looked at before.
    private var dueAt = Int64.max

    package init(isPaced: Bool, seed: UInt64) {
        self.isPaced = isPaced
        random = SplitMix64(seed: seed)
    }

    /// The period, stretched so that heartbeats leave a share of the request budget to envelopes.
    var period: Int64 {
        guard isPaced else { return Self.periodExempt }
        let share = Self.budgetShare
        let stretched = Int64(members.count) * RequestBudget.refillMilliseconds * share.denominator / share.numerator
        return max(Self.periodPaced, stretched)
    }

    var acceptedCount: Int { members.values.count { $0.acceptedAt != nil && $0.refusal == nil } }
    var refusals: [String: String] { members.compactMapValues(\.refusal) }

    /// Takes the devices there are now; `version` changes with what would be told about them.
    package mutating func list(_ listed: [(id: String, version: Int)], now: Int64) {
        for id in order { members[id]?.isListed = false }
        for (id, version) in listed {
            if members[id] == nil {
                members[id] = Member(dueAt: now, version: version)
                order.append(id)
            } else if members[id]?.version != version {
                members[id]?.version = version
                members[id]?.dueAt = now
            }
            members[id]?.isListed = true
        }
        order.removeAll { id in
            guard let member = members[id], !member.isListed, !member.isUnderWay else { return false }
            members[id] = nil
            return true
        }
        changed()
    }

    /// The device whose heartbeat is to be sent now; it is then under way until `answered`.
    package mutating func next(now: Int64) -> String? {
        guard now >= dueAt, now >= pausedUntil, underWay < Self.underWayMax else { return nil }
        guard let index = order.firstIndex(where: { isDue($0, now) }) else { return nil }
        let id = order.remove(at: index)
        order.append(id)
        members[id]?.isUnderWay = true
        underWay += 1
        changed()
        return id
    }

    /// When `next` will have something, nil if only after an answer.
    package var deadline: Int64? {
        underWay < Self.underWayMax && dueAt < .max ? max(dueAt, pausedUntil) : nil
    }

    package mutating func answered(_ id: String, _ answer: Answer, now: Int64) {
        guard var member = members[id], member.isUnderWay else { return }
        defer { changed() }
        underWay -= 1
        member.isUnderWay = false
        member.dueAt = now + period
        let acceptedBefore = member.acceptedAt
        switch answer {
        case .accepted(let isNew):
            member.acceptedAt = now
            member.refusal = nil
            members[id] = member
            backoff.succeeded(now: now)
            if isNew, let before = acceptedBefore, before > forgottenAt, now - before < Self.removalAge {
                announceAll(now)
            }
        case .refused(let reason):
            member.refusal = reason
            members[id] = member
        case .failed(let retryAfter):
            member.dueAt = now
            members[id] = member
            pause(retryAfter, now)
        }
    }

    /// Nothing is sent before the time the MAS named.
    mutating func pause(_ retryAfter: Int64?, _ now: Int64) {
        guard now >= pausedUntil || retryAfter != nil else { return }
        let delay = retryAfter ?? max(250, backoff.failed(now: now, using: &random).milliseconds)
        pausedUntil = max(pausedUntil, now + delay)
    }

    /// Somebody wants everything tried now.
    mutating func flush(now: Int64) { pausedUntil = min(pausedUntil, now) }

    /// Somebody wants everything told now.
    mutating func announceAgain(now: Int64) {
        for id in order where members[id]?.isUnderWay == false { members[id]?.dueAt = now }
        changed()
    }

    private mutating func announceAll(_ now: Int64) {
        forgottenAt = now
        restartsSeen += 1
        for id in order where members[id]?.isUnderWay == false && (members[id]?.acceptedAt ?? .min) < now {
            members[id]?.dueAt = now
        }
    }

    private mutating func changed() {
        changes += 1
        dueAt = .max
        for member in members.values where !member.isUnderWay && member.isListed { dueAt = min(dueAt, member.dueAt) }
    }

    private func isDue(_ id: String, _ now: Int64) -> Bool {
        guard let member = members[id] else { return false }
        return !member.isUnderWay && member.isListed && member.dueAt <= now
    }
}
