import GatewayTestKit
import Testing

/// The package as it lies on disk, read once.
enum SourceTree {
    static let root = Vectors.packageRoot

    /// Every Swift file of `Sources` and `Tests`.
    static let files: [SourceFile] = paths.filter { $0.hasSuffix(".swift") }.compactMap { path in
        // A file that goes away while the tests run is somebody's editor at work.
        (try? File.bytes("\(root)/\(path)")).map { SourceFile(path: path, bytes: $0) }
    }

    static let productFiles = files.filter(\.isProduct)

    /// Every file under `Sources`, `Tests`, `docs`, `config`, `packaging` and `systemd`, from the root of the package.
    static let paths: [String] = ["Sources", "Tests", "docs", "config", "packaging", "systemd"].flatMap { walk($0) }

    /// The targets that have a folder under `Sources`.
    static let targets: [String] = names(in: "Sources")

    static func names(in folder: String) -> [String] {
        // A folder that is not there has no names.
        (try? File.names(in: "\(root)/\(folder)")) ?? []
    }

    private static func walk(_ folder: String) -> [String] {
        names(in: folder).flatMap { name in
            let path = "\(folder)/\(name)"
            return File.isFolder("\(root)/\(path)") ? walk(path) : [path]
        }
    }
}

/// Something that is not as the house style wants it.
struct Finding: CustomStringConvertible {
    var path: String
    /// From 1.
    var line: Int
    var what: String

    init(_ path: String, _ line: Int = 1, _ what: String) {
        self.path = path
        self.line = line
        self.what = what
    }

    var description: String { "\(path):\(line): \(what)" }

    /// Fails the test with one issue for all findings, each on its own line.
    static func expectNone(_ findings: [Finding]) {
        guard !findings.isEmpty else { return }
        Issue.record("\(findings.count) findings\n\(findings.map(\.description).joined(separator: "\n"))")
    }
}
