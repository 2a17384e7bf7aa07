internal import Crypto
internal import FieldProtocols
internal import JSONText

/// Tries captures of the formats that `decode` knows: what they decode to must be what is expected, to the last value.
///
/// A folder of them has a `decode.jsonl`: a line for each capture with its `format`, the capture as `hex`, as `text` or as
/// the name of a `file` of the folder, the `options` of `decode`, and the `lines` that must come.
public struct CaptureCheck: Sendable {
    /// The folder's name.
    public let name: String
    /// What is wrong; empty: nothing.
    public private(set) var findings: [String] = []
    /// What was replayed, and what it gave.
    public private(set) var captureCount = 0
    public private(set) var lines: [String] = []

    private static let fileName = "decode.jsonl"

    /// Whether `folder` is one of captures.
    public static func isCaptures(_ folder: String) -> Bool { ProfileFiles.isThere("\(folder)/\(fileName)") }

    /// Replays every capture of the folder.
    public init(folder path: String) {
        name = path.split(separator: "/").last.map(String.init) ?? path
        guard let bytes = ProfileFiles.bytes("\(path)/\(Self.fileName)") else {
            findings.append("\(Self.fileName) cannot be read")
            return
        }
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
        where !line.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) {
            do throws(Failure) {
                try replay(line, path)
                captureCount += 1
            } catch {
                findings.append("\(Self.fileName):\(index + 1): \(error.message)")
            }
        }
        if captureCount == 0, findings.isEmpty { findings.append("\(Self.fileName) holds no capture") }
    }

    private struct Failure: Error {
        var message: String
    }

    private mutating func replay(_ line: ArraySlice<UInt8>, _ path: String) throws(Failure) {
        let accepted = "accepted {\"format\":…,\"hex\"|\"text\"|\"file\":…,\"options\":{…},\"lines\":[…]}"
        // What is no JSON is told like what is another shape.
        guard let json = try? JSON(parsing: Array(line)), let name = json["format"]?.string,
            let expected = json["lines"]?.array
        else { throw Failure(message: accepted) }
        guard let format = CaptureDecoder.Format(rawValue: name) else { throw Failure(message: "no format `\(name)`") }
        guard !expected.isEmpty else { throw Failure(message: "expects no line") }
        guard let capture = Self.capture(json, format, path) else { throw Failure(message: "no capture; \(accepted)") }
        let came = try decoded(capture, as: format, json["options"])
        lines += came.map(\.text)
        for (came, wanted) in zip(came, expected) where came != wanted {
            throw Failure(message: "expected \(wanted.text), came \(came.text)")
        }
        if came.count > expected.count {
            throw Failure(message: "\(came[expected.count].text) came and is not expected")
        }
        if came.count < expected.count { throw Failure(message: "expected \(expected[came.count].text), nothing came") }
    }

    private static func capture(_ json: JSON, _ format: CaptureDecoder.Format, _ path: String) -> [UInt8]? {
        if let hex = json["hex"]?.string { return Hex.decode(hex) }
        if let text = json["text"]?.string { return Array(text.utf8) }
        guard let name = json["file"]?.string, !name.hasPrefix("/"), !name.contains("..") else { return nil }
        return ProfileFiles.bytes("\(path)/\(name)").map { format.bytes(ofFile: $0) }
    }

    private func decoded(
        _ capture: [UInt8], as format: CaptureDecoder.Format, _ options: JSON?
    ) throws(Failure) -> [JSON] {
        for member in options?.members ?? [] where !CaptureDecoder.Options.names.contains(member.key) {
            throw Failure(message: "there is no option `\(member.key)`")
        }
        let said: CaptureDecoder.Options
        do throws(CaptureDecoder.OptionError) { said = try CaptureDecoder.Options { options?[$0]?.string } } catch {
            throw Failure(message: error.description)
        }
        var lines: [String] = []
        _ = capture.withUnsafeBytes { CaptureDecoder.decode($0, as: format, options: said) { lines.append($0) } }
        // What `decode` prints is JSON.
        return lines.compactMap { try? JSON(parsing: $0) }
    }
}
