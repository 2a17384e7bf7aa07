internal import CZlib
internal import CZstd

extension ContentEncoding {
    /// The version of the library behind it.
    public var libraryVersion: String {
        switch self {
        case .zstd: String(cString: ZSTD_versionString())
        case .gzip: String(cString: zlibVersion())
        }
    }
}
