import CLinux
import GatewayTestKit
import Glibc
import Testing

@testable import Serial

@Suite struct SerialPortTests {
    @Test func openingClearsHUPCLSoThatClosingNeverResetsABoard() throws {
        let pair = try PtyPair()
        var attributes = termios()
        tcgetattr(pair.boardDescriptor, &attributes)
        attributes.c_cflag |= tcflag_t(HUPCL | CSTOPB | PARENB)
        attributes.c_iflag |= tcflag_t(ICRNL | IXON)
        attributes.c_lflag |= tcflag_t(ICANON | ECHO | ISIG)
        tcsetattr(pair.boardDescriptor, TCSANOW, &attributes)
        let port = try SerialPort(opening: pair.path)
        #expect(tcgetattr(port.fileDescriptor, &attributes) == 0)
        #expect(attributes.c_cflag & tcflag_t(HUPCL) == 0)
        #expect(attributes.c_cflag & tcflag_t(CSTOPB | PARENB) == 0)
        #expect(attributes.c_cflag & tcflag_t(CSIZE) == tcflag_t(CS8))
        #expect(attributes.c_cflag & tcflag_t(CLOCAL) != 0)
        #expect(attributes.c_lflag & tcflag_t(ICANON | ECHO | ISIG) == 0)
        #expect(attributes.c_iflag & tcflag_t(ICRNL | IXON) == 0)
        #expect(attributes.c_oflag & tcflag_t(OPOST) == 0)
        #expect(cfgetospeed(&attributes) == speed_t(B115200))
    }

    @Test(arguments: [9_600, 57_600, 921_600, 3_000_000]) func standardSpeedsAreTaken(baud: Int) throws {
        let pair = try PtyPair()
        let port = try SerialPort(opening: pair.path, settings: LineSettings(baud: baud))
        var attributes = termios()
        tcgetattr(port.fileDescriptor, &attributes)
        #expect(cfgetospeed(&attributes) == LineSettings.speed(of: baud))
    }

    /// A pseudo terminal has no parity of its own: what shows is that damaged bytes would be dropped.
    @Test func stopBitsAndParityAreSet() throws {
        let pair = try PtyPair()
        let settings = LineSettings(baud: 9_600, parity: .even, stopBits: .two)
        let port = try SerialPort(opening: pair.path, settings: settings)
        var attributes = termios()
        tcgetattr(port.fileDescriptor, &attributes)
        #expect(attributes.c_cflag & tcflag_t(CSTOPB) != 0)
        #expect(attributes.c_iflag & tcflag_t(INPCK | IGNPAR) == tcflag_t(INPCK | IGNPAR))
    }

    @Test func anyOtherSpeedIsRefused() throws {
        let pair = try PtyPair()
        #expect(throws: SerialError.baudRefused(path: pair.path, baud: 123_456)) {
            try SerialPort(opening: pair.path, settings: LineSettings(baud: 123_456))
        }
    }

    @Test func everyByteValuePassesUnchangedBothWays() throws {
        let pair = try PtyPair()
        let port = try SerialPort(opening: pair.path)
        let all = (0...255).map { UInt8($0) }
        pair.send(all)
        #expect(try port.receive() == all)
        #expect(try all.withUnsafeBytes { try port.write($0) } == 256)
        #expect(pair.receive() == all)
    }

    @Test func anIdlePortReadsNothingWithoutBlocking() throws {
        let pair = try PtyPair()
        let port = try SerialPort(opening: pair.path)
        #expect(try port.receive() == [])
    }

    @Test func aPortThatTakesNothingNeverBlocksTheWriter() throws {
        let pair = try PtyPair()
        let port = try SerialPort(opening: pair.path)
        let block = [UInt8](repeating: 0x55, count: 4_096)
        var total = 0
        while true {
            let count = try block.withUnsafeBytes { try port.write($0) }
            if count == 0 { break }
            total += count
            try #require(total < 10_000_000)
        }
        #expect(total > 0)
    }

    @Test func aPortWhoseOtherSideClosedIsGone() throws {
        var pair: PtyPair? = try PtyPair()
        let port = try SerialPort(opening: try #require(pair).path)
        pair = nil
        #expect(throws: SerialError.gone(path: port.path)) { try port.receive() }
    }

    @Test func aPortIsHeldExclusively() throws {
        let pair = try PtyPair()
        let port = try SerialPort(opening: pair.path)
        #expect(throws: SerialError.busy(path: pair.path)) { try SerialPort(opening: pair.path) }
        port.close()
        port.close()
        _ = try SerialPort(opening: pair.path)
    }

    @Test func bytesThatWaitInARawPortSurviveReopening() throws {
        let pair = try PtyPair()
        try SerialPort(opening: pair.path).close()
        pair.send([1, 2, 3])
        #expect(try SerialPort(opening: pair.path).receive() == [1, 2, 3])
    }

    @Test func bytesThatWentThroughLineEditingAreThrownAway() throws {
        let pair = try PtyPair()
        var attributes = termios()
        tcgetattr(pair.boardDescriptor, &attributes)
        attributes.c_lflag |= tcflag_t(ICANON)
        tcsetattr(pair.boardDescriptor, TCSANOW, &attributes)
        pair.send(Array("edited\n".utf8))
        let port = try SerialPort(opening: pair.path)
        #expect(try port.receive() == [])
    }

    @Test func whatIsNoPortIsRefusedByName() {
        #expect(throws: SerialError.notATerminal(path: "/dev/null")) { try SerialPort(opening: "/dev/null") }
        #expect(throws: SerialError.gone(path: "/dev/no-such-port")) { try SerialPort(opening: "/dev/no-such-port") }
        #expect(throws: SerialError.notATerminal(path: "/tmp")) { try SerialPort(opening: "/tmp") }
    }

    @Test func aMissingPermissionNamesTheGroupThatHasIt() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("tty")
        #expect(close(creat(path, 0o660)) == 0 && chmod(path, 0o660) == 0)
        let error = SerialError(errno: EACCES, call: "open", path: path)
        // Of a file that one has made.
        let group = String(cString: try #require(getgrgid(getegid())).pointee.gr_name)
        #expect(error == .permission(path: path, group: group))
        #expect(error.description.contains("usermod -aG \(group) mycogate"))
        chmod(path, 0o600)
        #expect(SerialError(errno: EACCES, call: "open", path: path) == .permission(path: path, group: nil))
    }
}

extension SerialPort {
    func receive() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = try buffer.withUnsafeMutableBytes { try read(into: $0) }
        return Array(buffer.prefix(count))
    }
}
