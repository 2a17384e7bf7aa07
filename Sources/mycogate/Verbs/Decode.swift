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
        let options: CaptureDecoder.Options
        do throws(CaptureDecoder.OptionError) { options = try CaptureDecoder.Options { arguments[$0] } } catch {
            throw ToolError.usage(error.description)
        }
        let input = try input(arguments, format)
        let isGood = input.withUnsafeBytes {
            CaptureDecoder.decode($0, as: format, options: options) { Output.line($0) }
        }
        return isGood ? .ok : .failed
    }

    private static let captureByteCountMax = 256 << 20

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
            return format.bytes(ofFile: try FileContents.read(path, byteCountMax: captureByteCountMax))
        } catch {
            throw ToolError.failed("\(path): \(error)")
        }
    }
}
