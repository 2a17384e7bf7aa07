internal import JSONText

/// What an object of a sensor tells about the sensor itself, beside its values.
enum SensorFacts {
    /// The make, by the variant id (register 0xF0) or a name; nil if the object does not tell.
    static func chip(of sensor: JSONValue) -> BME688Slot.Chip? {
        // In one walk: most sensors have none of them.
        var variantID: JSONValue?
        var variant: JSONValue?
        var chip: JSONValue?
        var model: JSONValue?
        var product: JSONValue?
        sensor.forEachMember { key, value in
            switch ByteKey(key) {
            case "variant_id": variantID = variantID ?? value
            case "variant": variant = variant ?? value
            case "chip": chip = chip ?? value
            case "model": model = model ?? value
            case "product": product = product ?? value
            default: break
            }
        }
        if let variant = (variantID ?? variant)?.int64 { return .init(variantID: variant) }
        return (chip ?? model ?? product)?.string.flatMap { .init(name: $0) }
    }

    /// Whether this key tells about the sensor: not a reading.
    static func isFact(_ key: UnsafeBufferPointer<UInt8>) -> Bool {
        switch ByteKey(key) {
        case "variant_id", "variant", "chip_id", "chip", "model", "product", "address", "addr", "label": true
        default: false
        }
    }
}
