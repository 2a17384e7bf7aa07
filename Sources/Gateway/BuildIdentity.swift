import CLinux

/// Which commit the running program was built from.
///
/// `make` links the commit in as the ELF build id: the four letters `MYCG`, the 20 bytes of the commit, and one byte that
/// is 1 if the tree had changes. Any other build id is the linker's own and says nothing.
public enum BuildIdentity {
    /// The commit in hex, with `+` behind it if the tree had changes; nil for a build without `make`.
    public static let commit: String? = {
        var count = 0
        guard let start = clinux_build_id(&count) else { return nil }
        return commit(buildID: Array(UnsafeBufferPointer(start: start, count: count)))
    }()

    static func commit(buildID: [UInt8]) -> String? {
        guard buildID.count == 25, buildID.starts(with: "MYCG".utf8) else { return nil }
        let digits = Array("0123456789abcdef")
        let hex = buildID[4..<24].map { "\(digits[Int($0 >> 4)])\(digits[Int($0 & 0xF)])" }.joined()
        return buildID[24] == 0 ? hex : hex + "+"
    }
}
