import FieldProtocols
import GatewayModel
import Testing

@Suite struct MQTTPresence {
    private func presence(_ topic: String, _ payload: String) -> DevicePresence? {
        if case .presence(let device, let presence) = Decoded(topic, payload).verdict, device.text == "m1" {
            presence
        } else {
            nil
        }
    }

    @Test func bothWordsForBeingThereAreUnderstood() {
        let agent = presence(
            "mycosoft/devices/m1/presence",
            #"{"device_id":"mycobrain-x","nickname":"Bench","host_kind":"jetson_orin","side_a_fw":"2.1.0","online":true}"#
        )
        #expect(agent?.isOnline == true)
        #expect(agent?.displayName == "Bench")
        #expect(agent?.firmware == "2.1.0")
        #expect(agent?.reportedID == "mycobrain-x")
        #expect(agent?.attributes["host_kind"] == "jetson_orin")
        #expect(presence("mycosoft/devices/m1/presence", #"{"device_id":"m1","online":false}"#)?.isOnline == false)
        #expect(presence("mycosoft/devices/m1/presence", #"{"status":"offline"}"#)?.isOnline == false)
        #expect(presence("mycosoft/devices/m1/presence", #""online""#)?.isOnline == true)
        #expect(presence("natureos/devices/m1/status", #"{"status":"ONLINE","uptime":5}"#)?.isOnline == true)
        #expect(presence("natureos/devices/m1/status", #"{"x":1}"#)?.isOnline == nil)
    }

    @Test func aHeartbeatSaysThatItsDeviceIsThere() {
        let heartbeat = presence(
            "mycobrain/m1/heartbeat",
            #"{"device_name":"MycoBrain","device_role":"mushroom1","firmware_version":"f","board_type":"esp32s3","#
                + #""sensors":["bme688_a",5],"capabilities":["led"],"port":8003}"#)
        #expect(heartbeat?.isOnline == true)
        #expect(heartbeat?.role == "mushroom1")
        #expect(heartbeat?.boardType == "esp32s3")
        #expect(heartbeat?.sensors == ["bme688_a"])
        #expect(heartbeat?.capabilities == ["led"])
        #expect(heartbeat?.attributes["port"] == "8003")
    }

    @Test func answersToCommandsAreUnderstood() {
        func answer(_ payload: String) -> CommandAnswer? {
            if case .commandAck(_, let answer) = Decoded("mycosoft/devices/m1/ack", payload).verdict {
                answer
            } else {
                nil
            }
        }
        #expect(
            answer(#"{"request_id":"r1","ok":true,"result":{"x":1}}"#)
                == CommandAnswer(requestID: "r1", isOK: true, result: #"{"x":1}"#))
        #expect(
            answer(#"{"success":false,"message":"estop_active"}"#)
                == CommandAnswer(requestID: nil, isOK: false, result: "estop_active"))
        #expect(answer(#"{"error":"no"}"#)?.isOK == false)
    }

    @Test func eventsBecomeNotes() {
        let decoded = Decoded("mycosoft/devices/m1/events", #"{"device_id":"m1","kind":"estop","detail":"a\nb"}"#)
        #expect(decoded.verdict == .note)
        #expect(decoded.notes.first?.stream == .events)
        #expect(decoded.notes.first?.kind == "device_event")
        #expect(decoded.notes.first?.device?.text == "m1")
        #expect(decoded.notes.first?.body == #"{"device_id":"m1","kind":"estop","detail":"a\nb"}"#)
        #expect(Decoded("mycosoft/devices/m1/events", "[1]").reason == .malformedJSON)
    }
}
