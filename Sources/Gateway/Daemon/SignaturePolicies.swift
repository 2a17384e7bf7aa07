import FieldProtocols
import GatewayModel

/// The keys and demands of the configured devices, by name.
struct SignaturePolicies: Sendable {
    private let policies: [DeviceName: SignaturePolicy]

    init(_ devices: [DeviceSection]) {
        var policies: [DeviceName: SignaturePolicy] = [:]
        for device in devices where device.publicKey != nil {
            guard let name = DeviceName(device.id) else { continue }
            policies[name] = SignaturePolicy(publicKey: device.publicKey, isRequired: device.requiresSignature)
        }
        self.policies = policies
    }

    subscript(_ device: DeviceName) -> SignaturePolicy {
        policies.isEmpty ? .none : policies[device] ?? .none
    }
}
