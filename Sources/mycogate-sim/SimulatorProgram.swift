import EventLoop
import GatewayTestKit
import Glibc

/// The command line of the simulator.
enum SimulatorProgram {
    static let help = """
        usage: mycogate-sim site --gateway PROGRAM [--seconds N] [--port N] [--seed N]
               mycogate-sim mas [--port N] [--limit]
               mycogate-sim board g1|g2|g3|g4|g5|g6|g7|g10|g11|binary [--link PATH] [--seed N]
               mycogate-sim crash --gateway PROGRAM [--kills N] [--messages N] [--seed N] [--destinations all|mas]
               mycogate-sim links --gateway PROGRAM [--seconds N] [--seed N] [--rate N] [--broker]
               mycogate-sim storage [--seeds N] [--seed N] [--every N]
               mycogate-sim sim [--seed N] [--seeds N] [--bug NAME]

        site    a whole site: the gateway, boards on MQTT and on serial ports, a stand-in MAS. Runs until it is
                interrupted, or for N seconds; then its last line counts what was stored and delivered, and its exit
                status is 0 only if every kind was.
        mas     the stand-in MAS alone; --limit keeps the rate limit of the real one.
        board   one serial board on a pseudo terminal, to try a gateway by hand; --link puts a stable name to it.
        crash   kills the gateway again and again (30 times over 200000 messages) while it takes in and delivers to a
                destination of every kind, and counts what was lost or doubled in the journal and at each of them.
        links   the links to a MAS, a collector and a nats-server are cut, reset, black-holed, slowed to a few bytes a second
                and made to flap for N seconds (600), --broker the one to the broker too, while messages come in; then
                they are healed, and what was lost or doubled is counted.
        storage a journal on a disk that fails: at every call of its life in turn (or every Nth), and by a power cut for each
                of N seeds (1000), from --seed on. Exits with 1 if anything acknowledged is missing or doubled.
        sim     simulated sites in fast time, one for each seed (200 from seed 1): everything goes wrong that can, then
                all is healed, and what devices, servers and pullers have is compared. A seed that fails is printed with
                its last steps. --bug plants a mistake that must be noticed; a wrong name lists them.

        """

    /// Runs the verb; the exit status.
    static func run(_ arguments: [String]) -> Int32 {
        guard !arguments.contains("--help") else {
            say(help)
            return 0
        }
        do throws(UsageError) {
            var options = try SimulatorOptions(arguments)
            // Before any thread is started, so that all of them leave the signals to this one.
            guard let signals = try? SignalSource([SIGINT, SIGTERM]) else { return 1 }
            switch options.verb {
            case "site": return try site(&options, signals)
            case "mas": return try mas(&options, signals)
            case "board": return try board(&options, signals)
            case "crash": return try crash(&options)
            case "links": return try LinkVerb.run(&options)
            case "storage": return try StorageVerb.run(&options)
            case "sim": return try simulate(&options)
            case "help", "-h":
                say(help)
                return 0
            default: throw UsageError(message: "no such verb: \(options.verb)")
            }
        } catch {
            complain("\(error.message)\n\n\(help)")
            return 64
        }
    }

    private static func site(_ options: inout SimulatorOptions, _ signals: SignalSource) throws(UsageError) -> Int32 {
        let gateway = try options.required("gateway")
        let seconds = try options.integer("seconds", in: 1...86_400)
        let port = try options.integer("port", in: 1...65_535)
        let seed = UInt64(try options.integer("seed", in: 0...1_000_000_000) ?? 1)
        try options.finish()
        do {
            let site = try Site(gateway: gateway, port: port, seed: seed)
            return try site.run(seconds: seconds, signals: signals) ? 0 : 1
        } catch {
            complain("demo: \(error)")
            return 1
        }
    }

    private static func mas(_ options: inout SimulatorOptions, _ signals: SignalSource) throws(UsageError) -> Int32 {
        var configuration = StandInMAS.Configuration()
        configuration.port = UInt16(try options.integer("port", in: 1...65_535) ?? 8001)
        configuration.limitsRate = options.flag("limit")
        configuration.keepsContent = false
        try options.finish()
        do {
            let mas = try StandInMAS(configuration)
            say("stand-in MAS at \(mas.url); what it has: curl \(mas.url)/standin/summary\n")
            _ = signals.wait(timeout: nil)
            mas.stop()
            return 0
        } catch {
            complain("mas: \(error)")
            return 1
        }
    }

    private static func board(_ options: inout SimulatorOptions, _ signals: SignalSource) throws(UsageError) -> Int32 {
        let generation = try options.word("a generation: g1 to g7, g10, g11 or binary")
        let link = options.text("link")
        let seed = UInt64(try options.integer("seed", in: 0...1_000_000_000) ?? 1)
        try options.finish()
        let firmware: any BoardFirmware
        switch generation {
        case "g2": firmware = LineBoard(.g2, faults: .usual, seed: seed)
        case "g3": firmware = LineBoard(.g3, faults: .usual, seed: seed)
        case "g11": firmware = MDPBoard(faults: .usual, seed: seed)
        case "binary": firmware = BinaryBoard(faults: .usual, seed: seed)
        default:
            guard let text = TextBoard.Generation(rawValue: generation) else {
                throw UsageError(message: "no such generation: \(generation)")
            }
            firmware = TextBoard(text, faults: .usual, seed: seed)
        }
        do {
            let board = try SimulatedBoard(firmware)
            if let link { try board.cable.link(at: link) }
            say("board \(generation) at \(link ?? board.cable.path)\n")
            _ = signals.wait(timeout: nil)
            board.stop()
            if let link { unlink(link) }
            let ledger = board.ledger
            say("sent \(ledger.count(of: .sent)), unheard \(ledger.count(of: .unheard))\n")
            return 0
        } catch {
            complain("board: \(error)")
            return 1
        }
    }

    /// Prints at once, also into a pipe.
    static func say(_ text: String) {
        print(text, terminator: "")
        fflush(nil)
    }

    static func complain(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        // What cannot be written to standard error has nowhere else to go.
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
