import Gateway
import Glibc

extension Verb {
    static let backup = Verb(
        name: "backup", synopsis: "FILE", summary: "Copies the store into one file while the daemon goes on.",
        details: """
            The file is a tar archive of state.db and the journal: devices, tokens, keys, cursors and records. It is
            readable by its owner alone; keep it so.
            """,
        options: Option.daemon, words: 1...1
    ) { arguments in
        let file = arguments.words[0]
        let backup = try StoreBackup.write(
            dataDirectory: Locations(arguments).dataDirectory, to: file, now: Int64(time(nil)))
        Output.line("\(file): \(backup.files) files, \(backup.bytes) bytes")
        return .ok
    }

    static let restore = Verb(
        name: "restore", synopsis: "FILE", summary: "Puts a backup in an empty data folder, here or on another box.",
        details: """
            The daemon must not run. At its next start a new epoch of numbering begins: whoever pulls is told so (409
            epoch_changed) and goes on from the records that are there.
            """,
        options: Option.daemon, words: 1...1
    ) { arguments in
        let dataDirectory = Locations(arguments).dataDirectory
        let restore = try StoreRestore.run(arguments.words[0], dataDirectory: dataDirectory)
        Output.line(
            "\(dataDirectory): \(restore.files) files, \(restore.bytes) bytes; a new epoch begins at the next start")
        return .ok
    }
}
