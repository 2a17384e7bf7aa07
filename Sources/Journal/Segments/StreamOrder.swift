internal import GatewayModel

extension Dictionary where Key == StreamName {
    /// In the order of the streams: what is done to one after the other is done in the same order in every process.
    var inOrder: [(key: StreamName, value: Value)] {
        StreamName.allCases.compactMap { stream in self[stream].map { (stream, $0) } }
    }
}
