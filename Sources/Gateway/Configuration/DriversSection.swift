internal import YAMLText

/// `drivers`: where the site keeps profiles of its own.
public struct DriversSection: Sendable {
    /// Asked before the folder that came with the program.
    public var folders: [String]

    init(_ section: YAMLSection) {
        folders = section.texts("folders", countMax: 16, length: 1...1_024) ?? []
        for folder in folders where !folder.hasPrefix("/") {
            section.reject("folders", .outOfRange, "`\(folder)`, accepted the absolute paths of folders")
        }
    }
}
