import Drivers
import GatewayTestKit
import Testing

@Suite struct ShippedProfiles {
    private static let folders = ProfileLibrary.folders(in: "\(Vectors.packageRoot)/drivers")

    @Test func thereAreAtLeastTwenty() { #expect(Self.folders.count >= 20) }

    @Test(arguments: folders)
    func everyProfileReplaysItsCaptures(folder: String) {
        let check = ProfileCheck(folder: folder)
        #expect(check.findings.isEmpty, "\(check.findings.joined(separator: "\n"))")
        #expect(folder.hasSuffix("/\(check.name)"))
    }
}
