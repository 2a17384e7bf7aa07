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
                ]
            ) { request in try spectra(request) }
        ]
    }

    /// Channels that are looked up at once.
    private static let channelCountMax = 4_096
    private static let spectraDefault = 100

    private func spectra(_ request: RoutedRequest) throws -> HTTPResponse {
        let id = try device(request.path("id"))
        let query = try readingsQuery { $0 == "device" ? id.text : request.http.queryValue($0) }
        let text = RowText<StoredSpectrum>(
            query.format, "spectra", { SpectrumDocument.json($0) }, csvHead: SpectrumDocument.csvHead,
            SpectrumDocument.csv)
        let isJSON = query.format == .json
        let limit = isJSON && request.http.queryValue("limit") == nil ? Self.spectraDefault : query.limit
        // Of one moment: what is stored while it is sent is not part of it.
        let end = sources.journal.status(of: .readings).lastSeq
        return try text.answer(limit: limit, after: query.after) { after, limit in
            try page(query, after: after, through: end, limit: limit)
        }
    }

    private func page(
        _ query: ReadingsQuery, after: Int64, through end: SequenceNumber, limit: Int
    ) throws(JournalError) -> RowPage<StoredSpectrum> {
        var gathering = SpectrumGathering()
        var page = RowPage<StoredSpectrum>(last: after)
        var channelCount = 0
        /// False once there is enough.
        func take(_ spectrum: StoredSpectrum?) -> Bool {
            guard let spectrum else { return true }
            page.more = page.rows.count >= limit || channelCount >= Self.channelCountMax
            guard !page.more else { return false }
            channelCount += spectrum.channels.count
            page.rows.append(spectrum)
            page.last = spectrum.seq.rawValue
            return true
        }
        try sources.journal.readings(
            device: query.device, from: query.from, to: query.to, after: SequenceNumber(after), through: end
        ) { row in take(gathering.add(row)) }
        if !page.more { _ = take(gathering.finish()) }
        return page
    }
}
