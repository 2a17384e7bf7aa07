internal import GatewayModel
internal import JSONText

/// Where a device says that it is: `geo` of an envelope, `location` of telemetry (field reference, sections 4.1, 4.4, 6.6).
struct EnvelopePlace {
    /// What it becomes, at most.
    static let readingCountMax = 4

    private var latitude: Double
    private var longitude: Double
    /// Metres; nil if it is not told.
    private var altitude: Double?
    private var accuracy: Double?

    init(_ place: MycoEnvelope.Place) {
        latitude = Double(place.latitudeE7) / 1e7
        longitude = Double(place.longitudeE7) / 1e7
        accuracy = Double(place.accuracyMetres)
    }

    /// Nil if it tells no place, such as the name of a room.
    init?(_ value: JSONValue) {
        guard let latitude = Self.degrees(value, "lat", "latitude", "lat_e7"),
            let longitude = Self.degrees(value, "lon", "longitude", "lon_e7") ?? value["lng"]?.double
        else { return nil }
        self.latitude = latitude
        self.longitude = longitude
        altitude = (value["alt"] ?? value["altitude"] ?? value["alt_m"])?.double
        accuracy = (value["acc_m"] ?? value["accuracy"] ?? value["acc"])?.double
    }

    private static func degrees(
        _ value: JSONValue, _ short: StaticString, _ long: StaticString, _ scaled: StaticString
    ) -> Double? {
        (value[short] ?? value[long])?.double ?? value[scaled]?.double.map { $0 / 1e7 }
    }

    /// Appends it to the observation being built; false if there is no such place on Earth.
    func append(quality: Quality, to batch: inout ObservationBatch) -> Bool {
        guard (-90...90).contains(latitude), (-180...180).contains(longitude) else { return false }
        func number(_ metric: MetricName, _ value: Double?, _ unit: Unit) {
            guard let value, value.magnitude < TelemetryDecoder.magnitudeMax else { return }
            batch.append(Reading(metric, .number(value), unit: unit, quality: quality))
        }
        number(PlaceReadings.latitude, latitude, PlaceReadings.degree)
        number(PlaceReadings.longitude, longitude, PlaceReadings.degree)
        number(PlaceReadings.altitude, altitude, PlaceReadings.metre)
        // A fix of no extent is one whose extent is not known.
        number(PlaceReadings.accuracy, accuracy.flatMap { $0 > 0 ? $0 : nil }, PlaceReadings.metre)
        return true
    }
}
