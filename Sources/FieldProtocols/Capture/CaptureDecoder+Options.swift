internal import Crypto

extension CaptureDecoder {
    /// An option that is not what it must be.
    public struct OptionError: Error, Sendable, Equatable, CustomStringConvertible {
        public var name: String
        /// What is accepted.
        public var accepted: String

        public var description: String { "--\(name): accepted \(accepted)" }
    }
}

extension CaptureDecoder.Options {
    /// The names of all of them, as on the command line.
    public static let names = [
        "key", "generation", "coefficients", "base", "bits", "nwk-s-key", "app-s-key", "app-key", "counter-high",
        "topic",
    ]

    /// Reads what is said by name; what is not said stays as it is by default.
    public init(_ value: (String) -> String?) throws(CaptureDecoder.OptionError) {
        func read<T>(
            _ name: String, _ accepted: String, _ parse: (String) -> T?
        ) throws(CaptureDecoder.OptionError) -> T? {
            guard let text = value(name) else { return nil }
            guard let parsed = parse(text) else { throw .init(name: name, accepted: accepted) }
            return parsed
        }
        func key(_ name: String) throws(CaptureDecoder.OptionError) -> [UInt8]? {
            try read(name, "32 hex digits") { Hex.decode($0).flatMap { $0.count == AES128.byteCount ? $0 : nil } }
        }
        self.init()
        publicKey = try read("key", "an Ed25519 public key, 32 bytes in base64") {
            Base64.decode($0).flatMap { $0.count == 32 ? $0 : nil }
        }
        let generations = LineGeneration.allCases.map(\.rawValue).joined(separator: ", ")
        generation = try read("generation", generations) { LineGeneration(rawValue: $0) }
        coefficients = try read("coefficients", "2…8 numbers parted by commas, A0 first") { text in
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            let numbers = parts.compactMap { Double($0) }
            return numbers.count == parts.count && (2...8).contains(parts.count) ? numbers : nil
        }
        pixelBase = try read("base", "0…1") { Int($0).flatMap { (0...1).contains($0) ? $0 : nil } } ?? pixelBase
        resolution =
            try read("bits", "10, 12, 16") { Int($0).flatMap { C12880MAFrame.Resolution(rawValue: $0) } } ?? resolution
        networkKey = try key("nwk-s-key")
        applicationKey = try key("app-s-key")
        deviceKey = try key("app-key")
        counterHigh = try read("counter-high", "0…65535") { UInt16($0) } ?? counterHigh
        topic = value("topic")
    }
}

extension CaptureDecoder.Format {
    /// The capture that a file holds: the bytes, or what its hex digits stand for where captures are often kept so.
    public func bytes(ofFile bytes: [UInt8]) -> [UInt8] {
        let takesDigits: [CaptureDecoder.Format] = [
            .mdp, .mmp, .envelope, .modbusRTU, .modbusTCP, .semtech, .lorawan, .cayenne, .meshtastic, .sparkplug,
            .senmlCBOR,
        ]
        guard takesDigits.contains(self) else { return bytes }
        // Any other control character is a byte of the capture, whatever its neighbours look like.
        let digits = bytes.filter { !TextScan.isEndOfLine($0) && $0 != 0x20 && $0 != 0x09 }
        return digits.isEmpty ? bytes : Hex.decode(utf8: digits) ?? bytes
    }
}
