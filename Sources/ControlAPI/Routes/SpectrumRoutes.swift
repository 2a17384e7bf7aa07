import FieldProtocols
import GatewayModel
import HTTPServer
import JSONText
import Journal

extension ControlRoutes {
    var spectrumRoutes: [Route] {
        let declarations = [
            Parameter<String?>.optionalText("from", "Not before: \(ReadingsQuery.timeForm); default 1h"),
            .optionalText("to", "Before: the same; default now"),
            .optionalText("format", "json, ndjson or csv; default json"),
            .optionalText("limit", "Spectra at most; default 100 with json, else all"),
            .optionalText("cursor", "The cursor of the page before (json)"),
        ].map(\.declaration)
        return [
            Route(
                .get, "/api/v1/devices/{id}/spectra", scope: .readReadings,
                "The spectra of a device in a time range, channels by ascending wavelength", tag: "readings",
                parameters: declarations,
                answers: [
                    .init(200, "The spectra: `spectra`, `cursor`"), .problem(404, "No such device"),
                    .problem(422, "Too many values"),
                ]
            ) { request in try spectra(request) }
        ]
    }

    /// Channels that one answer may hold.
    private static let channelCountMax = 500_000
    private static let spectraDefault = 100

    private func spectra(_ request: RoutedRequest) throws -> HTTPResponse {
        let id = try device(request.path("id"))
        let query: ReadingsQuery
        do throws(ReadingsQuery.Problem) {
            query = try ReadingsQuery(
                { $0 == "device" ? id.text : request.http.queryValue($0) }, now: now.wall.milliseconds)
        } catch {
            throw Problem(400, "invalid_parameter", "\(error.parameter) must be \(error.accepted)")
        }
        let isJSON = query.format == .json
        let limit = isJSON && request.http.queryValue("limit") == nil ? Self.spectraDefault : query.limit
        let (found, isCut) = try spectra(query, limit: limit)
        switch query.format {
        case .json:
            let cursor: JSON = isCut ? .optional(found.last?.seq.description) : .null
            return Self.json(["spectra": .array(found.map { SpectrumDocument.json($0) }), "cursor": cursor])
        case .ndjson:
            return Self.lines(found, contentType: "application/x-ndjson", head: "") { SpectrumDocument.json($0).text }
        case .csv:
            return Self.lines(
                found, contentType: "text/csv; charset=utf-8", head: SpectrumDocument.csvHead, SpectrumDocument.csv)
        }
    }

    private func spectra(_ query: ReadingsQuery, limit: Int) throws -> (spectra: [StoredSpectrum], isCut: Bool) {
        var gathering = SpectrumGathering()
        var found: [StoredSpectrum] = []
        var channelCount = 0
        var isCut = false
        var isTooMuch = false
        /// False once there is enough.
        func take(_ spectrum: StoredSpectrum?) -> Bool {
            guard let spectrum, spectrum.seq.rawValue > query.after else { return true }
            isCut = found.count >= limit
            guard !isCut else { return false }
            channelCount += spectrum.channels.count
            isTooMuch = channelCount > Self.channelCountMax
            guard !isTooMuch else { return false }
            found.append(spectrum)
            return true
        }
        var wantsMore = true
        try sources.journal.readings(device: query.device, from: query.from, to: query.to) { row in
            wantsMore = take(gathering.add(row))
            return wantsMore
        }
        if wantsMore { _ = take(gathering.finish()) }
        guard !isTooMuch || query.format == .json else {
            throw Problem(
                422, "range_too_large",
                "more than \(Self.channelCountMax) channels; ask for a shorter time or a `limit`")
        }
        return (found, isCut || isTooMuch)
    }
}
