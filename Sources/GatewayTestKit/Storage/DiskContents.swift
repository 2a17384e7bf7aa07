internal import Glibc

/// What is on a disk for certain, and what only the operating system knows so far.
struct DiskContents {
    /// A name that has appeared or gone since its folder was last synced; a rename is both at once.
    struct NameChange {
        var gone: String?
        var appeared: (path: String, node: Int)?

        var paths: [String] { [gone, appeared?.path].compactMap { $0 } }
    }

    private let root: String
    private(set) var nodes: [Int: DiskNode] = [:]
    private var names: [String: Int] = [:]
    private(set) var syncedNames: [String: Int] = [:]
    private(set) var nameChanges: [NameChange] = []

    /// An empty disk.
    init(root: String) { self.root = root }

    /// Everything in the folder, as if it had been there for long.
    init(readFrom root: String) {
        self.init(root: root)
        read("")
        syncedNames = names
    }

    private mutating func read(_ folder: String) {
        // A folder that cannot be listed holds nothing that a test could ask for.
        for name in (try? File.names(in: root + folder)) ?? [] {
            let path = "\(folder)/\(name)"
            if File.isFolder(root + path) {
                names[path] = add(DiskNode(isFolder: true))
                read(path)
            } else if !name.hasSuffix("-shm") {
                // As above.
                names[path] = add(DiskNode(synced: (try? File.bytes(root + path)) ?? []))
            }
        }
    }

    private mutating func add(_ node: DiskNode) -> Int {
        let number = nodes.count
        nodes[number] = node
        return number
    }

    private func inside(_ path: String) -> String { String(path.dropFirst(root.utf8.count)) }

    /// A file is opened, and comes into being if it was not there.
    mutating func open(_ path: String) -> Int {
        let path = inside(path)
        if let known = names[path] { return known }
        return appear(path, DiskNode())
    }

    mutating func makeFolder(_ path: String) { _ = appear(inside(path), DiskNode(isFolder: true)) }

    private mutating func appear(_ path: String, _ node: DiskNode) -> Int {
        let number = add(node)
        names[path] = number
        nameChanges.append(NameChange(appeared: (path, number)))
        return number
    }

    mutating func remove(_ path: String) {
        let path = inside(path)
        guard names.removeValue(forKey: path) != nil else { return }
        nameChanges.append(NameChange(gone: path))
    }

    mutating func rename(_ path: String, to target: String) {
        let path = inside(path)
        guard let node = names.removeValue(forKey: path) else { return }
        names[inside(target)] = node
        nameChanges.append(NameChange(gone: path, appeared: (inside(target), node)))
    }

    mutating func write(_ node: Int, _ offset: Int, _ bytes: [UInt8]) {
        nodes[node]?.pending.append(.write(offset: offset, bytes: bytes))
    }

    mutating func truncate(_ node: Int, _ size: Int) { nodes[node]?.pending.append(.truncate(size)) }

    mutating func sync(_ node: Int) { nodes[node]?.sync() }

    mutating func failSync(_ node: Int) { nodes[node]?.doubt() }

    /// The names in the folder become certain.
    mutating func syncFolder(_ path: String) {
        let path = inside(path)
        nameChanges.removeAll { change in
            guard change.paths.contains(where: { Self.parent(of: $0) == path }) else { return false }
            Self.apply(change, to: &syncedNames)
            return true
        }
    }

    static func apply(_ change: NameChange, to names: inout [String: Int]) {
        if let gone = change.gone { names[gone] = nil }
        if let (path, node) = change.appeared { names[path] = node }
    }

    static func parent(of path: String) -> String { path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "" }
}
