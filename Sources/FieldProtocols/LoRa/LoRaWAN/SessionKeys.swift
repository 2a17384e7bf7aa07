public import Crypto

/// The two keys of a session of LoRaWAN 1.0, and what is done with them.
///
/// Belongs to one thread, as the keys do.
public struct SessionKeys {
    let network: AES128
    let application: AES128

    /// Nil unless both have 16 bytes.
    public init?(network: [UInt8], application: [UInt8]) {
        guard let network = AES128(key: network), let application = AES128(key: application) else { return nil }
        self.network = network
        self.application = application
    }

    /// The four bytes that a data frame must end with under this 32-bit counter.
    public func mic(of message: [UInt8], _ frame: DataFrame, counter: UInt32) -> [UInt8] {
        var block = Self.block(0x49, frame, counter)
        block[15] = UInt8(truncatingIfNeeded: message.count)
        return Array(network.authenticationCode(of: block + message).prefix(4))
    }

    /// Encrypts or decrypts the payload of a frame: the same. Port 0 is under the network's key.
    public func crypt(_ frame: DataFrame, counter: UInt32) -> [UInt8] {
        Self.crypt(frame, counter: counter, key: frame.port == 0 ? network : application)
    }

    static func crypt(_ frame: DataFrame, counter: UInt32, key: AES128) -> [UInt8] {
        var result = frame.payload
        var index = 0
        while index < result.count {
            var block = block(0x01, frame, counter)
            block[15] = UInt8(truncatingIfNeeded: index / AES128.byteCount + 1)
            key.encrypt(&block)
            for position in 0..<min(AES128.byteCount, result.count - index) {
                result[index + position] ^= block[position]
            }
            index += AES128.byteCount
        }
        return result
    }

    /// A whole data frame, encrypted and signed.
    public func frame(_ plain: DataFrame, counter: UInt32, as type: PHYPayload.MessageType) -> [UInt8] {
        var frame = plain
        frame.counter = UInt16(truncatingIfNeeded: counter)
        frame.payload = crypt(plain, counter: counter)
        let message = frame.encoded(as: type)
        return message + mic(of: message, frame, counter: counter)
    }

    /// The four bytes that a join request must end with: CMAC under the key of the device.
    public static func mic(ofJoin message: [UInt8], key: AES128) -> [UInt8] {
        Array(key.authenticationCode(of: message).prefix(4))
    }

    private static func block(_ first: UInt8, _ frame: DataFrame, _ counter: UInt32) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: AES128.byteCount)
        block[0] = first
        block[5] = frame.isUplink ? 0 : 1
        for index in 0..<4 {
            block[6 + index] = UInt8(truncatingIfNeeded: frame.address >> UInt32(8 * index))
            block[10 + index] = UInt8(truncatingIfNeeded: counter >> UInt32(8 * index))
        }
        return block
    }
}
