import ControlAPI
import Drivers

/// Counters of the drivers for `/metrics`.
enum IntakeMeasures {
    static func of(_ mqtt: MQTTSide?, _ serial: SerialSide?, _ lora: LoRaSide?) -> [Measure] {
        var list: [Measure] = []
        if let status = mqtt?.intake.status {
            list += [
                Measure(
                    "mycogate_mqtt_subscribed", .gauge, help: "1 while subscribed to the broker",
                    status.isSubscribed ? 1 : 0),
                Measure(
                    "mycogate_mqtt_messages_total", .counter, help: "Messages that arrived over MQTT",
                    Double(status.messages)),
                Measure(
                    "mycogate_mqtt_bytes_total", .counter, help: "Payload bytes that arrived over MQTT",
                    Double(status.bytes)),
                Measure(
                    "mycogate_mqtt_connections_total", .counter, help: "Connections made to the broker",
                    Double(status.connections)),
            ]
        }
        for (reason, count) in (mqtt?.intake.status.mutilated ?? [:]).sorted(by: { $0.key < $1.key }) {
            list.append(
                Measure(
                    "mycogate_values_dropped_total", .counter,
                    help: "Messages over MQTT that were stored without some of their values, by the first reason",
                    labels: [("reason", reason)], Double(count)))
        }
        if let status = lora?.server.status {
            list += [
                Measure(
                    "mycogate_lora_datagrams_total", .counter, help: "Datagrams of packet forwarders",
                    Double(status.datagrams)),
                Measure(
                    "mycogate_lora_messages_total", .counter, help: "Messages of Basics Stations",
                    Double(status.messages)),
                Measure(
                    "mycogate_lora_stations", .gauge, help: "Basics Stations that are connected",
                    Double(status.stations)),
                Measure(
                    "mycogate_lora_packets_total", .counter,
                    help: "Packets heard with a good checksum, by each gateway", Double(status.packets)),
                Measure(
                    "mycogate_lora_damaged_packets_total", .counter, help: "Packets heard with a bad checksum",
                    Double(status.damagedPackets)),
                Measure(
                    "mycogate_lora_duplicates_total", .counter, help: "Packets that another gateway heard too",
                    Double(status.duplicates)),
                Measure(
                    "mycogate_lora_accepted_total", .counter, help: "Frames of known devices, stored",
                    Double(status.accepted)),
                Measure(
                    "mycogate_lora_downlinks_total", .counter, help: "Packets given to gateways to send",
                    Double(status.downlinks)),
            ]
        }
        for port in serial?.intake.ports() ?? [] {
            let labels = [("port", port.path)]
            let counts = port.counts
            list += [
                Measure(
                    "mycogate_serial_port_open", .gauge, help: "1 while the port is open", labels: labels,
                    port.state == .open ? 1 : 0),
                Measure(
                    "mycogate_serial_received_bytes_total", .counter, help: "Bytes received", labels: labels,
                    Double(counts.bytesReceived)),
                Measure(
                    "mycogate_serial_messages_total", .counter, help: "Frames and lines understood", labels: labels,
                    Double(counts.messages)),
            ]
            for (what, count) in [("missing", counts.missing), ("repeated", counts.repeated), ("late", counts.late)] {
                list.append(
                    Measure(
                        "mycogate_serial_numbers", .gauge,
                        help: "Numbered messages that are not here, came again, came late",
                        labels: labels + [("what", what)], Double(count)))
            }
            for (reason, count) in counts.damagedByReason.sorted(by: { $0.key < $1.key }) {
                list.append(
                    Measure(
                        "mycogate_serial_damaged_total", .counter, help: "Damaged frames",
                        labels: labels + [("reason", reason)], Double(count)))
            }
        }
        return list
    }
}
