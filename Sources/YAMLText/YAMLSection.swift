/// Reads one section (mapping) key by key. What is wrong is collected, not thrown, so that one look at the file mends it
/// all; whoever decodes must not use the values when `problems` is not empty afterwards.
///
/// Every key that is asked for is thereby known; the rest is reported by `finish()`, which `read` and the nested
/// sections call by themselves.
public final class YAMLSection {
    /// Where everything wrong is collected.
    public let problems: YAMLProblems
    /// The path of this section, such as `sync.destinations[0]`; empty at the top.
    public let path: String
    public let position: YAMLPosition
    let members: [YAMLNode.Member]
    private var knownKeys: [String] = []

    /// A section over `node`, which is reported and read as empty if it is something else.
    public init(_ node: YAMLNode, path: String = "", problems: YAMLProblems) {
        self.problems = problems
        self.path = path
        position = node.position
        if case .mapping(let members) = node.content {
            self.members = members
        } else {
            members = []
            if !node.isNull {
                problems.report(
                    .init(
                        .wrongType, at: node.position, key: path.isEmpty ? nil : path,
                        message: "\(node.kind), accepted a section of keys"))
            }
        }
    }

    /// Decodes a whole document: `body` reads the keys, unknown ones are added, and everything wrong comes back sorted.
    public static func read<Value>(
        _ root: YAMLNode, _ body: (YAMLSection) -> Value
    ) -> (value: Value, problems: [YAMLError]) {
        let problems = YAMLProblems()
        let section = YAMLSection(root, problems: problems)
        let value = body(section)
        section.finish()
        return (value, problems.sorted)
    }

    /// Reports every key that nobody asked for.
    public func finish() {
        for member in members where !knownKeys.contains(member.key) {
            let message =
                if let meant = EditDistance.nearest(to: member.key, among: knownKeys) {
                    "unknown key, did you mean `\(meant)`?"
                } else {
                    "unknown key, accepted \(knownKeys.sorted().joined(separator: ", "))"
                }
            problems.report(
                .init(
                    .unknownKey, at: member.keyPosition, key: path(of: String(member.key.prefix(60))), message: message)
            )
        }
    }

    /// Whether the file has the key with something in it. Makes the key known.
    public func has(_ key: String) -> Bool { node(key) != nil }

    /// The keys in the order of the file, for sections whose keys are names; `node(_:)` makes each known.
    public var keys: [String] { members.map(\.key) }

    /// The value of `key`; nil if it is absent or empty. Makes the key known.
    public func node(_ key: String) -> YAMLNode? {
        if !knownKeys.contains(key) { knownKeys.append(key) }
        guard let node = members.first(where: { $0.key == key })?.value, !node.isNull else { return nil }
        return node
    }

    /// Where `key` stands, or the section if it is absent.
    public func position(of key: String) -> YAMLPosition {
        members.first { $0.key == key }?.keyPosition ?? position
    }

    /// The path of a key of this section.
    public func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// Adds a finding of the caller's own about `key`: a conflict with another key, a name that stands for nothing.
    public func reject(_ key: String, _ code: YAMLError.Code = .outOfRange, _ message: String) {
        let position = node(key)?.position ?? position(of: key)
        problems.report(.init(code, at: position, key: path(of: key), message: message))
    }

    /// Reports that a key that must be there is not.
    public func missing(_ key: String, accepted: String) {
        problems.report(
            .init(.missingKey, at: position(of: key), key: path(of: key), message: "is missing, accepted \(accepted)"))
    }

    /// The value of `key` as `convert` makes it. Nil if it is absent, or if `convert` returns nil: then what stands
    /// there is reported together with what is `accepted`.
    public func value<Value>(_ key: String, accepted: String, _ convert: (YAMLNode) -> Value?) -> Value? {
        guard let node = node(key) else { return nil }
        return checked(node, path: path(of: key), accepted: accepted, convert)
    }

    /// The same for a key that must be there.
    public func requiredValue<Value>(_ key: String, accepted: String, _ convert: (YAMLNode) -> Value?) -> Value? {
        guard node(key) != nil else {
            missing(key, accepted: accepted)
            return nil
        }
        return value(key, accepted: accepted, convert)
    }

    func checked<Value>(
        _ node: YAMLNode, path: String, accepted: String, _ convert: (YAMLNode) -> Value?
    ) -> Value? {
        if let value = convert(node) { return value }
        let code: YAMLError.Code =
            switch node.content {
            case .scalar: .outOfRange
            case .sequence, .mapping: .wrongType
            }
        problems.report(.init(code, at: node.position, key: path, message: "\(node.kind), accepted \(accepted)"))
        return nil
    }
}
