internal import Glibc

/// The files and folders that a power cut has left, by their paths below the disk's folder.
struct DiskSurvivors {
    private(set) var folders: [String] = []
    private(set) var files: [String: [UInt8]] = [:]

    func write(to target: String, from source: String) throws {
        for folder in folders.sorted() where mkdir(target + folder, 0o750) != 0 && errno != EEXIST {
            throw FileError.last("mkdir", target + folder)
        }
        for (path, bytes) in files { try File.write(bytes, to: target + path) }
    }
}

extension DiskContents {
    /// What is left when the power goes now. What was not synced survives by chance, sector by sector and name by name,
    /// the later possibly without the earlier; a file or folder without its name, or in a folder without its name, is lost.
    func survivors(seed: UInt64) -> DiskSurvivors {
        var random = SeededRandom(seed: seed)
        let names = survivingNames(&random)
        var left = DiskSurvivors()
        for (path, number) in names.sorted(by: { $0.key < $1.key }) {
            guard let node = nodes[number], Self.isReachable(path, names) else { continue }
            if node.isFolder { left.add(folder: path) } else { left.add(path, node.survivor(&random)) }
        }
        return left
    }

    private func survivingNames(_ random: inout SeededRandom) -> [String: Int] {
        var names = syncedNames
        var undone: Set<String> = []
        let probability = Self.probability(&random)
        for change in nameChanges {
            // Changes to one name keep their order among themselves.
            guard undone.isDisjoint(with: change.paths), random.chance(probability) else {
                undone.formUnion(change.paths)
                continue
            }
            Self.apply(change, to: &names)
        }
        return names
    }

    private static func isReachable(_ path: String, _ names: [String: Int]) -> Bool {
        let folder = parent(of: path)
        return folder.isEmpty || (names[folder] != nil && isReachable(folder, names))
    }

    /// Nothing, everything, or any part of what was not synced: each is what some disks do.
    fileprivate static func probability(_ random: inout SeededRandom) -> Double {
        switch random.integer(in: 0...3) {
        case 0: 0
        case 1: 1
        default: Double(random.integer(in: 1...9)) / 10
        }
    }
}

extension DiskNode {
    /// The smallest part of a write that reaches the disk whole or not at all.
    private static let sectorSize = 512

    fileprivate func survivor(_ random: inout SeededRandom) -> [UInt8] {
        var bytes = synced
        let probability = DiskContents.probability(&random)
        for change in pending {
            switch change {
            case .truncate: if random.chance(probability) { bytes.apply(change) }
            case .write(let offset, let written), .doubtful(let offset, let written):
                for piece in written.pieces(at: offset, of: Self.sectorSize) where random.chance(probability) {
                    bytes.apply(.write(offset: piece.offset, bytes: piece.bytes))
                }
            }
        }
        return bytes
    }
}

extension DiskSurvivors {
    fileprivate mutating func add(folder: String) { folders.append(folder) }
    fileprivate mutating func add(_ path: String, _ bytes: [UInt8]) { files[path] = bytes }
}
