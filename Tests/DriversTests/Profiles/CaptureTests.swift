import Drivers
import GatewayTestKit
import Glibc
import JSONText
import Testing

/// Captures of the formats that the gateway knows without a profile, as `drivers test` tries them.
@Suite struct Captures {
    private static let folders = ProfileLibrary.folders(in: "\(Vectors.packageRoot)/Tests/Captures")

    @Test(arguments: folders)
    func everyCaptureDecodesToWhatIsExpected(folder: String) {
        let check = CaptureCheck(folder: folder)
        #expect(check.findings.isEmpty, "\(check.findings.joined(separator: "\n"))")
        #expect(check.captureCount > 50)
    }

    /// Images and what identities are made of are no captures of devices; register maps are shipped as profiles.
    private static let elsewhere: Set<String> = [
        "README.md", "index.json", "esp32_image_headers.json", "identity_derivation.json", "modbus-register-maps.json",
    ]

    @Test(arguments: ["instruments", "lora", "mycosoft"])
    func everyVectorIsAmongThem(family: String) throws {
        let lines = try File.bytes("\(Vectors.packageRoot)/Tests/Captures/\(family)/decode.jsonl").split(
            separator: 0x0A)
        let covered = Set(try lines.compactMap { try JSON(parsing: Array($0))["vector"]?.string })
        var files = try File.names(in: Vectors.path(family)).filter { $0.contains(".") }
        if family == "mycosoft" { files += try File.names(in: Vectors.path("mycosoft/serial_sessions")) }
        #expect(files.count > 8)
        #expect(Set(files).subtracting(covered).subtracting(Self.elsewhere) == [])
    }

    private func findings(of line: String, file: (String, String)? = nil) throws -> [String] {
        let folder = try TemporaryFolder("captures")
        try File.write(Array(line.utf8), to: folder.file("decode.jsonl"))
        if let file { try File.write(Array(file.1.utf8), to: folder.file(file.0)) }
        #expect(ProfileLibrary.folders(in: folder.path) == [folder.path])
        return CaptureCheck(folder: folder.path).findings
    }

    private static let good = #"{"unit":1,"kind":"response","fc":4,"registers":[305]}"#

    @Test func anythingButWhatIsExpectedFails() throws {
        func line(
            _ lines: String, format: String = "modbus-rtu", capture: String = #""hex":"01040201317974""#
        ) -> String {
            #"{"format":"\#(format)",\#(capture),"lines":[\#(lines)]}"#
        }
        #expect(try findings(of: line(Self.good)).isEmpty)
        #expect(try findings(of: line(Self.good, capture: #""file":"x.bin""#), file: ("x.bin", "\u{1}")).count == 1)
        let faults = [
            line(Self.good.split(separator: "305").joined(separator: "306")), line(Self.good + "," + Self.good),
            line(""), line(Self.good, format: "modbus"), line(Self.good, capture: #""hex":"0""#),
            line(Self.good, capture: #""file":"../x""#),
            line(Self.good, capture: #""options":{"keys":"1"},"hex":"00""#),
            line(Self.good, capture: #""options":{"key":"1"},"hex":"00""#), "{", "",
        ]
        for fault in faults { #expect(try findings(of: fault).count == 1, "\(fault)") }
    }

    @Test func aFileOfHexDigitsIsTheBytesWhereThatIsUsual() throws {
        let line = #"{"format":"cayenne","file":"a.hex","lines":[\#(Self.temperature)]}"#
        #expect(try findings(of: line, file: ("a.hex", "03 67\n01 10\n")).isEmpty)
    }

    private static let temperature =
        #"{"channel":3,"type":103,"kind":"temperature","value":27.2,"unit":"Cel"}"#
}
