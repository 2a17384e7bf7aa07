public import GatewayModel

extension Journal {
    /// Where the journal is and how large it may become.
    public struct Configuration: Sendable {
        /// Segments live in `journal/` below it, damaged ones are moved to `damaged/`.
        public var dataDirectory: String
        /// Size at which a segment is sealed, 256 KiB to 4 GiB; on a small disk less, see `fitted(to:)`.
        public var segmentSize: Int64
        /// What all streams together may take on disk.
        public var maxBytes: Int64
        /// What applies to single streams; the others have `StreamRetention.standard(for:)`.
        public var retention: [StreamName: StreamRetention]
        /// Space kept back for `state.db`, the audit and the events; nil for none.
        public var reserve: SpaceReserve?
        /// The kernel's id of this boot of the box.
        public var boot: String
        /// Random numbers for epoch ids.
        public var entropy: @Sendable () -> UInt64
        /// How long the writer waits for other threads' batches when several have been appending at once.
        public var linger: Duration

        /// Where damaged segments are put.
        var damagedFolder: String { dataDirectory + "/damaged" }

        /// The sizes of segments that are accepted.
        public static let segmentSizes: ClosedRange<Int64> = 256 << 10...4 << 30

        public init(
            dataDirectory: String, boot: String, entropy: @escaping @Sendable () -> UInt64,
            segmentSize: Int64 = 64 << 20, maxBytes: Int64 = 2 << 30, retention: [StreamName: StreamRetention] = [:],
            reserve: SpaceReserve? = nil, linger: Duration = .milliseconds(5)
        ) {
            self.dataDirectory = dataDirectory
            self.boot = boot
            self.entropy = entropy
            self.segmentSize = min(max(segmentSize, Self.segmentSizes.lowerBound), Self.segmentSizes.upperBound)
            self.maxBytes = maxBytes
            self.retention = retention
            self.reserve = reserve
            self.linger = linger
        }

        /// At what size segments of the stream are sealed: several must fit into what it may take.
        func segmentSize(of stream: StreamName) -> Int64 {
            guard let limit = retention.of(stream).maxBytes else { return segmentSize }
            return min(segmentSize, max(64 << 10, limit / 4))
        }

        /// The same with sizes that the disk can hold: room is made a segment at a time, so that a segment must be a
        /// small part of it.
        func fitted(to disk: DiskSpace?) -> Configuration {
            guard let disk, disk.total > 0 else { return self }
            var fitted = self
            fitted.segmentSize = min(segmentSize, max(64 << 10, disk.total / 32))
            fitted.maxBytes = min(maxBytes, disk.total)
            return fitted
        }
    }
}
