internal import CLinux
internal import Crypto
public import FieldProtocols
internal import Glibc
internal import JSONText

/// A LoRa Basics Station, over a real WebSocket: asks where to connect, says who it is and hands over what it hears.
/// Connects again by itself when the server has gone. Used from one thread.
public final class SimulatedStation {
    public let eui: LoRaEUI
    private let port: Int
    private var descriptor: Int32 = -1
    private var unread: [UInt8] = []
    private var xtime: Int64 = 40_250_921_680_313_459
    /// Whether the server has told it which channels to listen to.
    public private(set) var isConfigured = false
    /// Packets handed over.
    public private(set) var pushed = 0

    private static let patienceMilliseconds: Int32 = 2_000

    /// Reports to a server on this machine.
    public init(eui: LoRaEUI, port: Int) {
        self.eui = eui
        self.port = port
    }

    deinit { disconnect() }

    /// Connects unless it is connected; whether it is then.
    @discardableResult
    public func connect() -> Bool {
        if isConfigured { return true }
        disconnect()
        guard open("/router-info"), send(#"{"router":"\#(eui.id6)"}"#), let answer = receive(),
            let uri = answer["uri"]?.string, let path = uri.split(separator: "/", maxSplits: 2).last
        else { return false }
        disconnect()
        guard open("/" + path),
            send(#"{"msgtype":"version","station":"2.0.6(sim)","model":"sim","protocol":2,"features":""}"#),
            let configuration = receive(), configuration["msgtype"] == "router_config"
        else { return false }
        isConfigured = true
        return true
    }

    /// Hands over what was heard; false if the server is not there.
    @discardableResult
    public func push(_ frame: [UInt8], rssi: Int = -57, snr: Double = 9.5) -> Bool {
        guard connect(), frame.count >= 12 else { return false }
        xtime += 250_000
        func signed(_ bytes: ArraySlice<UInt8>) -> Int64 {
            Int64(Int32(bitPattern: bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }))
        }
        let port = 8 + Int(frame[5] & 15)
        let message: JSON = [
            "msgtype": "updf", "MHdr": .integer(Int64(frame[0])), "DevAddr": .integer(signed(frame[1..<5])),
            "FCtrl": .integer(Int64(frame[5])), "FCnt": .integer(Int64(frame[6]) | Int64(frame[7]) << 8),
            "FOpts": .string(Hex.encode(frame[8..<port])), "FPort": .integer(Int64(frame[port])),
            "FRMPayload": .string(Hex.encode(frame[(port + 1)..<(frame.count - 4)])),
            "MIC": .integer(signed(frame.suffix(4))), "DR": 5, "Freq": 868_500_000,
            "upinfo": [
                "rctx": 0, "xtime": .integer(xtime), "gpstime": 0, "rssi": .integer(Int64(rssi)), "snr": .number(snr),
            ],
        ]
        guard send(message.text) else {
            isConfigured = false
            return false
        }
        pushed += 1
        return true
    }

    /// Leaves without a word.
    public func disconnect() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        isConfigured = false
        unread = []
    }

    private func open(_ path: String) -> Bool {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard LoopbackPort.withAddress(port: port, { Glibc.connect(descriptor, $0, $1) == 0 }) else { return false }
        let request =
            "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        guard write(Array(request.utf8)) else { return false }
        while unread.suffix(4) != [13, 10, 13, 10] {
            guard let byte = read(1) else { return false }
            unread += byte
        }
        defer { unread = [] }
        return unread.starts(with: "HTTP/1.1 101 ".utf8)
    }

    /// One frame of text, masked with zeros.
    private func send(_ text: String) -> Bool {
        let payload = Array(text.utf8)
        let length =
            payload.count < 126
            ? [0x80 | UInt8(payload.count)]
            : [0xFE, UInt8(payload.count >> 8), UInt8(truncatingIfNeeded: payload.count)]
        return write([0x81] + length + [0, 0, 0, 0] + payload)
    }

    /// The next message of text; what is no message is passed over.
    private func receive() -> JSON? {
        while let head = read(2) {
            var length = Int(head[1])
            if length == 126 {
                guard let long = read(2) else { return nil }
                length = Int(long[0]) << 8 | Int(long[1])
            }
            guard length <= 0xFFFF, let payload = read(length) else { return nil }
            if head[0] == 0x81 { return try? JSON(parsing: payload) }  // nonsense is no message
            if head[0] == 0x88 { return nil }
        }
        return nil
    }

    private func write(_ bytes: [UInt8]) -> Bool {
        Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    private func read(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, Self.patienceMilliseconds) > 0 else { return nil }
            let got = bytes[filled...].withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            guard got > 0 else { return nil }
            filled += got
        }
        return bytes
    }
}
