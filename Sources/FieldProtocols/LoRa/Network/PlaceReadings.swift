public import GatewayModel

/// Where a device is, as readings.
public enum PlaceReadings {
    static let latitude = MetricName(known: "gps.latitude")
    static let longitude = MetricName(known: "gps.longitude")
    static let altitude = MetricName(known: "gps.altitude")
    static let accuracy = MetricName(known: "gps.accuracy")
    static let source = MetricName(known: "gps.source")
    static let degree = Unit(known: "deg")
    static let metre = Unit(known: "m")

    /// Appends a place to the observation being built.
    public static func append(_ place: DeviceLocation, quality: Quality = .ok, to batch: inout ObservationBatch) {
        batch.append(Reading(latitude, .number(place.latitude), unit: degree, quality: quality))
        batch.append(Reading(longitude, .number(place.longitude), unit: degree, quality: quality))
        batch.append(Reading(altitude, .number(place.altitude), unit: metre, quality: quality))
        if let value = place.accuracy {
            batch.append(Reading(accuracy, .number(value), unit: metre, quality: quality))
        }
        if let text = place.source, text.utf8.count <= 64 {
            batch.append(Reading(source, .text(text), quality: quality))
        }
    }
}
