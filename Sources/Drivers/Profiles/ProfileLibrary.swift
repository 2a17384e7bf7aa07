public import FieldProtocols
internal import YAMLText

/// The profiles of this box: folders of `drivers/`, one a device.
public struct ProfileLibrary: Sendable {
    /// Where they are looked for; a profile of an earlier folder hides one of the same name in a later.
    public let folders: [String]

    /// Where a packaged gateway has its profiles.
    public static let installed = "/usr/share/mycogate/drivers"

    /// - Parameter own: folders that the site adds, asked first.
    public init(own: [String] = []) {
        folders = own + Self.standard()
    }

    /// The folder that belongs to the running program: beside it as installed, or in the source tree it was built in.
    private static func standard() -> [String] {
        var candidates: [String] = []
        if let program = ProfileFiles.program() {
            var parts = program.split(separator: "/").map(String.init)
            parts.removeLast()
            candidates.append("/" + (parts.dropLast() + ["share/mycogate/drivers"]).joined(separator: "/"))
            while let last = parts.popLast() {
                if last == ".build" { candidates.append("/" + (parts + ["drivers"]).joined(separator: "/")) }
            }
        }
        let found = (candidates + [installed]).first { ProfileFiles.isThere($0) }
        return found.map { [$0] } ?? []
    }

    /// The folder of every profile by name, whether it is a good one or not.
    public func paths() -> [(name: String, path: String)] {
        var seen: Set<String> = []
        var found: [(String, String)] = []
        for folder in folders {
            for name in ProfileFiles.names(in: folder) ?? []
            where ProfileFiles.isThere("\(folder)/\(name)/profile.yaml") && seen.insert(name).inserted {
                found.append((name, "\(folder)/\(name)"))
            }
        }
        return found.sorted { $0.0 < $1.0 }
    }

    /// Where was looked, for a message.
    private var places: String {
        folders.isEmpty
            ? "\(Self.installed), which is not there, and `drivers.folders`" : folders.joined(separator: ", ")
    }

    /// The folder of one profile.
    public func path(of name: String) -> String? {
        guard ProfileDocument.isName(name) else { return nil }
        return folders.map { "\($0)/\(name)" }.first { ProfileFiles.isThere("\($0)/profile.yaml") }
    }

    /// Reads one profile by its name.
    public func profile(_ name: String) -> Result<Profile, ProfileProblems> {
        guard let path = path(of: name) else {
            let position = YAMLPosition(file: folders.first ?? Self.installed, line: 1, column: 1)
            let problem = YAMLError(
                .outOfRange, at: position,
                message: "there is no profile `\(name.prefix(64))` in \(places); `mycogate drivers list` names them")
            return .failure(ProfileProblems(list: [problem]))
        }
        return Self.read(folder: path, name: name)
    }

    /// Reads the profile of a folder, which must have this name; nil: any.
    public static func read(folder path: String, name: String? = nil) -> Result<Profile, ProfileProblems> {
        let file = path + "/profile.yaml"
        guard let bytes = ProfileFiles.bytes(file) else {
            let position = YAMLPosition(file: file, line: 1, column: 1)
            return .failure(
                ProfileProblems(list: [YAMLError(.malformed, at: position, message: "is not there or cannot be read")]))
        }
        return ProfileDocument.read(bytes, file: file, folder: name)
    }
}

extension ProfileLibrary {
    /// The profile or the folder of captures that `path` is, or those in it.
    public static func folders(in path: String) -> [String] {
        if ProfileFiles.isThere(path + "/profile.yaml") || CaptureCheck.isCaptures(path) { return [path] }
        return (ProfileFiles.names(in: path) ?? []).map { "\(path)/\($0)" }.filter {
            ProfileFiles.isThere($0 + "/profile.yaml") || ProfileFiles.isThere($0 + "/captures")
                || CaptureCheck.isCaptures($0)
        }
    }
}
