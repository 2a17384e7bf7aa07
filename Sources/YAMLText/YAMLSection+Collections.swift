extension YAMLSection {
    /// A nested section; nil and unread if it is absent. Its unknown keys are reported when `body` returns.
    public func section<Value>(_ key: String, _ body: (YAMLSection) -> Value) -> Value? {
        guard let node = node(key) else { return nil }
        return read(node, path: path(of: key), body)
    }

    /// A nested section that is read as empty if it is absent, so that its defaults apply.
    public func sectionOrDefaults<Value>(_ key: String, _ body: (YAMLSection) -> Value) -> Value {
        read(node(key) ?? YAMLNode(.mapping([]), at: position), path: path(of: key), body)
    }

    /// A list of sections, read one by one; empty if it is absent.
    public func sections<Value>(
        _ key: String, countMax: Int = 1_000, _ body: (YAMLSection) -> Value
    ) -> [Value] {
        elements(key, countMax: countMax, accepted: "a list of sections").map { read($0.node, path: $0.path, body) }
    }

    /// A section whose keys are names and whose values are sections, such as `devices`, in the order of the file.
    public func namedSections<Value>(
        _ key: String, countMax: Int = 100_000, _ body: (_ name: String, YAMLSection) -> Value
    ) -> [Value] {
        section(key) { section in
            if section.keys.count > countMax {
                reject(key, .tooLarge, "\(section.keys.count) entries, accepted at most \(countMax)")
            }
            return section.keys.prefix(countMax).map { name in
                section.sectionOrDefaults(name) { body(name, $0) }
            }
        } ?? []
    }

    /// A list of texts, or one text as a list of one; nil if it is absent.
    public func texts(_ key: String, countMax: Int = 1_000, length: ClosedRange<Int> = 1...4096) -> [String]? {
        values(key, countMax: countMax, accepted: Self.textForm(length)) { Self.text($0, length) }
    }

    /// A list of names of an enum, or one name; nil if it is absent.
    public func choices<Choice: CaseIterable & RawRepresentable<String>>(
        _ key: String, of _: Choice.Type = Choice.self
    ) -> [Choice]? {
        values(key, countMax: 100, accepted: Self.names(of: Choice.self)) { $0.text.flatMap(Choice.init(rawValue:)) }
    }

    /// A list of scalars, or one scalar as a list of one; nil if it is absent.
    public func values<Value>(
        _ key: String, countMax: Int = 1_000, accepted: String, _ convert: (YAMLNode) -> Value?
    ) -> [Value]? {
        guard let node = node(key) else { return nil }
        if case .scalar = node.content {
            return checked(node, path: path(of: key), accepted: accepted, convert).map { [$0] }
        }
        return elements(key, countMax: countMax, accepted: "a list; each \(accepted)").compactMap {
            checked($0.node, path: $0.path, accepted: accepted, convert)
        }
    }

    private func elements(
        _ key: String, countMax: Int, accepted: String
    ) -> [(node: YAMLNode, path: String)] {
        let nodes: [YAMLNode]? = value(key, accepted: accepted) {
            if case .sequence(let nodes) = $0.content { nodes } else { nil }
        }
        guard let nodes else { return [] }
        if nodes.count > countMax {
            reject(key, .tooLarge, "\(nodes.count) entries, accepted at most \(countMax)")
        }
        return nodes.prefix(countMax).enumerated().map { ($0.element, "\(path(of: key))[\($0.offset)]") }
    }

    private func read<Value>(_ node: YAMLNode, path: String, _ body: (YAMLSection) -> Value) -> Value {
        let section = YAMLSection(node, path: path, problems: problems)
        defer { section.finish() }
        return body(section)
    }
}
