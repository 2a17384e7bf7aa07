/// How a stand-in server is to misbehave, by the names of its routes.
struct PeerFaults {
    var script: [String: [MASFault]] = [:]
    var standing: [String: MASFault] = [:]

    /// The fault that the next request of `route` meets.
    mutating func next(on route: String) -> MASFault? {
        if let first = script[route]?.first {
            script[route]?.removeFirst()
            return first
        }
        return standing[route]
    }
}
