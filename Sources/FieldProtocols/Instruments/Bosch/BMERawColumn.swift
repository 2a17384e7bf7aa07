internal import JSONText

/// The columns of `.bmerawdata` files by their keys: files of older loggers have others and in another order.
enum BMERawColumn: String, CaseIterable {
    case sensorIndex = "sensor_index"
    case sensorID = "sensor_id"
    case sincePowerOn = "timestamp_since_poweron"
    case clock = "real_time_clock"
    case temperature, pressure
    case humidity = "relative_humidity"
    case gas = "resistance_gassensor"
    case heaterStep = "heater_profile_step_index"
    case scanning = "scanning_enabled"
    case scanningCycle = "scanning_cycle_index"
    case labelTag = "label_tag"
    case errorCode = "error_code"

    /// Puts a cell into the row; what is no value of this column leaves it empty.
    func read(_ cell: JSONValue, into row: inout BMERawRow) {
        switch self {
        case .sensorIndex: row.sensorIndex = cell.int64.flatMap { (0...255).contains($0) ? Int($0) : nil }
        case .sensorID: row.sensorID = cell.uint64
        case .sincePowerOn:
            row.sincePowerOn = Self.whole(cell).flatMap { (0...Self.millisecondsMax).contains($0) ? $0 : nil }
        case .clock: row.clock = Self.whole(cell).flatMap { (1...Self.secondsMax).contains($0) ? $0 : nil }
        case .temperature: row.celsius = cell.double
        case .pressure: row.hectopascal = cell.double
        case .humidity: row.humidityPercent = cell.double
        case .gas: row.gasOhm = cell.double
        case .heaterStep: row.heaterStep = cell.int64.flatMap { (0...255).contains($0) ? Int($0) : nil }
        case .scanning: row.isScanning = cell.bool ?? cell.int64.map { $0 != 0 }
        case .scanningCycle: row.scanningCycle = cell.int64
        case .labelTag: row.labelTag = cell.int64
        case .errorCode: row.errorCode = cell.int64
        }
    }

    /// Some loggers print whole numbers with a point.
    private static func whole(_ cell: JSONValue) -> Int64? {
        cell.int64 ?? cell.double.flatMap { Int64(exactly: $0.rounded()) }
    }

    /// Hundred years.
    private static let millisecondsMax: Int64 = 3_155_760_000_000
    /// The year 2200.
    private static let secondsMax: Int64 = 7_258_118_400
}
