import FieldProtocols
import GatewayModel
import Testing

/// What the public documents of Zigbee2MQTT, Shelly and ESPHome say of units and types; a checker of its own in another
/// language has compared some thousand messages of each.
@Suite struct HomeDevices {
    private func units(_ heard: FamilyRig.Heard) -> [String: String] {
        Dictionary(
            heard.records.flatMap { $0.readings.map { ($0.metric.text, $0.unit.code) } }, uniquingKeysWith: { $1 })
    }

    @Test func zigbeeUnitsAreThoseOfItsDefinitionsAndNoneWhereTheyDiffer() {
        var rig = FamilyRig(.zigbee2mqtt)
        let heard = rig.hear(
            "zigbee2mqtt/meter",
            #"{"power":1,"power_phase_b":2,"power_apparent":3,"power_reactive":4,"current_phase_c":5,"ac_frequency":50,"#
                + #""produced_energy":6,"temperature_l2":21.5,"pm10":7,"formaldehyd":0.1,"voc":5,"voltage":3000,"#
                + #""voltage_phase_b":230,"illuminance":20000,"illuminance_lux":99,"x_axis":1,"device_temperature":30}"#
        )
        #expect(
            units(heard) == [
                "power": "W", "power_phase_b": "W", "power_apparent": "V.A", "power_reactive": "var",
                "current_phase_c": "A", "ac_frequency": "Hz", "produced_energy": "kW.h", "temperature_l2": "Cel",
                "pm10": "ug/m3", "formaldehyd": "mg/m3", "voc": "", "voltage": "", "voltage_phase_b": "V",
                "illuminance": "", "illuminance_lux": "lx", "x_axis": "", "device_temperature": "Cel",
            ])
        let states = rig.hear(
            "zigbee2mqtt/wall", #"{"state_left":"ON","state_right":"OFF","state":"OPEN","action":"on"}"#)
        #expect(
            states.values == [
                "wall state_left": .flag(true), "wall state_right": .flag(false), "wall state": .text("OPEN"),
                "wall action": .text("on"),
            ])
    }

    @Test func metersOfThreePhasesAndCountersOfPulsesHaveTheirUnits() {
        var rig = FamilyRig(.shelly)
        let heard = rig.hear(
            "shellypro3em-1/events/rpc",
            #"{"method":"NotifyStatus","params":{"ts":1631186545.04,"em:0":{"id":0,"a_voltage":230,"b_act_power":-5,"#
                + #""c_pf":0.9,"n_current":1,"total_aprt_power":9},"emdata:0":{"a_total_act_energy":1,"#
                + #""total_act_ret":2},"input:2":{"counts":{"total":11}},"cover:0":{"current_pos":50,"#
                + #""aenergy":{"total":3,"by_minute":[1,2,3]}},"bthomedevice:200":{"battery":88}}}"#)
        #expect(
            units(heard) == [
                "em_0.a_voltage": "V", "em_0.b_act_power": "W", "em_0.c_pf": "1", "em_0.n_current": "A",
                "em_0.total_aprt_power": "V.A", "emdata_0.a_total_act_energy": "W.h", "emdata_0.total_act_ret": "W.h",
                "input_2.counts.total": "", "cover_0.current_pos": "%", "cover_0.aenergy.total": "W.h",
                "bthomedevice_200.battery": "%",
            ])
    }

    /// What a component says on its own topic is called as it is in a notification.
    @Test func aComponentHasTheSameNamesByBothWays() {
        var rig = FamilyRig(.shelly)
        let parts = [
            ("sys", #"{"uptime":7,"ram_free":5,"fs_free":3,"unixtime":1}"#),
            ("wifi", #"{"rssi":-60,"status":"got ip"}"#),
            ("switch:0", #"{"id":0,"output":true,"aenergy":{"total":1},"temperature":{"tC":40}}"#),
        ]
        for (component, status) in parts {
            let alone = rig.hear("plug/status/\(component)", status)
            let told = rig.hear(
                "plug/events/rpc",
                #"{"method":"NotifyStatus","params":{"ts":1631186545.04,"\#(component)":\#(status)}}"#)
            #expect(!alone.values.isEmpty && alone.values == told.values && units(alone) == units(told), "\(component)")
        }
        #expect(units(rig.hear("plug/status/sys", parts[0].1))["sys.uptime"] == "s")
    }

    @Test func aTextSensorOfESPHomeSaysTexts() {
        var rig = FamilyRig(.esphome)
        for text in ["1.10", "ON", "nan", "night"] {
            #expect(rig.hear("node/text_sensor/mode/state", text).values == ["node mode": .text(text)])
        }
        #expect(rig.hear("node/sensor/t/state", "1.10").values == ["node t": .number(1.1)])
        #expect(rig.hear("node/binary_sensor/door/state", "ON").values == ["node door": .flag(true)])
        #expect(rig.hear("node/sensor/t/state", "nan").reason == .valueNotFinite)
    }
}
