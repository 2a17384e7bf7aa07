public import JSONText

/// A `.bmerawdata` file of BME AI-Studio and the loggers for it (instrument reference, section 9).
public struct BMERawFile: Sendable, Equatable {
    /// Why a file is not taken; the names stand in the output of `decode` and in answers of the API.
    public enum Failure: Error, Sendable, Equatable {
        case json(JSONError)
        /// Neither header nor body of raw data.
        case notRawData
        /// The columns are missing, or those without which a row is nothing.
        case missingColumns
        case tooManyRows

        /// Stable snake_case name.
        public var code: String {
            switch self {
            case .json(let error): error.code
            case .notRawData: "not_raw_data"
            case .missingColumns: "missing_columns"
            case .tooManyRows: "too_many_rows"
            }
        }
    }

    /// One step of a heater profile.
    public struct HeaterStep: Sendable, Equatable {
        public var celsius: Double
        /// In multiples of the profile's time base.
        public var length: Double
    }

    /// Of the board, usually its MAC address in hex.
    public var boardID: String
    /// Drawn when the board was switched on, and how often it has been: together they tell the runs of a board apart.
    public var seed: String
    public var powerCount: Int64
    /// How many files of this run came before.
    public var fileCount: Int64
    public var firmware: String?
    /// Unix seconds, when the file was begun; nil if the board had no time.
    public var created: Int64?
    /// By id.
    public var heaterProfiles: [String: [HeaterStep]] = [:]
    /// The id of the heater profile, by sensor index.
    public var profilesBySensor: [Int: String] = [:]
    /// Keys of the columns in the order of the file.
    public var columnKeys: [String] = []
    public var rows: [BMERawRow] = []
    /// Where the file was cut off; nil if it is whole.
    public var cutAt: Int?

    /// Rows that one file may hold: loggers begin a new one much earlier.
    public static let rowCountMax = 1_000_000
    /// Larger files are refused.
    public static let byteCountMax = 256 << 20

    /// Reads a file; of one that was cut off what was there.
    public static func read(
        _ bytes: UnsafeRawBufferPointer, parser: JSONParser = JSONParser(byteCountMax: byteCountMax)
    ) throws(Failure) -> BMERawFile {
        switch parsed(bytes, parser) {
        case .success(let root): return try BMERawFile(root)
        case .failure(let error):
            let isCut = error == .malformed || error == .notUTF8
            guard isCut, let mended = TruncatedJSON.closed(bytes) else { throw .json(error) }
            var file = try mended.text.withUnsafeBytes { text -> Result<BMERawFile, Failure> in
                switch parsed(text, parser) {
                case .success(let root):
                    do throws(Failure) { return .success(try BMERawFile(root)) } catch { return .failure(error) }
                case .failure(let error): return .failure(.json(error))
                }
            }.get()
            file.cutAt = mended.kept
            return file
        }
    }

    private static func parsed(
        _ bytes: UnsafeRawBufferPointer, _ parser: JSONParser
    ) -> Result<JSONValue, JSONError> {
        do throws(JSONError) { return .success(try parser.parse(bytes)) } catch { return .failure(error) }
    }
}
