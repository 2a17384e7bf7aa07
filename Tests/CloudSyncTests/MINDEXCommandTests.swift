import GatewayModel
import HTTPClient
import JSONText
import Testing

@testable import CloudSync

@Suite struct MINDEXCommandTests {
    private let board = DeviceID("mycobrain-01")!
    private let uuid = "0f8f9f70-1111-4222-8333-444455556666"

    private func entries(_ payload: String, type: String = "x", status: String = "pending") throws -> [MINDEXCommand]? {
        let text = """
            [{"id":"c-1","device_id":"\(uuid.uppercased())","device_serial":"mycobrain-01","command_type":"\(type)",
              "command_payload":\(payload),"priority":1,"status":"\(status)","expires_at":"2026-01-15T15:30:00+00:00"}]
            """
        return MINDEXCommand.entries(try JSON(parsing: text), device: board, uuid: uuid)
    }

    private func expected(_ name: String, _ params: String) -> [MINDEXCommand] {
        [.command(RemoteCommand(id: "c-1", device: board, name: name, params: params, expires: 1_768_491_000_000))]
    }

    @Test func theWordsOfMINDEXBecomeThoseOfTheBoard() throws {
        #expect(
            try entries(#"{"cmd":"mosfet","target":"M2","value":true,"params":{}}"#)
                == expected("output_control", #"{"id":"mosfet2","value":true}"#))
        #expect(
            try entries(#"{"cmd":"set_interval","value":5000,"params":{}}"#)
                == expected("stream_sensors", #"{"rate_hz":0.2}"#))
        #expect(try entries(#"{"cmd":"i2c_scan","target":null,"value":null,"params":{}}"#) == expected("scan", "{}"))
        #expect(
            try entries(#"{"cmd":"buzz","value":3,"params":{"freq":440}}"#)
                == expected("buzz", #"{"freq":440,"value":3}"#))
    }

    @Test(arguments: [
        #"{"cmd":"mosfet","target":"M4","value":true}"#, #"{"cmd":"set_interval","value":0}"#,
        #"{"cmd":"reboot","target":"A","value":0}"#, #"{"cmd":"ota_update","value":"http://x/fw.bin"}"#,
        "{\"cmd\":\"\"}",
    ])
    func whatNoBoardCanDoIsAnsweredWithItsReason(payload: String) throws {
        guard case .impossible(_, let reason)? = try entries(payload)?.first else {
            Issue.record("\(payload) is passed on")
            return
        }
        #expect(!reason.isEmpty)
    }

    @Test func whatIsNotPendingOrForAnotherDeviceIsNotDone() throws {
        #expect(try entries("{}", status: "acknowledged") == [])
        let other = try JSON(parsing: #"[{"id":"c","device_id":"other","command_payload":{"cmd":"ping"}}]"#)
        #expect(MINDEXCommand.entries(other, device: board, uuid: uuid) == [])
        #expect(MINDEXCommand.entries(try JSON(parsing: #"{"detail":"x"}"#), device: board, uuid: uuid) == nil)
    }

    @Test func anHMACTokenIsWhatTheServerComputes() {
        // Computed with Python's hmac and base64.
        #expect(
            MINDEXCredentials.signed("mycogate", "s3cret", unixSeconds: 1_768_478_400)
                == "bXljb2dhdGU6MTc2ODQ3ODQwMDo5YTY3ZmUzMmQ4ZGY0MmRlNjI5NDcwMTM1NjE3MzIwOWJkYWU1MzFkZWJiYzk5NTRiZDUwMWYzM2YzNmNmYmU2"
        )
    }

    @Test func onlyAKeyOrAPreSharedTokenOpensTheDownlink() {
        #expect(!MINDEXCredentials(token: .signed(service: "s", secret: "x")).opensDownlink)
        #expect(MINDEXCredentials(token: .signed(service: "s", secret: "x"), key: "k").opensDownlink)
        #expect(MINDEXCredentials(token: .preShared("p")).opensDownlink)
        let headers = MINDEXCredentials(token: .preShared("p")).headers(at: Timestamp(milliseconds: 0, trusted: true))
        #expect(headers.contains(.init("X-API-Key", "p")) && headers.contains(.init("X-Internal-Token", "p")))
    }
}
