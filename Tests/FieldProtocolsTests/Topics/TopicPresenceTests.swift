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

    /// Boards and agents leave a retained presence with a will (field reference, section 5): the broker tells when they go.
    @Test(arguments: [
        (
            #"{"device_id":"m1","online":true}"#,
            #"{"device_id":"m1","online":false,"last_seen":"2026-01-15T14:30:00Z"}"#
        ),
        (#"{"status":"online","device_role":"side_b"}"#, #"{"status":"offline"}"#), (#""online""#, #""offline""#),
    ])
    func aBoardIsWatchedByItsWill(_ there: String, _ gone: String) {
        let topic = "mycosoft/devices/m1/presence"
        let online = presence(topic, there)
        #expect(online?.isOnline == true && online?.isWatched == true && online?.isOld == false)
        let offline = presence(topic, gone)
        #expect(offline?.isOnline == false && offline?.isWatched == true)
        #expect(offline?.isOld == true, "the broker says it, the board was not heard")
        guard case .presence(_, let kept) = Decoded(topic, there, retained: true).verdict else {
            return #expect(Bool(false))
        }
        #expect(kept.isOnline == true && kept.isWatched && kept.isOld, "what was kept is no sign of life")
        #expect(presence(topic, #"{"nickname":"Bench"}"#)?.isWatched == false, "that says nothing of it")
        // No will stands behind these.
        #expect(presence("natureos/devices/m1/status", there)?.isWatched == false)
        #expect(presence("mycobrain/m1/heartbeat", "{}")?.isWatched == false)
    }

    @Test(arguments: ["mycobrain/m1/heartbeat", "mycosoft/devices/m1/presence", "natureos/devices/m1/status"])
    func whatIsNeitherAnObjectNorAWordSaysNothing(topic: String) {
        for payload in ["null", "7", "true", "[]"] { #expect(Decoded(topic, payload).reason == .malformedJSON) }
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
