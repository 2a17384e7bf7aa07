import GatewayModel
import GatewayTestKit
import Testing

@testable import FieldProtocols

/// A metric has the unit of its birth, however its data calls it and in whatever order births and data come.
@Suite struct SparkplugUnitTests {
    /// How data calls a metric. By the specification it is the alias if there is one; some bear both, or the name alone.
    enum Call: CaseIterable { case alias, name, both }

    private static func celsius(_ writer: inout ProtobufWriter) {
        var unit = ProtobufWriter()
        unit.varint(1, 12)
        unit.text(8, "°C")
        var set = ProtobufWriter()
        set.text(1, "engUnit")
        set.bytes(2, unit.bytes)
        writer.bytes(9, set.bytes)
    }

    private static func born(_ name: String, alias: UInt64?) -> [UInt8] {
        SparkplugSample.metric(name, alias: alias, type: .double) {
            celsius(&$0)
            $0.fixed64(13, (20.5).bitPattern)
        }
    }

    private static func said(_ name: String, alias: UInt64, _ call: Call, seq: UInt64) -> [UInt8] {
        let metric = SparkplugSample.metric(
            call == .alias ? nil : name, alias: call == .name ? nil : alias, type: .double
        ) { $0.fixed64(13, (21.5).bitPattern) }
        return SparkplugSample(seq: seq, metric).bytes
    }

    private func units(_ heard: FamilyRig.Heard) -> [Unit] { heard.records.flatMap { $0.readings.map(\.unit) } }

    @Test(arguments: Call.allCases)
    func dataHasTheUnitOfItsBirthHoweverItCallsTheMetric(call: Call) {
        var rig = FamilyRig(.sparkplug)
        _ = rig.hear("spBv1.0/G/NBIRTH/n1", SparkplugSample.birth(1, Self.born("t", alias: 7)))
        #expect(units(rig.hear("spBv1.0/G/NDATA/n1", Self.said("t", alias: 7, call, seq: 1))) == [.celsius])
    }

    @Test func aNameThatIsNotItsAliassesIsTakenAtItsWord() {
        var rig = FamilyRig(.sparkplug)
        _ = rig.hear("spBv1.0/G/NBIRTH/n1", SparkplugSample.birth(1, Self.born("t", alias: 7)))
        let heard = rig.hear("spBv1.0/G/NDATA/n1", Self.said("other", alias: 7, .both, seq: 1))
        #expect(heard.values == ["G:n1 other": .number(21.5)] && units(heard) == [.none])
    }

    /// A node that is asked for its birth publishes it from another thread than its data: data comes in between.
    @Test(arguments: Call.allCases)
    func aDeviceKeepsItsUnitsWhileItsNodeIsBornAgain(call: Call) {
        var rig = FamilyRig(.sparkplug)
        let data = "spBv1.0/G/DDATA/n1/d1"
        _ = rig.hear("spBv1.0/G/NBIRTH/n1", SparkplugSample.birth(1))
        _ = rig.hear("spBv1.0/G/DBIRTH/n1/d1", SparkplugSample(seq: 1, Self.born("t", alias: 7)).bytes)
        _ = rig.hear("spBv1.0/G/NBIRTH/n1", SparkplugSample.birth(1))
        #expect(units(rig.hear(data, Self.said("t", alias: 7, call, seq: 1))) == [.celsius])
        _ = rig.hear("spBv1.0/G/DBIRTH/n1/d1", SparkplugSample(seq: 2, SparkplugSample.int("t", alias: 8, 1)).bytes)
        let again = rig.hear(data, Self.said("t", alias: 7, call, seq: 3))
        #expect(units(again) == (call == .alias ? [] : [.none]), "its own birth says it anew")
    }

    @Test func aNewSessionOfTheNodeMakesWhatItsDevicesSaidDoubtful() {
        var rig = FamilyRig(.sparkplug)
        _ = rig.hear("spBv1.0/G/NBIRTH/n1", SparkplugSample.birth(1))
        _ = rig.hear("spBv1.0/G/DBIRTH/n1/d1", SparkplugSample(seq: 1, Self.born("t", alias: 7)).bytes)
        _ = rig.hear("spBv1.0/G/NBIRTH/n1", SparkplugSample.birth(2))
        let heard = rig.hear("spBv1.0/G/DDATA/n1/d1", Self.said("t", alias: 7, .alias, seq: 1))
        #expect(heard.records.isEmpty && heard.dropped == .unknownAlias)
    }

    /// Births, rebirths, deaths, lost connections and data in any order: once a birth of the session was heard, no value
    /// is without its unit.
    @Test(arguments: 0..<50)
    func noOrderOfEventsLosesTheUnit(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var rig = FamilyRig(.sparkplug)
        var (session, seq): (Int32, UInt64) = (1, 0)
        var isBorn = [false, false]
        let topics = ["spBv1.0/R\(seed)/NDATA/n1", "spBv1.0/R\(seed)/DDATA/n1/d1"]
        func next() -> UInt64 {
            seq = (seq + 1) % 256
            return seq
        }
        for _ in 0..<400 {
            switch random.integer(in: 0...19) {
            case 0, 1:
                // In a new session the device waits for its own birth.
                if random.chance(0.3) { (session, isBorn) = (session + 1, [false, false]) }
                if !isBorn[0] { isBorn[1] = false }
                seq = 0
                isBorn[0] = true
                _ = rig.hear("spBv1.0/R\(seed)/NBIRTH/n1", SparkplugSample.birth(session, Self.born("t", alias: 1)))
            case 2, 3:
                isBorn[1] = true
                let birth = SparkplugSample(seq: next(), Self.born("t", alias: random.chance(0.5) ? 1 : 7))
                _ = rig.hear("spBv1.0/R\(seed)/DBIRTH/n1/d1", birth.bytes)
                if random.chance(0.5) { _ = rig.hear("spBv1.0/R\(seed)/DBIRTH/n1/d1", birth.bytes) }
            case 4:
                isBorn = [false, false]
                _ = rig.hear("spBv1.0/R\(seed)/NDEATH/n1", SparkplugSample.death(session))
            case 5 where isBorn[0]: _ = rig.hear("spBv1.0/R\(seed)/NDEATH/n1", SparkplugSample.death(session - 1))
            case 6:
                isBorn = [false, false]
                _ = rig.connect(resumed: false)
            case 7: _ = rig.connect(resumed: true)
            case 8: _ = next()
            default:
                let place = random.integer(in: 0...1)
                let call = Call.allCases[random.integer(in: 0...2)]
                let alias: UInt64 = place == 0 ? 1 : random.chance(0.5) ? 1 : 7
                let heard = rig.hear(topics[place], Self.said("t", alias: alias, call, seq: next()))
                let unknown = units(heard).filter { $0 != .celsius }
                #expect(!isBorn[place] || unknown.isEmpty, "seed \(seed)")
            }
        }
    }
}
