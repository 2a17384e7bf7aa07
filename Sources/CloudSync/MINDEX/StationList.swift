internal import GatewayModel

/// The devices for which there is something to do at a MINDEX, and when. Milliseconds of the monotonic clock.
struct StationList {
    private struct Station {
        var device: DeviceAnnouncement
        var isListed = true
        /// What MINDEX calls it, once known.
        var uuid: String?
        var identifyAt: Int64
        var pollAt: Int64
        var reportAt: Int64
    }

    private var stations: [DeviceID: Station] = [:]
    /// Round-robin among those due.
    private var order: [DeviceID] = []

    /// A device that MINDEX does not know is asked for again after the first, a known one after the other.
    private static let unknownInterval: Int64 = 600_000
    private static let knownInterval: Int64 = 3_600_000

    mutating func list(_ devices: [DeviceAnnouncement], now: Int64) {
        change { $0.isListed = false }
        for device in devices {
            if stations[device.id] == nil {
                stations[device.id] = Station(device: device, identifyAt: now, pollAt: now, reportAt: now)
                order.append(device.id)
            } else {
                stations[device.id]?.device = device
                stations[device.id]?.isListed = true
            }
        }
        // Who has just gone is reported once more.
        change { station in
            if !station.isListed { station.reportAt = min(now, station.reportAt) }
        }
    }

    mutating func next(now: Int64, fetchesCommands: Bool, reportsHealth: Bool) -> MINDEXErrands.Errand? {
        if !reportsHealth { drop { !$0.isListed } }
        for (index, id) in order.enumerated() {
            guard let station = stations[id] else { continue }
            let errand: MINDEXErrands.Errand
            if fetchesCommands, station.isListed, station.identifyAt <= now {
                errand = .identify(id)
            } else if fetchesCommands, station.isListed, let uuid = station.uuid, station.pollAt <= now {
                errand = .poll(id, uuid: uuid)
            } else if reportsHealth, station.reportAt <= now {
                errand = .report(station.device, isOnline: station.isListed)
            } else {
                continue
            }
            order.remove(at: index)
            order.append(id)
            return errand
        }
        return nil
    }

    func dueAt(fetchesCommands: Bool, reportsHealth: Bool) -> Int64? {
        var earliest = Int64.max
        for station in stations.values {
            if fetchesCommands, station.isListed {
                earliest = min(earliest, station.identifyAt)
                if station.uuid != nil { earliest = min(earliest, station.pollAt) }
            }
            if reportsHealth { earliest = min(earliest, station.reportAt) }
        }
        return earliest == .max ? nil : earliest
    }

    mutating func identified(_ id: DeviceID, as uuid: String, now: Int64) {
        stations[id]?.uuid = uuid
        stations[id]?.identifyAt = now + Self.knownInterval
    }

    mutating func unknown(_ id: DeviceID, now: Int64) {
        stations[id]?.uuid = nil
        stations[id]?.identifyAt = now + Self.unknownInterval
    }

    mutating func polled(_ id: DeviceID, now: Int64, interval: Int64) { stations[id]?.pollAt = now + interval }

    mutating func reported(_ id: DeviceID, now: Int64, interval: Int64) {
        stations[id]?.reportAt = now + interval
        drop { $0.device.id == id && !$0.isListed }
    }

    mutating func tryAll(now: Int64) {
        change { station in
            station.identifyAt = min(now, station.identifyAt)
            station.pollAt = min(now, station.pollAt)
        }
    }

    private mutating func change(_ body: (inout Station) -> Void) {
        stations = stations.mapValues { station in
            var station = station
            body(&station)
            return station
        }
    }

    private mutating func drop(_ condition: (Station) -> Bool) {
        let gone = stations.values.filter(condition).map(\.device.id)
        guard !gone.isEmpty else { return }
        for id in gone { stations[id] = nil }
        order.removeAll { gone.contains($0) }
    }
}
