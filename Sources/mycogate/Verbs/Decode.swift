import Crypto
import FieldProtocols
import Gateway

extension Verb {
    static let decode = Verb(
        name: "decode",
        synopsis:
            "FORMAT [--hex S | FILE | -] [--key BASE64] [--generation gN] [--nwk-s-key HEX --app-s-key HEX] [--topic T]",
        summary: "Decodes a capture to JSON lines.",
        details: "Formats: " + CaptureDecoder.Format.allCases.map(\.rawValue).joined(separator: " ")
            + ". Bad input prints {\"error\":CODE,\"at\":OFFSET} for it; exit status 1.",
        options: [
            .init(name: "hex", value: "S", help: "the capture as hex digits"),
            .init(name: "key", value: "BASE64", help: "the Ed25519 public key that signatures are checked with"),
            .init(name: "generation", value: "gN", help: "the firmware generation of lines, instead of detecting it"),
            .init(name: "coefficients", value: "LIST", help: "c12880ma: A0,B1,…,B5 of the inspection sheet"),
            .init(
                name: "base", value: "N", help: "c12880ma: what the sheet counts the first pixel as, 0 or 1 (default 1)"
            ),
            .init(name: "bits", value: "N", help: "c12880ma: of the board's converter: 10, 12 or 16 (default 16)"),
            .init(name: "nwk-s-key", value: "HEX", help: "LoRaWAN: the key that frames are signed with"),
            .init(name: "app-s-key", value: "HEX", help: "LoRaWAN: the key that payloads are encrypted with"),
            .init(
                name: "app-key", value: "HEX",
                help: "LoRaWAN: the device's own key, which join requests are signed with"),
            .init(name: "counter-high", value: "N", help: "LoRaWAN: the upper 16 bits of the frame counter"),
            .init(name: "topic", value: "T", help: "of MQTT formats: the topic of a payload that stands alone"),
        ], words: 1...2
    ) { arguments in
        guard let format = CaptureDecoder.Format(rawValue: arguments.words[0]) else {
            let names = CaptureDecoder.Format.allCases.map(\.rawValue).joined(separator: ", ")
            throw ToolError.usage("format `\(arguments.words[0])`: accepted \(names)")
        }
        var options = CaptureDecoder.Options()
        if let key = arguments["key"] {
            guard let bytes = Base64.decode(key), bytes.count == 32 else {
                throw ToolError.usage("--key: accepted an Ed25519 public key, 32 bytes in base64")
            }
            options.publicKey = bytes
        }
        if let generation = arguments["generation"] {
            guard let named = LineGeneration(rawValue: generation) else {
                let names = LineGeneration.allCases.map(\.rawValue).joined(separator: ", ")
                throw ToolError.usage("--generation `\(generation)`: accepted \(names)")
            }
            options.generation = named
        }
        try readSensor(arguments, into: &options)
        try takeLoRaOptions(arguments, into: &options)
        let input = try input(arguments, format)
        let isGood = input.withUnsafeBytes {
            CaptureDecoder.decode($0, as: format, options: options) { Output.line($0) }
        }
        return isGood ? .ok : .failed
    }

    /// What a C12880MA's inspection sheet and its board say.
    private static func readSensor(_ arguments: Arguments, into options: inout CaptureDecoder.Options) throws {
        if let text = arguments["coefficients"] {
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            let coefficients = parts.compactMap { Double($0) }
            guard coefficients.count == parts.count, (2...8).contains(parts.count) else {
                throw ToolError.usage("--coefficients: accepted 2…8 numbers parted by commas, A0 first")
            }
            options.coefficients = coefficients
        }
        options.pixelBase = try arguments.integer("base", in: 0...1) ?? options.pixelBase
        if let bits = try arguments.integer("bits", in: 10...16) {
            guard let resolution = C12880MAFrame.Resolution(rawValue: bits) else {
                throw ToolError.usage("--bits: accepted 10, 12, 16")
            }
            options.resolution = resolution
        }
    }

    private static let captureByteCountMax = 256 << 20

    private static func takeLoRaOptions(
        _ arguments: Arguments, into options: inout CaptureDecoder.Options
    ) throws {
        func key(_ name: String) throws -> [UInt8]? {
            guard let text = arguments[name] else { return nil }
            guard let bytes = Hex.decode(text), bytes.count == AES128.byteCount else {
                throw ToolError.usage("--\(name): accepted 32 hex digits")
            }
            return bytes
        }
        options.networkKey = try key("nwk-s-key")
        options.applicationKey = try key("app-s-key")
        options.deviceKey = try key("app-key")
        options.topic = arguments["topic"]
        if let text = arguments["counter-high"] {
            guard let number = UInt16(text) else { throw ToolError.usage("--counter-high: accepted 0…65535") }
            options.counterHigh = number
        }
    }

    private static func input(_ arguments: Arguments, _ format: CaptureDecoder.Format) throws -> [UInt8] {
        if let hex = arguments["hex"] {
            guard arguments.words.count == 1 else { throw ToolError.usage("give --hex or a file, not both") }
            guard let bytes = Hex.decode(String(hex.filter { !$0.isWhitespace })) else {
                throw ToolError.usage("--hex: accepted an even number of hex digits")
            }
            return bytes
        }
        let path = arguments.words.count == 2 ? arguments.words[1] : "-"
        do {
            let bytes = try FileContents.read(path, byteCountMax: captureByteCountMax)
            return format.isKeptAsHex ? hexText(bytes) ?? bytes : bytes
        } catch {
            throw ToolError.failed("\(path): \(error)")
        }
    }

    /// The bytes that a file of hex digits and white space stands for; nil if it is no such file.
    private static func hexText(_ bytes: [UInt8]) -> [UInt8]? {
        let digits = bytes.filter { $0 > 0x20 }
        return digits.isEmpty ? nil : Hex.decode(utf8: digits)
    }
}
