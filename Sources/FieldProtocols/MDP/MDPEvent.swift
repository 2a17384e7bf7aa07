/// What a stretch of a serial stream turned out to be. Offsets count from the first byte the stream was given.
///
/// Frames and texts are borrowed: valid until the next call of the stream that gave them.
public enum MDPEvent {
    case frame(MDPFrame, at: Int64)
    /// One line of text without its end. Not `terminated` when a frame or the end of the input cut it off.
    case text(UnsafeRawBufferPointer, at: Int64, terminated: Bool)
    /// Bytes that are neither text nor anything like a frame.
    case garbage(count: Int, at: Int64)
    /// Bytes that should have been a frame.
    case failure(MDPError, at: Int64, count: Int)
}
