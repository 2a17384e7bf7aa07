import GatewayTestKit

extension FuzzTarget {
    /// The parsers of Modbus and of profiles: `modbus-rtu`, `profile-lines`, `profile-yaml` …
    static let profiles: [FuzzTarget] = ProfileFuzzTarget.allCases.map { target in
        let name = target.rawValue.hasPrefix("modbus") ? target.rawValue : "profile-\(target.rawValue)"
        return FuzzTarget(name: name, seeds: { fuzz(target).samples }) {
            var fuzz = fuzz(target)
            return { bytes in fuzz.feed(bytes) }
        }
    }

    private static func fuzz(_ target: ProfileFuzzTarget) -> ProfileFuzz {
        do { return try ProfileFuzz(target) } catch { preconditionFailure("the profiles are there: \(error)") }
    }
}
