import ControlAPI
import FieldProtocols
import GatewayModel
import Journal
import SQLite

/// Takes in raw-data files of BME AI-Studio. A row that is there already is not stored again.
struct RawDataIntake: Sendable {
    let store: Store
    let clock: any Clock
    private let imported: ImportedRows

    init(store: Store, clock: any Clock) {
        self.store = store
        self.clock = clock
        imported = ImportedRows(database: store.state)
    }

    /// Rows that are committed together.
    private static let commitCount = 500

    /// Decodes and stores. Durable on return; of a failure in between some rows may be stored, which a repetition finds.
    func take(_ bytes: [UInt8]) throws(IngestRefusal) -> ImportReceipt {
        let file = try bytes.withUnsafeBytes { input -> Result<BMERawFile, IngestRefusal> in
            do throws(BMERawFile.Failure) { return .success(try BMERawFile.read(input)) } catch {
                return .failure(.rejected(reason: error.code))
            }
        }.get()
        guard let device = BMERawReadings.device(of: file), let name = DeviceName(device) else {
            throw .rejected(reason: RejectReason.badDeviceID.name)
        }
        var receipt = ImportReceipt(device: device, rows: file.rows.count, cutAt: file.cutAt)
        var readings = BMERawReadings(file)
        for start in stride(from: 0, to: file.rows.count, by: Self.commitCount) {
            let rows = Array(file.rows[start..<min(start + Self.commitCount, file.rows.count)])
            try take(rows, as: &readings, of: name, &receipt)
        }
        return receipt
    }

    private func take(
        _ rows: [BMERawRow], as readings: inout BMERawReadings, of device: DeviceName, _ receipt: inout ImportReceipt
    ) throws(IngestRefusal) {
        var batch = ObservationBatch()
        var stored: [BMERawRow] = []
        do throws(SQLiteError) {
            for (row, isKnown) in zip(rows, try imported.areKnown(rows, of: readings.run)) {
                if isKnown {
                    receipt.duplicates += 1
                    readings.skip(row)
                } else if readings.append(row, of: device, at: clock.now(), to: &batch) {
                    stored.append(row)
                } else {
                    receipt.unusable += 1
                }
            }
        } catch {
            throw .unavailable("\(error)")
        }
        guard !batch.isEmpty else { return }
        do throws(JournalError) {
            let appended = try store.commit(imported: batch)
            receipt.stored += appended.stored
            receipt.duplicates += appended.duplicates
        } catch {
            throw .unavailable(error.description)
        }
        // After the commit: what is remembered is there. Killed in between, a repetition is known to the journal.
        do throws(SQLiteError) { try imported.remember(stored, of: readings.run) } catch {
            throw .unavailable("\(error)")
        }
    }
}
