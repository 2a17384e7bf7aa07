internal import JSONText

/// The state of a host application: `{"online":…,"timestamp":…}`, or `ONLINE` and `OFFLINE` before version 3.
struct SparkplugHostState: Equatable {
    var isOnline: Bool
    /// Unix milliseconds.
    var timestamp: Int64?

    /// Nil if it is neither.
    init?(_ payload: UnsafeRawBufferPointer) {
        let text = payload.bindMemory(to: UInt8.self)
        if ScalarText.equals(text, "online") || ScalarText.equals(text, "offline") {
            isOnline = ScalarText.equals(text, "online")
            return
        }
        // A state that cannot be read says nothing.
        guard let body = try? JSON(parsing: payload, byteCountMax: 4_096), let isOnline = body["online"]?.bool else {
            return nil
        }
        self.isOnline = isOnline
        timestamp = body["timestamp"]?.int64
    }
}
