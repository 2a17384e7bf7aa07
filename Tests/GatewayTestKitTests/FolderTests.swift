import GatewayTestKit
import Testing

struct FolderTests {
    @Test func aTemporaryFolderGoesWithEverythingInIt() throws {
        var folder: TemporaryFolder? = try TemporaryFolder()
        let path = try #require(folder?.path)
        let inner = try folder?.folder("inner") ?? ""
        try File.write("x", to: "\(inner)/file")
        #expect(try File.names(in: path) == ["inner"])
        folder = nil
        #expect(!File.exists(path))
    }

    @Test func theVectorsAreFound() throws {
        #expect(try Vectors.text("mycosoft/README.md").isEmpty == false)
        #expect(File.exists("\(Vectors.packageRoot)/Package.swift"))
    }
}
