internal import JSONText

extension BMERawFile {
    init(_ root: JSONValue) throws(Failure) {
        guard let body = root["rawDataBody"], let header = root["rawDataHeader"] else { throw .notRawData }
        boardID = header["boardId"]?.string ?? ""
        seed = Self.text(header["seedPowerOnOff"])
        powerCount = header["counterPowerOnOff"]?.int64 ?? 0
        fileCount = header["counterFileLimit"]?.int64 ?? 0
        firmware = header["firmwareVersion"]?.string
        // A string of Unix seconds.
        let created = header["dateCreated"].flatMap { $0.int64 ?? $0.string.flatMap { Int64($0) } }
        self.created = created.flatMap { $0 > 0 ? $0 : nil }
        readConfiguration(root["configBody"])
        try readRows(body)
    }

    private static func text(_ value: JSONValue?) -> String {
        value?.string ?? value?.uint64.map { String($0) } ?? ""
    }

    private mutating func readConfiguration(_ body: JSONValue?) {
        body?["heaterProfiles"]?.forEachElement { profile in
            guard let id = profile["id"]?.string, heaterProfiles.count < 64 else { return }
            var steps: [HeaterStep] = []
            profile["temperatureTimeVectors"]?.forEachElement { step in
                guard let celsius = step[0]?.double, let length = step[1]?.double, steps.count < 64 else { return }
                steps.append(HeaterStep(celsius: celsius, length: length))
            }
            heaterProfiles[id] = steps
        }
        body?["sensorConfigurations"]?.forEachElement { sensor in
            guard let index = sensor["sensorIndex"]?.int64, (0...255).contains(index),
                let profile = sensor["heaterProfile"]?.string
            else { return }
            profilesBySensor[Int(index)] = profile
        }
    }

    private mutating func readRows(_ body: JSONValue) throws(Failure) {
        var columns: [BMERawColumn?] = []
        body["dataColumns"]?.forEachElement { column in
            let key = column["key"]?.string ?? ""
            columnKeys.append(key)
            columns.append(BMERawColumn(rawValue: key))
        }
        guard columns.contains(.sensorIndex), columns.contains(.sincePowerOn) else { throw .missingColumns }
        guard let block = body["dataBlock"] else { return }
        guard block.count <= Self.rowCountMax else { throw .tooManyRows }
        rows.reserveCapacity(block.count)
        block.forEachElement { cells in
            var row = BMERawRow()
            var position = 0
            cells.forEachElement { cell in
                if position < columns.count { columns[position]?.read(cell, into: &row) }
                position += 1
            }
            // A row that ends early was being written when the power went.
            if position >= columns.count || cutAt == nil { rows.append(row) }
        }
    }
}
