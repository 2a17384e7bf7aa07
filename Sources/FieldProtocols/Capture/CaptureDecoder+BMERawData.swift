internal import JSONText

extension CaptureDecoder {
    /// One file: its header on the first line, then a line for each row by the keys of the columns.
    mutating func decodeBMERawData(_ bytes: UnsafeRawBufferPointer) {
        let file: BMERawFile
        do throws(BMERawFile.Failure) { file = try BMERawFile.read(bytes) } catch { return fail(error.code, at: 0) }
        showHeader(of: file)
        var readings = BMERawReadings(file)
        for (number, row) in file.rows.enumerated() { show(row, number, of: file, time: readings.time(of: row)) }
        if let cutAt = file.cutAt {
            fail("truncated", at: cutAt) { writer in
                writer.key("rows")
                writer.integer(file.rows.count)
            }
        }
    }

    private func showHeader(of file: BMERawFile) {
        print { writer in
            writer.key("board_id")
            writer.string(file.boardID)
            writer.key("seed")
            writer.string(file.seed)
            writer.key("power_count")
            writer.integer(file.powerCount)
            writer.key("file_count")
            writer.integer(file.fileCount)
            writer.key("firmware")
            if let firmware = file.firmware { writer.string(firmware) } else { writer.null() }
            writer.key("columns")
            writer.beginArray()
            for key in file.columnKeys { writer.string(key) }
            writer.endArray()
            writer.key("rows")
            writer.integer(file.rows.count)
        }
    }

    private func show(_ row: BMERawRow, _ number: Int, of file: BMERawFile, time: Int64?) {
        print { writer in
            func integer(_ column: BMERawColumn, _ value: Int64?) {
                writer.key(column.rawValue)
                if let value { writer.integer(value) } else { writer.null() }
            }
            func decimal(_ column: BMERawColumn, _ value: Double?) {
                writer.key(column.rawValue)
                if let value { writer.shortNumber(value) } else { writer.null() }
            }
            writer.key("row")
            writer.integer(number)
            integer(.sensorIndex, row.sensorIndex.map(Int64.init))
            writer.key(BMERawColumn.sensorID.rawValue)
            if let id = row.sensorID { writer.unsigned(id) } else { writer.null() }
            integer(.sincePowerOn, row.sincePowerOn)
            integer(.clock, row.clock)
            decimal(.temperature, row.celsius)
            decimal(.pressure, row.hectopascal)
            decimal(.humidity, row.humidityPercent)
            decimal(.gas, row.gasOhm)
            integer(.heaterStep, row.heaterStep.map(Int64.init))
            writer.key(BMERawColumn.scanning.rawValue)
            if let isScanning = row.isScanning { writer.bool(isScanning) } else { writer.null() }
            integer(.scanningCycle, row.scanningCycle)
            integer(.labelTag, row.labelTag)
            integer(.errorCode, row.errorCode)
            writer.key("heater_profile")
            let profile = row.sensorIndex.flatMap { file.profilesBySensor[$0] }
            if let profile { writer.string(profile) } else { writer.null() }
            writer.key("time")
            if let time { writer.string(RFC3339.text(time)) } else { writer.null() }
        }
    }
}
