/// Builds the tree from the events of a parser and keeps the bounds. Pure: knows nothing of libyaml.
struct YAMLComposer: ~Copyable {
    enum Event {
        case scalar(String, YAMLNode.ScalarStyle, anchor: String?)
        case sequenceStart(anchor: String?)
        case mappingStart(anchor: String?)
        case end
        case alias(String)
    }

    /// A collection whose end has not been read yet.
    private struct Open {
        let isMapping: Bool
        var elements: [YAMLNode] = []
        var members: [YAMLNode.Member] = []
        let position: YAMLPosition
        let anchor: String?
        var keys: Set<String> = []
        var pendingKey: (text: String, position: YAMLPosition)?
        var size = Size(nodeCount: 1, depth: 1)
    }

    /// What a finished subtree costs each time an alias repeats it.
    private struct Size {
        var nodeCount: Int
        var depth: Int
    }

    private struct Anchored {
        var node: YAMLNode
        var size: Size
    }

    private let limits: YAMLLimits
    private var stack: [Open] = []
    private var anchors: [String: Anchored] = [:]
    private var nodeCount = 0
    private(set) var root: YAMLNode?

    init(limits: YAMLLimits) { self.limits = limits }

    mutating func on(_ event: Event, at position: YAMLPosition) throws(YAMLError) {
        switch event {
        case .scalar(let text, let style, let anchor):
            if try takeKey(text, at: position, anchor: anchor) { return }
            try count(1, at: position)
            let node = YAMLNode(.scalar(text, style), at: position)
            remember(node, Size(nodeCount: 1, depth: 0), as: anchor)
            place(node, Size(nodeCount: 1, depth: 0))
        case .sequenceStart(let anchor):
            try open(isMapping: false, anchor: anchor, at: position)
        case .mappingStart(let anchor):
            try open(isMapping: true, anchor: anchor, at: position)
        case .end:
            close()
        case .alias(let name):
            try repeatAnchored(name, at: position)
        }
    }

    private var wantsKey: Bool {
        guard let top = stack.last else { return false }
        return top.isMapping && top.pendingKey == nil
    }

    private mutating func takeKey(
        _ text: String, at position: YAMLPosition, anchor: String?
    ) throws(YAMLError) -> Bool {
        guard wantsKey else { return false }
        if anchor != nil { throw YAMLError(.unsupported, at: position, message: "an anchor on a key is not accepted") }
        let top = stack.count - 1
        guard stack[top].keys.insert(text).inserted else {
            var message = "the key `\(text.prefix(40))` stands here twice"
            if let first = stack[top].members.first(where: { $0.key == text }) {
                message += ", first in line \(first.keyPosition.line)"
            }
            throw YAMLError(.duplicateKey, at: position, message: message)
        }
        stack[top].pendingKey = (text, position)
        return true
    }

    private mutating func open(isMapping: Bool, anchor: String?, at position: YAMLPosition) throws(YAMLError) {
        if wantsKey { throw YAMLError(.unsupported, at: position, message: "a key must be text") }
        guard stack.count < limits.depthMax else { throw tooDeep(at: position) }
        try count(1, at: position)
        stack.append(Open(isMapping: isMapping, position: position, anchor: anchor))
    }

    private mutating func close() {
        guard let top = stack.popLast() else { return }
        let node = YAMLNode(top.isMapping ? .mapping(top.members) : .sequence(top.elements), at: top.position)
        remember(node, top.size, as: top.anchor)
        place(node, top.size)
    }

    private mutating func repeatAnchored(_ name: String, at position: YAMLPosition) throws(YAMLError) {
        guard let anchored = anchors[name] else {
            throw YAMLError(
                .malformed, at: position, message: "the alias `*\(name.prefix(40))` has no anchor before it")
        }
        if wantsKey { throw YAMLError(.unsupported, at: position, message: "an alias as a key is not accepted") }
        guard stack.count + anchored.size.depth <= limits.depthMax else { throw tooDeep(at: position) }
        try count(anchored.size.nodeCount, at: position)
        place(anchored.node, anchored.size)
    }

    private mutating func remember(_ node: YAMLNode, _ size: Size, as anchor: String?) {
        if let anchor { anchors[anchor] = Anchored(node: node, size: size) }
    }

    private mutating func place(_ node: YAMLNode, _ size: Size) {
        guard let top = stack.indices.last else {
            root = node
            return
        }
        stack[top].size.nodeCount += size.nodeCount
        stack[top].size.depth = max(stack[top].size.depth, size.depth + 1)
        if !stack[top].isMapping {
            stack[top].elements.append(node)
        } else if let key = stack[top].pendingKey.take() {
            stack[top].members.append(.init(key: key.text, keyPosition: key.position, value: node))
        }
    }

    private mutating func count(_ added: Int, at position: YAMLPosition) throws(YAMLError) {
        nodeCount += added
        guard nodeCount <= limits.nodeCountMax else {
            throw YAMLError(
                .tooLarge, at: position,
                message: "more than \(limits.nodeCountMax) values with every alias written out")
        }
    }

    private func tooDeep(at position: YAMLPosition) -> YAMLError {
        YAMLError(.tooDeep, at: position, message: "nested deeper than \(limits.depthMax) levels")
    }
}
