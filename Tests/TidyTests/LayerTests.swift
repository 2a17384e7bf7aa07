import Testing

/// The target table of ARCHITECTURE.md as a rule: imports point downwards, peers do not know each other.
struct LayerTests {
    private static let layers: [(Int, [String])] = [
        (0, ["GatewayModel"]),
        (
            2,
            [
                "EventLoop", "SQLite", "MQTT", "Serial", "HTTPClient", "HTTPServer", "JSONText", "YAMLText", "Crypto",
                "Compression", "ServiceManager", "NATS", "ModbusClient",
            ]
        ),
        (3, ["FieldProtocols", "Journal", "Fleet"]),
        (4, ["Drivers", "CloudSync"]),
        (6, ["ControlAPI"]),
        (7, ["Gateway"]),
        (8, ["GatewayTestKit"]),
        (9, ["mycogate", "mycogate-sim", "mycogate-bench"]),
    ]

    /// Modules that come with the toolchain and carry no weight.
    private static let standard: Set<String> = ["Swift", "Synchronization", "Glibc"]

    private static func layer(of target: String) -> Int? {
        if target.hasPrefix("C"), target.dropFirst().first?.isUppercase == true, target != "CloudSync" { return 1 }
        return layers.first { $0.1.contains(target) }?.0
    }

    private static func imports(of file: SourceFile) -> [(line: Int, module: String)] {
        file.code.enumerated().compactMap { index, _ in
            let words = file.words[index]
            guard let at = words.firstIndex(of: "import"), at <= 2, words.count > at + 1 else { return nil }
            return (index + 1, String(words[at + 1]))
        }
    }

    private static func fault(_ target: String, _ layer: Int, imports module: String) -> String? {
        if standard.contains(module) { return nil }
        guard let imported = Self.layer(of: module) else { return "imports `\(module)`, which is no target of ours" }
        if target == "FieldProtocols", !["GatewayModel", "JSONText", "Crypto"].contains(module) {
            return "imports `\(module)`: codecs are pure and know GatewayModel, JSONText and Crypto only"
        }
        if imported == 1, module != "CLinux", layer != 2, layer < 8 {
            return "imports `\(module)`: C libraries have one Swift face each, in layer 2"
        }
        if module == "GatewayTestKit", target == "mycogate" { return "imports the test kit into the product" }
        if imported >= layer { return "imports `\(module)` of layer \(imported), but stands in layer \(layer)" }
        return nil
    }

    @Test func everyTargetHasALayer() {
        Finding.expectNone(
            SourceTree.targets.filter { Self.layer(of: $0) == nil }.map {
                Finding("Sources/\($0)", 1, "has no layer: add it to the table here and in ARCHITECTURE.md")
            })
    }

    @Test func importsPointDownwards() {
        Finding.expectNone(
            SourceTree.productFiles.flatMap { file in
                Self.imports(of: file).compactMap { line, module in
                    guard let layer = Self.layer(of: file.target) else { return nil }
                    return Self.fault(file.target, layer, imports: module).map { Finding(file.path, line, $0) }
                }
            })
    }

    @Test func theRuleFindsPlantedFaults() {
        #expect(Self.fault("Journal", 3, imports: "Fleet") != nil)
        #expect(Self.fault("FieldProtocols", 3, imports: "CLinux") != nil)
        #expect(Self.fault("Drivers", 4, imports: "CMosquitto") != nil)
        #expect(Self.fault("SQLite", 2, imports: "Foundation") != nil)
        #expect(Self.fault("Drivers", 4, imports: "Journal") == nil)
    }
}
