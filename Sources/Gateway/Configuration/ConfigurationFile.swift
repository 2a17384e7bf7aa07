import CLinux
import Glibc
public import YAMLText

/// Reads the configuration from disk: one file and the `*.yaml` of a `conf.d` folder beside it, in the order of names.
public enum ConfigurationFile {
    /// The decoded configuration, or everything that is wrong with it.
    public static func load(path: String) -> Result<GatewayConfiguration, ConfigurationProblems> {
        do throws(YAMLError) {
            var root = try parse(path)
            for extra in folder(beside: path) { root = root.merging(try parse(extra)) }
            let (configuration, problems) = YAMLSection.read(root, GatewayConfiguration.init)
            return problems.isEmpty ? .success(configuration) : .failure(ConfigurationProblems(list: problems))
        } catch {
            return .failure(ConfigurationProblems(list: [error]))
        }
    }

    private static func parse(_ path: String) throws(YAMLError) -> YAMLNode {
        try YAMLParser.parse(try contents(path), file: path)
    }

    private static func contents(_ path: String) throws(YAMLError) -> [UInt8] {
        do throws(FileError) {
            return try FileContents.read(path, byteCountMax: YAMLLimits().byteCountMax)
        } catch {
            throw YAMLError(
                .malformed, at: YAMLPosition(file: path, line: 1, column: 1), message: "cannot be read: \(error)")
        }
    }

    private static func folder(beside path: String) -> [String] {
        let folder = (path.lastIndex(of: "/").map { String(path[...$0]) } ?? "./") + "conf.d"
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".yaml"), !name.hasPrefix(".") { names.append(folder + "/" + name) }
        }
        return names.sorted()
    }
}

/// Everything found wrong in a configuration, in the order of the files.
public struct ConfigurationProblems: Error, CustomStringConvertible {
    public var list: [YAMLError]

    public var description: String { list.map(\.description).joined(separator: "\n") }
}
