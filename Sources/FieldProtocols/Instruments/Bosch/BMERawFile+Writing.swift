internal import JSONText

extension BMERawFile {
    /// A file of some of the rows, complete in itself: large files are handed over in pieces.
    public func document(rows range: Range<Int>) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writeConfiguration(&writer)
        writeHeader(&writer)
        writer.key("rawDataBody")
        writer.beginObject()
        writer.key("dataColumns")
        writer.beginArray()
        for column in BMERawColumn.allCases {
            writer.beginObject()
            writer.key("key")
            writer.string(column.rawValue)
            writer.endObject()
        }
        writer.endArray()
        writer.key("dataBlock")
        writer.beginArray()
        for row in rows[range.clamped(to: rows.indices)] { Self.write(row, &writer) }
        writer.endArray()
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    private func writeConfiguration(_ writer: inout JSONWriter) {
        let profiles = heaterProfiles.sorted { $0.key < $1.key }.map { id, steps -> JSON in
            [
                "id": .string(id),
                "temperatureTimeVectors": .array(steps.map { [.number($0.celsius), .number($0.length)] }),
            ]
        }
        let sensors = profilesBySensor.sorted { $0.key < $1.key }.map { index, profile -> JSON in
            ["sensorIndex": .integer(Int64(index)), "heaterProfile": .string(profile)]
        }
        writer.key("configBody")
        writer.value(["heaterProfiles": .array(profiles), "sensorConfigurations": .array(sensors)])
    }

    private func writeHeader(_ writer: inout JSONWriter) {
        writer.key("rawDataHeader")
        writer.value([
            "counterPowerOnOff": .integer(powerCount), "seedPowerOnOff": .string(seed),
            "counterFileLimit": .integer(fileCount), "dateCreated": created.map { .string(String($0)) } ?? .null,
            "firmwareVersion": firmware.map { .string($0) } ?? .null, "boardId": .string(boardID),
        ])
    }

    private static func write(_ row: BMERawRow, _ writer: inout JSONWriter) {
        func integer(_ value: Int64?) -> JSON { value.map { .integer($0) } ?? .null }
        func number(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }
        writer.value([
            integer(row.sensorIndex.map(Int64.init)), row.sensorID.map { .unsigned($0) } ?? .null,
            integer(row.sincePowerOn), integer(row.clock), number(row.celsius), number(row.hectopascal),
            number(row.humidityPercent), number(row.gasOhm), integer(row.heaterStep.map(Int64.init)),
            row.isScanning.map { .bool($0) } ?? .null, integer(row.scanningCycle), integer(row.labelTag),
            integer(row.errorCode),
        ])
    }
}
