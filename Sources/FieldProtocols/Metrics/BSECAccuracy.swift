internal import GatewayModel

/// What BSEC says of its own estimates: at accuracy 0 it has no history yet, at 1 too little of it. Neither may raise an
/// alarm (instrument reference, section 9), so that such estimates are doubtful.
enum BSECAccuracy {
    /// Estimates of this accuracy and better can be believed.
    static let believedFrom = 2.0

    /// Marks the estimates among the readings of the observation being built as doubtful where the accuracy beside them
    /// is low. Firmware sends one accuracy a sensor.
    static func heed(in batch: inout ObservationBatch) {
        batch.reviseOpenReadings { readings in
            // Most messages have no accuracy: of those, nothing but the metrics is looked at.
            let doubted = accuracies.withBits { sensors in
                var doubted: UInt8 = 0
                for index in readings.indices {
                    let metric = Int(readings[index].metric.index)
                    guard metric < sensors.count, sensors[metric] != 0 else { continue }
                    guard case .number(let accuracy) = readings[index].value, accuracy < believedFrom else { continue }
                    doubted |= sensors[metric]
                }
                return doubted
            }
            guard doubted != 0 else { return }
            for index in readings.indices where estimates[readings[index].metric] & doubted != 0 {
                if readings[index].quality == .ok { readings[index].quality = .warn }
            }
        }
    }

    /// A bit for each sensor that a message may tell of; the last one for values that stand without a sensor.
    private struct Sensors: Sendable {
        private var bits = [UInt8](repeating: 0, count: 256)

        init(_ fields: [BME688Field]) {
            let prefixes = BME688Slot.allCases.map { $0.prefix + "." } + [""]
            for (position, prefix) in prefixes.enumerated() {
                for field in fields {
                    guard let index = MetricName(prefix + field.name).map({ Int($0.index) }) else { continue }
                    if index >= bits.count { bits += [UInt8](repeating: 0, count: index + 1 - bits.count) }
                    bits[index] |= 1 << UInt8(position)
                }
            }
        }

        func withBits<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R { bits.withUnsafeBufferPointer(body) }

        subscript(_ metric: MetricName) -> UInt8 {
            let index = Int(metric.index)
            return index < bits.count ? bits[index] : 0
        }
    }

    private static let accuracies = Sensors([.iaqAccuracy])
    private static let estimates = Sensors([
        .iaq, .staticIAQ, .co2Equivalent, .vocEquivalent, .gasClass, .gasProbability, .gasPercentage, .gas1, .gas2,
        .gas3,
        .gas4, .regression1, .regression2, .regression3, .regression4,
    ])
}
