/// Topics of a site's own, and what is published there (`mqtt.topics`).
public struct SiteTopic: Sendable, Equatable {
    /// The payloads that are told apart.
    public enum Format: String, Sendable, CaseIterable {
        /// Found out by each payload.
        case auto
        /// Objects whose numbers and flags are the readings, or one plain value.
        case json
        case senml
        case senmlCBOR = "senml-cbor"
        case influx
    }

    /// What one unit of a time stamp is.
    public enum Precision: String, Sendable, CaseIterable {
        case nanoseconds = "ns"
        case microseconds = "us"
        case milliseconds = "ms"
        case seconds = "s"

        /// Unix milliseconds of a time stamp; nil if it is beyond all times.
        func milliseconds(_ stamp: Int64) -> Int64? {
            switch self {
            case .nanoseconds: return stamp / 1_000_000
            case .microseconds: return stamp / 1_000
            case .milliseconds: return stamp
            case .seconds:
                let (milliseconds, overflows) = stamp.multipliedReportingOverflow(by: 1_000)
                return overflows ? nil : milliseconds
            }
        }
    }

    /// The topic filter, and what comes by it.
    public var filter: String
    public var format = Format.auto
    /// Which level of the topic names the device, from 1; nil: the last, or of plain values the one before.
    public var deviceLevel: Int?
    /// Units by the name of the metric, as people write them: JSON tells none.
    public var units: [String: String] = [:]
    public var precision = Precision.nanoseconds

    public init(filter: String) { self.filter = filter }
}
