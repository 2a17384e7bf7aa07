public import GatewayModel

extension Journal {
    /// Where the journal is and how large it may become.
    public struct Configuration: Sendable {
        /// Segments live in `journal/` below it, damaged ones are moved to `damaged/`.
        public var dataDirectory: String
        /// Size at which a segment is sealed, 256 KiB to 4 GiB.
        public var segmentSize: Int64
        /// What all streams together may take on disk.
        public var maxBytes: Int64
        /// What single streams may take, if less.
        public var streamMaxBytes: [StreamName: Int64]
        /// The kernel's id of this boot of the box.
        public var boot: String
        /// Random numbers for epoch ids.
        public var entropy: @Sendable () -> UInt64
        /// How long the writer waits for other threads' batches when several have been appending at once.
        public var linger: Duration

        /// The sizes of segments that are accepted.
        public static let segmentSizes: ClosedRange<Int64> = 256 << 10...4 << 30

        public init(
            dataDirectory: String, boot: String, entropy: @escaping @Sendable () -> UInt64,
            segmentSize: Int64 = 64 << 20, maxBytes: Int64 = 2 << 30, streamMaxBytes: [StreamName: Int64] = [:],
            linger: Duration = .milliseconds(5)
        ) {
            self.dataDirectory = dataDirectory
            self.boot = boot
            self.entropy = entropy
            self.segmentSize = min(max(segmentSize, Self.segmentSizes.lowerBound), Self.segmentSizes.upperBound)
            self.maxBytes = maxBytes
            self.streamMaxBytes = streamMaxBytes
            self.linger = linger
        }
    }
}
