internal import JSONText

/// The body of a request to a stand-in server.
enum PeerBody {
    static func json(_ bytes: UnsafeRawBufferPointer) -> JSON? {
        // What is no JSON lacks every field.
        try? JSON(parsing: bytes)
    }
}
