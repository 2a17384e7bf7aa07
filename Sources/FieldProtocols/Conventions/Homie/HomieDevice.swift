internal import GatewayModel

/// What is known of one Homie device: its state, and what its values are.
struct HomieDevice {
    /// Data types of version 5 (convention, "Properties"); those of version 4 are among them.
    enum DataType: String {
        case integer, float, boolean, string, `enum`, color, datetime, duration, json, percent

        /// Such values have units.
        var isNumeric: Bool { self == .integer || self == .float || self == .percent }
    }

    struct Property {
        /// Nil: nobody has said it yet.
        var type: DataType?
        var unit: Unit = .none
    }

    /// A retained value that waits for its description. It stays with the broker, which will send it again.
    struct Waiting {
        var metric: MetricName
        var value: [UInt8]
        var topic: [UInt8]
    }

    /// Properties of one device that are remembered.
    static let propertyCountMax = 500
    static let waitingCountMax = 200

    let name: DeviceName
    /// Version 4 spreads its description over topics and never says when it is complete.
    let isVersion4: Bool
    var isDescribed = false
    /// The device it belongs to, if it has a parent.
    var root: String?
    /// What its own state says; nil while that is neither there nor gone.
    var isUp: Bool?
    private(set) var properties: [MetricName: Property] = [:]
    var waiting: [Waiting] = []

    init(name: DeviceName, isVersion4: Bool) {
        self.name = name
        self.isVersion4 = isVersion4
    }

    func property(_ metric: MetricName) -> Property? { properties[metric] }

    /// False if there is no room.
    mutating func set(_ metric: MetricName, _ change: (inout Property) -> Void) -> Bool {
        guard properties[metric] != nil || properties.count < Self.propertyCountMax else { return false }
        change(&properties[metric, default: Property()])
        return true
    }

    mutating func forgetProperties() { properties.removeAll() }
}
