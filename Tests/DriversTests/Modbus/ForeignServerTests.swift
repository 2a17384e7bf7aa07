import Drivers
import EventLoop
import GatewayModel
import GatewayTestKit
import Glibc
import Serial
import Testing

/// A server that others wrote (pymodbus), over TCP and over a serial line.
@Suite(.serialized) struct ForeignServers {
    private struct Server {
        let folder: TemporaryFolder
        let process: ChildProcess

        init(_ arguments: [String], isReady: (TemporaryFolder) -> Bool) throws {
            let folder = try TemporaryFolder("pymodbus")
            try File.write(ForeignServers.script, to: folder.file("server.py"))
            let named = arguments.map { $0 == "LINE" ? folder.file("line") : $0 }
            let process = try ChildProcess(
                "/usr/bin/python3", [folder.file("server.py")] + named, output: folder.file("log"))
            let isThere = Eventually.holds(within: .seconds(60)) { isReady(folder) || !process.isRunning }
            try #require(isThere && process.isRunning, "\((try? File.text(folder.file("log"))) ?? "")")
            self.folder = folder
            self.process = process
        }
    }

    @Test func aServerOfAnotherMakeIsReadAndWrittenOverTCP() async throws {
        let port = try LoopbackPort.free()
        let server = try Server(["tcp", "\(port)"]) { _ in LoopbackPort.accepts(port) }
        defer { server.process.kill(9) }
        try await Self.readAndWrite(.tcp(host: "127.0.0.1", port: port))
    }

    @Test func aServerOfAnotherMakeIsReadAndWrittenOverASerialLine() async throws {
        let server = try Server(["serial", "LINE"]) { File.exists($0.file("line")) }
        defer { server.process.kill(9) }
        try await Self.readAndWrite(.serial(path: server.folder.file("line"), LineSettings(baud: 9_600)))
    }

    private static func readAndWrite(_ endpoint: ModbusBus.Endpoint) async throws {
        let site = ModbusSite()
        let order = #"{"point":"temperature_correction","value":-1.5}"#
        let device = try ModbusSite.device("md", 1, "generic-xy-md02", writes: ["temperature_correction"])
        let bus = try ModbusSite.bus(site, endpoint, [device, try ModbusSite.device("s8", 2, "senseair-s8")])
        var isOrdered = false
        try await site.run(bus) { site in
            guard site["md humidity"] != nil, site["s8 co2"] != nil else { return false }
            // A write is never repeated: it is sent once the server is known to answer.
            if !isOrdered { site.order([("a", "write", order)], of: device.id) }
            isOrdered = true
            bus.commandsWaiting(for: device.id)
            return site.outcomes.count == 1
        }
        #expect(site["md temperature"] == -20.5 && site["md humidity"] == 54.6)
        #expect(site["s8 co2"] == 904)
        #expect(site.outcomes.allSatisfy { $0.hasPrefix("a acknowledged") }, "\(site.outcomes)")
    }

    /// On a serial line it is at one end of two pseudo terminals with a cable between, and links the other end.
    private static let script = """
        import asyncio, os, pty, sys, threading, tty
        from pymodbus.server import StartAsyncSerialServer, StartAsyncTcpServer
        from pymodbus.transaction import ModbusRtuFramer
        from pymodbus.datastore import ModbusSequentialDataBlock, ModbusSlaveContext, ModbusServerContext

        def slave():
            inputs = [0] * 200
            inputs[1:4] = [65331, 546, 904]
            return ModbusSlaveContext(
                ir=ModbusSequentialDataBlock(0, inputs), hr=ModbusSequentialDataBlock(0, [0] * 400), zero_mode=True)

        def carry(source, target):
            while True:
                os.write(target, os.read(source, 4096))

        async def serve(context):
            if sys.argv[1] == "tcp":
                return await StartAsyncTcpServer(context=context, address=("127.0.0.1", int(sys.argv[2])))
            ends = [pty.openpty(), pty.openpty()]
            for _, end in ends:
                tty.setraw(end)
            for source, target in (ends, ends[::-1]):
                threading.Thread(target=carry, args=(source[0], target[0]), daemon=True).start()
            server = asyncio.ensure_future(StartAsyncSerialServer(
                context=context, framer=ModbusRtuFramer, port=os.ttyname(ends[0][1]), baudrate=9600))
            await asyncio.sleep(0.2)
            os.symlink(os.ttyname(ends[1][1]), sys.argv[2])
            await server

        asyncio.run(serve(ModbusServerContext(slaves={1: slave(), 2: slave()}, single=False)))

        """
}
