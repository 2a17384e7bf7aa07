import GatewayTestKit
import Glibc
import Journal
import Testing

@Test func aReserveThatCannotBeOpenedKeepsNothingFromBeingStored() throws {
    let folder = try TemporaryFolder("journal")
    // Not to be opened for writing by anybody, root too.
    let path = try folder.folder("reserve")
    let site = try Site(path: folder.path, hasReserve: true)
    try site.append(.numbered(1))
    let reserve = try #require(site.reserve)
    #expect(reserve.bytes == 0 && reserve.missing == 0)
    #expect(reserve.trouble?.contains(path) == true)
    #expect(!reserve.release())
    rmdir(path)
    try site.append(.numbered(2))
    #expect(reserve.trouble == nil && reserve.isWhole)
    #expect(try site.records().count == 2)
}

@Test(.enabled(if: geteuid() != 0, "root may write to any file"))
func aReserveOfAnotherUserIsNone() throws {
    let folder = try TemporaryFolder("journal")
    let size = SpaceReserve(folder: folder.path).bytes
    #expect(size > 0)
    chmod(folder.file("reserve"), 0o400)
    let reserve = SpaceReserve(folder: folder.path)
    #expect(reserve.bytes == 0 && reserve.trouble != nil)
}
