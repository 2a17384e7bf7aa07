import ControlAPI
import FieldProtocols
import GatewayModel
import Journal

/// Takes in raw-data files of BME AI-Studio. A row that is there already is not stored again.
struct RawDataIntake: Sendable {
    let store: Store
    let clock: any Clock

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
        var batch = ObservationBatch()
        for row in file.rows {
            if !readings.append(row, of: name, at: clock.now(), to: &batch) { receipt.unusable += 1 }
            if batch.count >= Self.commitCount { try commit(&batch, &receipt) }
        }
        try commit(&batch, &receipt)
        return receipt
    }

    private func commit(_ batch: inout ObservationBatch, _ receipt: inout ImportReceipt) throws(IngestRefusal) {
        guard !batch.isEmpty else { return }
        do throws(JournalError) {
            let appended = try store.commit(batch)
            receipt.stored += appended.stored
            receipt.duplicates += appended.duplicates
        } catch {
            throw .unavailable(error.description)
        }
        batch.removeAll()
    }
}
