import GatewayTestKit
import JSONText
import Testing

@testable import FieldProtocols

@Suite struct MDPStructTests {
    private func content(_ id: String) -> MDPStruct? {
        guard case .frame(let header, let payload, _)? = HeardEvent.all(of: MDPVectors.valid(id)).first else {
            return nil
        }
        return payload.withUnsafeBytes { bytes in
            do throws(MDPError) { return try MDPStruct(bytes, of: header.type) } catch { return nil }
        }
    }

    @Test func packedTelemetryHasItsFields() throws {
        guard case .telemetryV1(let telemetry)? = content("bin-telemetry-v1-legacy") else {
            Issue.record("no telemetry")
            return
        }
        #expect(telemetry.uptimeMilliseconds == 61_234)
        #expect(telemetry.analogCounts == [100, 200, 300, 4095])
        #expect(telemetry.analogVolts.last == 3.3)
        #expect(telemetry.mosfets == [true, false, false])
        #expect(telemetry.i2cAddresses == [[0x76, 0x77], [], [], []])
        #expect(telemetry.bmeAddresses[0] == 0x76)
        #expect(telemetry.bmeChips[0] == 0x61)
        #expect(telemetry.sdaPins[0] == 5 || telemetry.sclPins[0] == 5)
    }

    @Test func dronesHaveTheirFields() {
        guard case .droneTelemetry(let drone)? = content("drone-telemetry-packed"),
            case .droneMissionStatus(let mission)? = content("drone-mission-status-packed")
        else {
            Issue.record("no drone")
            return
        }
        #expect(abs(drone.latitude - 37.7749) < 0.0001)
        #expect(drone.flightMode == "auto")
        #expect(drone.isArmed)
        #expect(drone.batteryPercent == 76)
        #expect(drone.batteryVolts == 15.1)
        #expect(drone.temperature == 21.5)
        #expect(drone.missionState == "data_mule")
        #expect(drone.missionProgress == 40)
        #expect(drone.target == "mycobrain-1db410")
        #expect(mission.id == 7)
        #expect(mission.progress == 55)
        #expect(mission.error.isEmpty)
    }

    @Test func channelStateHasItsFields() {
        guard case .wifiSense(let sense)? = content("wifisense-packed") else {
            Issue.record("no channel state")
            return
        }
        #expect(sense.nanoseconds == 123_456_789)
        #expect(sense.rssi == -61)
        #expect(sense.channelState == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(sense.acceleration == [0, 0, 9.81])
        #expect(sense.compass == [20, 5, 40])
    }

    @Test func commandsAndTheirResultsHaveTheirFields() {
        #expect(content("bin-cmd-scan-i2c") == .command(BinaryCommand(id: 2, content: [])))
        guard case .commandResult(let result)? = content("bin-evt-cmd-result-badlen") else {
            Issue.record("no result")
            return
        }
        #expect(result.commandID == 3)
        #expect(result.status == -2)
    }

    @Test func structsOfAnyLengthAreReadInsideTheirBounds() {
        var random = SeededRandom(seed: 12)
        for _ in 0..<3000 {
            var bytes = random.bytes(random.integer(in: 0...600))
            if random.chance(0.3) { bytes = [0x5A, 0xA1, 1, 1] + random.bytes(184) }
            for type in UInt8(0)...9 {
                bytes.withUnsafeBytes { payload in
                    do throws(MDPError) {
                        _ = try MDPStruct(payload, of: MDPMessageType(rawValue: type))
                    } catch {
                        #expect(error == .commandLengthExceedsFrame)
                    }
                }
            }
        }
    }
}
