// swift-tools-version: 6.2
import PackageDescription

// The target graph of ARCHITECTURE.md, bottom up. A target imports only what stands above it here.

let swift: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swift)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: swift)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: [.byName(name: name), "GatewayTestKit"] + dependencies, swiftSettings: swift
    )
}

func system(_ name: String, pkgConfig: String, apt package: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

let layer1: [Target] = [
    .systemLibrary(name: "CLinux"),
    system("CMosquitto", pkgConfig: "libmosquitto", apt: "libmosquitto-dev"),
    system("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
    system("CSerialPort", pkgConfig: "libserialport", apt: "libserialport-dev"),
    system("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
    system("CWebSockets", pkgConfig: "libwebsockets", apt: "libwebsockets-dev"),
    system("CYAML", pkgConfig: "yaml-0.1", apt: "libyaml-dev"),
    system("CSodium", pkgConfig: "libsodium", apt: "libsodium-dev"),
    system("COpenSSL", pkgConfig: "openssl", apt: "libssl-dev"),
    system("CSystemd", pkgConfig: "libsystemd", apt: "libsystemd-dev"),
    system("CZstd", pkgConfig: "libzstd", apt: "libzstd-dev"),
    system("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
    system("CModbus", pkgConfig: "libmodbus", apt: "libmodbus-dev"),
    system("CNATS", pkgConfig: "libnats", apt: "libnats-dev"),
    .target(
        name: "CSimdjson", cxxSettings: [.unsafeFlags(["-fno-rtti"])],
        linkerSettings: [.linkedLibrary("simdjson"), .linkedLibrary("stdc++")]),
]

let layer2 = [
    library("EventLoop", ["GatewayModel", "CLinux"]),
    library("SQLite", ["CSQLite"]),
    library("MQTT", ["GatewayModel", "CMosquitto", "COpenSSL", "CLinux"]),
    library("Serial", ["CSerialPort", "CLinux"]),
    library("ModbusClient", ["CModbus"]),
    library("HTTPClient", ["GatewayModel", "CCurl", "COpenSSL", "CLinux"]),
    library("HTTPServer", ["CWebSockets", "CLinux"]),
    library("NATS", ["CNATS"]),
    library("JSONText", ["CSimdjson"]),
    library("YAMLText", ["CYAML"]),
    library("Crypto", ["CSodium", "COpenSSL"]),
    library("Compression", ["CZstd", "CZlib"]),
    library("ServiceManager", ["CSystemd"]),
]

let layer3 = [
    library("FieldProtocols", ["GatewayModel", "JSONText", "Crypto"]),
    library("Journal", ["GatewayModel", "SQLite", "CLinux"]),
    library("Fleet", ["GatewayModel", "SQLite"]),
]

let protocols: [Target.Dependency] = [
    "FieldProtocols", "Journal", "Fleet", "GatewayModel", "JSONText", "Crypto", "SQLite",
]

let layer4 = [
    library(
        "Drivers", protocols + ["MQTT", "Serial", "HTTPServer", "ModbusClient", "EventLoop", "YAMLText", "CLinux"]),
    library("CloudSync", protocols + ["HTTPClient", "NATS", "Compression", "EventLoop", "CLinux"]),
]

let layer6 = [
    library("ControlAPI", protocols + ["Drivers", "CloudSync", "HTTPServer", "Compression", "Serial"])
]

let services: [Target.Dependency] = [
    "ControlAPI", "Drivers", "CloudSync", "HTTPServer", "HTTPClient", "MQTT", "NATS", "Serial", "ModbusClient",
]

let layer7 = [
    library(
        "Gateway", protocols + services + ["YAMLText", "ServiceManager", "EventLoop", "Compression", "CLinux"])
]

let testKit = [
    library(
        "GatewayTestKit",
        protocols + services + ["EventLoop", "Compression", "CLinux", "CMosquitto", "CSQLite", "CModbus"])
]

let programs = [
    program("mycogate", ["Gateway"] + protocols + services + ["EventLoop", "YAMLText", "CLinux"]),
    program("mycogate-sim", ["GatewayTestKit"] + protocols + services + ["EventLoop", "CLinux"]),
    program(
        "mycogate-bench",
        ["Gateway", "GatewayTestKit"] + protocols + services + ["EventLoop", "CLinux", "CMosquitto", "CCurl"]),
]

let package = Package(
    name: "mycogate",
    targets: layer1 + [library("GatewayModel", [])] + layer2 + layer3 + layer4 + layer6 + layer7 + testKit + programs
        + [
            tests("GatewayModel"),
            tests("EventLoop", ["GatewayModel", "CLinux"]),
            tests("SQLite"),
            tests("MQTT", ["GatewayModel", "EventLoop", "CLinux"]),
            tests("ServiceManager", ["CLinux"]),
            tests("Serial", ["CLinux"]),
            tests("ModbusClient", ["FieldProtocols", "Serial"]),
            tests("HTTPClient", ["GatewayModel"]),
            tests("HTTPServer", ["HTTPClient", "CLinux"]),
            tests("NATS"),
            tests("JSONText"),
            tests("YAMLText"),
            tests("Crypto"),
            tests("Compression"),
            tests("FieldProtocols", ["GatewayModel", "JSONText", "Crypto"]),
            tests("Journal", ["GatewayModel", "SQLite", "CLinux"]),
            tests("Fleet", ["GatewayModel", "SQLite"]),
            tests("Drivers", protocols + ["MQTT", "Serial", "HTTPServer", "ModbusClient", "EventLoop", "CLinux"]),
            tests("CloudSync", protocols + ["HTTPClient", "NATS", "Compression", "EventLoop", "CLinux"]),
            tests("ControlAPI", protocols + ["HTTPServer", "HTTPClient"]),
            tests("Gateway", protocols + services + ["EventLoop", "YAMLText", "CLinux"]),
            .testTarget(
                name: "GatewayTestKitTests",
                dependencies: ["GatewayTestKit"] + protocols + ["HTTPClient", "MQTT", "CLinux"],
                swiftSettings: swift),
            .testTarget(name: "TidyTests", dependencies: ["GatewayTestKit"], swiftSettings: swift),
            .testTarget(
                name: "EndToEndTests",
                dependencies: ["GatewayTestKit"] + protocols + services + ["EventLoop", "CLinux"],
                exclude: ["LoRa/basics_station.py", "LoRa/semtech_sender.py"],
                swiftSettings: swift),
        ],
    cxxLanguageStandard: .cxx17
)
