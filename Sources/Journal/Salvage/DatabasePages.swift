internal import Glibc
internal import SQLite

/// The pages of a database file, overlaid with those of its log, read without SQLite so that no damage to one page keeps
/// it from the others.
final class DatabasePages {
    let pageSize: Int
    let count: Int
    let log: WALFrames?
    private let file: Int32
    private let logFile: Int32
    private let usesAllOfLog: Bool
    /// Of a sealed segment: then a page that is not what it was counts as not there.
    private let sums: PageSums?

    /// Nil if there is no file, or it is shorter than a page.
    ///
    /// - Parameters:
    ///   - usesAllOfLog: also the frames behind a broken one, which SQLite would not read.
    init?(_ path: String, log logPath: String, usesAllOfLog: Bool = true) {
        file = open(path, O_RDONLY | O_CLOEXEC)
        logFile = open(logPath, O_RDONLY | O_CLOEXEC)
        log = logFile >= 0 ? WALFrames(logFile) : nil
        self.usesAllOfLog = usesAllOfLog
        sums = log == nil ? PageSums(of: path) : nil
        let size = Int(file >= 0 ? lseek(file, 0, Int32(SEEK_END)) : 0)
        pageSize = log?.pageSize ?? sums?.pageSize ?? Self.pageSize(file)
        count = sums?.count ?? max(size / pageSize, Int(log?.pages.keys.max() ?? 0))
        guard file >= 0, count > 0 else {
            closeAll()
            return nil
        }
    }

    deinit { closeAll() }

    private func closeAll() {
        if file >= 0 { close(file) }
        if logFile >= 0 { close(logFile) }
    }

    /// The page; nil if it is not all there, or not what it was. Pages count from 1.
    func page(_ number: Int) -> [UInt8]? {
        guard number > 0, number <= count else { return nil }
        let known = usesAllOfLog ? log?.pages : log?.pagesBeforeBreak
        var bytes = [UInt8](repeating: 0, count: pageSize)
        let done =
            if let offset = known?[UInt32(number)] {
                pread(logFile, &bytes, pageSize, off_t(offset))
            } else {
                pread(file, &bytes, pageSize, off_t((number - 1) * pageSize))
            }
        guard done == pageSize else { return nil }
        return bytes.withUnsafeBytes({ sums?.match($0, number) }) == false ? nil : bytes
    }

    /// What the header says; if that makes no sense, the size at which most roots look like pages of tables.
    private static func pageSize(_ file: Int32) -> Int {
        var head = [UInt8](repeating: 0, count: 100)
        _ = pread(file, &head, head.count, 0)
        let said = head.short(at: 16)
        if head.starts(with: Array("SQLite format 3\u{0}".utf8)), said >= 512, said & (said - 1) == 0 { return said }
        // The smallest of them: at a multiple of the right size stand pages of tables too.
        let likely = [32_768, 16_384, 8_192, 4_096, 2_048, 1_024, 512].map { size in
            let hits = SegmentSchema.roots.values.count { root in
                var flags: UInt8 = 0
                return pread(file, &flags, 1, off_t((root - 1) * size)) == 1 && TablePage.isTable(flags)
            }
            return (size: size, hits: hits)
        }
        return likely.max { ($0.hits, -$0.size) < ($1.hits, -$1.size) }?.size ?? 4_096
    }
}
