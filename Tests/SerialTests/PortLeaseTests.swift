import Synchronization
import Testing

@testable import Serial

@Suite struct PortLeaseTests {
    /// A driver that lets go as soon as it is asked, and writes down what it was told.
    private final class Owner: Sendable {
        let leases = PortLeases()
        let told = Mutex<[String]>([])

        func offer(_ path: String, lettingGo: Bool = true) {
            leases.offer(
                path,
                by: PortLeases.Owner(
                    letGo: {
                        self.told.withLock { $0.append("let go") }
                        if lettingGo { self.leases.released(path) }
                    }, takeBack: { self.told.withLock { $0.append("take back") } }))
        }

        var log: [String] { told.withLock { $0 } }
    }

    @Test func aPortIsLentToOneAtATimeAndGoesBackToItsDriver() async throws {
        let owner = Owner()
        owner.offer("/dev/a")
        let lease = try await owner.leases.borrow("/dev/a", for: "firmware")
        #expect(owner.leases.purpose(of: "/dev/a") == "firmware")
        await #expect(throws: SerialError.lent(path: "/dev/a", purpose: "firmware")) {
            try await owner.leases.borrow("/dev/a", for: "console")
        }
        lease.giveBack()
        lease.giveBack()
        #expect(owner.log == ["let go", "take back"])
        _ = try await owner.leases.borrow("/dev/a", for: "console")
    }

    @Test func aDroppedLeaseGoesBackToo() async throws {
        let owner = Owner()
        owner.offer("/dev/a")
        _ = try await owner.leases.borrow("/dev/a", for: "firmware")
        #expect(owner.log == ["let go", "take back"])
        #expect(owner.leases.purpose(of: "/dev/a") == nil)
    }

    @Test func aPortThatNobodyDrivesCannotBeBorrowed() async {
        await #expect(throws: SerialError.notOffered(path: "/dev/b")) {
            try await PortLeases().borrow("/dev/b", for: "firmware")
        }
    }

    @Test func aRevokedBorrowerIsToldAndKeepsThePortUntilItGivesItBack() async throws {
        let owner = Owner()
        owner.offer("/dev/a")
        let told = Atomic<Bool>(false)
        let lease = try await owner.leases.borrow("/dev/a", for: "firmware") { told.store(true, ordering: .relaxed) }
        #expect(owner.leases.revoke("/dev/a"))
        #expect(lease.isRevoked && told.load(ordering: .relaxed))
        #expect(owner.leases.purpose(of: "/dev/a") == "firmware")
        lease.giveBack()
        #expect(owner.leases.purpose(of: "/dev/a") == nil)
    }

    @Test func aCancelledBorrowerLeavesThePortWithItsDriver() async throws {
        let owner = Owner()
        owner.offer("/dev/a", lettingGo: false)
        let waiting = Task { try await owner.leases.borrow("/dev/a", for: "firmware") }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(owner.log == ["let go", "take back"])
        // The driver's late answer finds nobody waiting.
        owner.leases.released("/dev/a")
        #expect(owner.leases.purpose(of: "/dev/a") == nil)
    }

    @Test func withdrawingAPortRefusesWhoWaitsForIt() async throws {
        let owner = Owner()
        owner.leases.offer(
            "/dev/a",
            by: PortLeases.Owner(letGo: { owner.leases.withdraw("/dev/a") }, takeBack: {}))
        await #expect(throws: SerialError.notOffered(path: "/dev/a")) {
            try await owner.leases.borrow("/dev/a", for: "firmware")
        }
    }
}
