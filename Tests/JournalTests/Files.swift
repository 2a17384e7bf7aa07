import Glibc

/// Copies a folder with everything in it, byte for byte, as it is at this moment.
func copyTree(_ source: String, _ target: String) throws {
    _ = mkdir(target, 0o750)
    for name in names(in: source) {
        let from = "\(source)/\(name)"
        let to = "\(target)/\(name)"
        if isFolder(from) { try copyTree(from, to) } else { write(read(from), to: to) }
    }
}

/// Sizes and times of all files below a folder.
func stamps(below path: String) -> [String] {
    names(in: path).flatMap { name -> [String] in
        let child = "\(path)/\(name)"
        if isFolder(child) { return stamps(below: child) }
        var status = stat()
        stat(child, &status)
        return ["\(child) \(status.st_size) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec)"]
    }
}

func removeTree(_ path: String) throws {
    for name in names(in: path) {
        let child = "\(path)/\(name)"
        if isFolder(child) {
            try removeTree(child)
            rmdir(child)
        } else {
            unlink(child)
        }
    }
}

func names(in path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
}

func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

func read(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = fread(&chunk, 1, chunk.count, file)
        if count == 0 { return bytes }
        bytes += chunk[..<count]
    }
}

func write(_ bytes: [UInt8], to path: String) {
    guard let file = fopen(path, "w") else { return }
    defer { fclose(file) }
    let count = fwrite(bytes, 1, bytes.count, file)
    precondition(count == bytes.count && fflush(file) == 0, "\(path) does not fit")
}
