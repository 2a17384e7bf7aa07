import Testing

@testable import Gateway

struct BuildIdentityTests {
    private let commit = [UInt8](repeating: 0xA5, count: 20)

    @Test func theCommitIsReadFromOurBuildIDsOnly() {
        let mark = Array("MYCG".utf8)
        #expect(BuildIdentity.commit(buildID: mark + commit + [0]) == String(repeating: "a5", count: 20))
        #expect(BuildIdentity.commit(buildID: mark + commit + [1]) == String(repeating: "a5", count: 20) + "+")
        #expect(BuildIdentity.commit(buildID: commit) == nil)
        #expect(BuildIdentity.commit(buildID: Array("XXCG".utf8) + commit + [0]) == nil)
        #expect(BuildIdentity.commit(buildID: []) == nil)
    }

    @Test func theNoteOfTheRunningProgramIsReadWithoutFault() {
        _ = BuildIdentity.commit
    }
}
