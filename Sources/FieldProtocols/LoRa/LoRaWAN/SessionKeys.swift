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
    public func mic(of message: ArraySlice<UInt8>, _ frame: DataFrame, counter: UInt32) -> MIC {
        let head = Self.block(0x49, frame, counter, last: message.count)
        return withUnsafeTemporaryAllocation(byteCount: AES128.byteCount + message.count, alignment: 16) { signed in
            signed.storeBytes(of: head, as: AES128.Block.self)
            UnsafeMutableRawBufferPointer(rebasing: signed[AES128.byteCount...]).copyBytes(from: message)
            return MIC(network.authenticationCode(of: UnsafeRawBufferPointer(signed)))
        }
    }

    /// Encrypts or decrypts the payload of a frame: the same. Port 0 is under the network's key.
    public func crypt(_ frame: DataFrame, counter: UInt32) -> [UInt8] {
        Self.crypt(frame, counter: counter, key: frame.port == 0 ? network : application)
    }

    static func crypt(_ frame: DataFrame, counter: UInt32, key: AES128) -> [UInt8] {
        let blockCount = (frame.payload.count + AES128.byteCount - 1) / AES128.byteCount
        return withUnsafeTemporaryAllocation(of: AES128.Block.self, capacity: blockCount) { stream in
            for index in 0..<blockCount {
                stream.initializeElement(at: index, to: block(0x01, frame, counter, last: index + 1))
            }
            key.encrypt(stream)
            return zip(frame.payload, UnsafeRawBufferPointer(stream)).map { $0 ^ $1 }
        }
    }

    /// A whole data frame, encrypted and signed.
    public func frame(_ plain: DataFrame, counter: UInt32, as type: PHYPayload.MessageType) -> [UInt8] {
        var frame = plain
        frame.counter = UInt16(truncatingIfNeeded: counter)
        frame.payload = crypt(plain, counter: counter)
        let message = frame.encoded(as: type)
        return message + mic(of: message[...], frame, counter: counter).bytes
    }

    /// The four bytes that a join request must end with: CMAC under the key of the device.
    public static func mic(ofJoin message: ArraySlice<UInt8>, key: AES128) -> MIC {
        MIC(message.withUnsafeBytes { key.authenticationCode(of: $0) })
    }

    private static func block(_ first: UInt8, _ frame: DataFrame, _ counter: UInt32, last: Int) -> AES128.Block {
        var block = AES128.Block()
        block[0] = first
        block[5] = frame.isUplink ? 0 : 1
        for index in 0..<4 {
            block[6 + index] = UInt8(truncatingIfNeeded: frame.address >> UInt32(8 * index))
            block[10 + index] = UInt8(truncatingIfNeeded: counter >> UInt32(8 * index))
        }
        block[15] = UInt8(truncatingIfNeeded: last)
        return block
    }
}
