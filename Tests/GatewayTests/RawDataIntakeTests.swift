import ControlAPI
import EventLoop
import FieldProtocols
import Fleet
import GatewayModel
import GatewayTestKit
import JSONText
import MQTT
import Synchronization
import Testing

@testable import Drivers
@testable import Gateway

/// Raw data of a season is taken in once, however much has been stored since.
@Suite struct RawDataIntakeTests {
    private static func file(_ rows: Range<Int>) -> [UInt8] {
        let block = rows.map { row in
            "[\(row % 8),\(row / 8 * 140),\(1_777_889_730 + row / 8 * 140 / 1_000),21.5,1013.2,45.5,\(48_000 + row),\(row / 8 % 10)]"
        }
        let keys = [
            "sensor_index", "timestamp_since_poweron", "real_time_clock", "temperature", "pressure",
            "relative_humidity", "resistance_gassensor", "heater_profile_step_index",
        ]
        let columns = keys.map { #"{"key":"\#($0)"}"# }.joined(separator: ",")
        return Array(
            (#"{"rawDataHeader":{"counterPowerOnOff":1,"seedPowerOnOff":"A1B2","boardId":"246F28AABBCC"},"#
                + #""rawDataBody":{"dataColumns":["# + columns + #"],"dataBlock":["# + block.joined(separator: ",")
                + "]}}").utf8)
    }

    /// What stood in a file is no value of now, and nobody was heard.
    @Test func anImportIsNotAnnouncedAndTurnsNobodyOnline() throws {
        let folder = try TemporaryFolder()
        let configuration = try GatewayConfiguration.smallest(in: folder)
        let clock = SystemClock(isVouched: true)
        let topics = Mutex<[String]>([])
        var store = try Store(configuration, dataDirectory: folder.path, clock: clock)
        let announcer = HomeAnnouncer(gateway: configuration.gateway.id, device: { _ in nil }) { publication in
            topics.withLock { $0.append(publication.topic) }
        }
        store.announcer = announcer
        #expect(try RawDataIntake(store: store, clock: clock).take(Self.file(0..<50)).stored == 50)
        announcer.flush()
        #expect(topics.withLock { $0 } == [])
        let imported = try #require(store.devices.devices().first)
        #expect(imported.presence == .unknown && imported.lastHeard == nil)
        #expect(store.devices.count(onlineAt: clock.now()) == (0, 1))
        // The same device heard now is announced, with what it has said now alone.
        var batch = ObservationBatch()
        batch.append(Reading(try #require(MetricName("door")), .flag(true)))
        batch.append(
            Observation(device: try #require(DeviceName(imported.id)), received: clock.now(), source: .mqtt))
        _ = try store.commit(batch)
        announcer.flush()
        #expect(topics.withLock { $0.count } == 2)
        #expect(store.devices.count(onlineAt: clock.now()) == (1, 1))
    }

    @Test func aFileIsKnownAgainAfterMoreThanTheJournalRemembers() throws {
        let folder = try TemporaryFolder()
        let configuration = try GatewayConfiguration.smallest(in: folder)
        let clock = SystemClock()
        let store = try Store(configuration, dataDirectory: folder.path, clock: clock)
        let intake = RawDataIntake(store: store, clock: clock)
        let first = try intake.take(Self.file(0..<1_200))
        #expect(first.stored == 1_200 && first.duplicates == 0)
        // More messages than identities are remembered: the journal alone would take the file for new.
        let other = try #require(DeviceID("board").flatMap { DeviceName($0) })
        let metric = try #require(MetricName("x"))
        for round in 0..<11 {
            var batch = ObservationBatch()
            for number in 0..<10_000 {
                batch.append(Reading(metric, .number(Double(round))))
                var observation = Observation(device: other, received: clock.now(), source: .mqtt)
                observation.payloadHash = UInt64(round * 10_000 + number)
                batch.append(observation)
            }
            _ = try store.commit(batch)
        }
        // Grown meanwhile: what is new is stored, at the time that follows from the rows before.
        let second = try intake.take(Self.file(0..<1_300))
        #expect(second.stored == 100 && second.duplicates == 1_200)
        let third = try RawDataIntake(store: store, clock: clock).take(Self.file(600..<1_300))
        #expect(third.stored == 0 && third.duplicates == 700)
        // Another run of the board has the same times, and is another.
        let text = String(decoding: Self.file(0..<50), as: UTF8.self)
        let other1 = try intake.take(
            Array(text.replacing(#""counterPowerOnOff":1"#, with: #""counterPowerOnOff":2"#).utf8))
        #expect(other1.stored == 50)
    }
}
