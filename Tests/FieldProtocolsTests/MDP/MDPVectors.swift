import Crypto
import GatewayTestKit
import JSONText
import Testing

/// One case of a vector file, shown by its id.
struct Vector: Sendable, CustomTestStringConvertible {
    var json: JSON
    var id: String { json["id"]?.string ?? "?" }
    var testDescription: String { id }

    subscript(_ key: String) -> JSON? { json[key] }
}

/// The MDP vectors, read once.
enum MDPVectors {
    static let valid = cases("mycosoft/mdp_v1_valid.json", "frames")
    static let corrupt = cases("mycosoft/mdp_v1_corrupt.json", "frames")
    static let hazards = cases("mycosoft/mdp_v1_newline_hazard.json", "cases")
    static let mixedStream: [UInt8] = {
        let json = file("mycosoft/serial_sessions/g11_sidea_mdp_mixed_stream.json")
        return json?["stream_base64"]?.string.flatMap { Base64.decode($0) } ?? []
    }()

    static func file(_ path: String) -> JSON? {
        guard let bytes = try? Vectors.bytes(path) else { return nil }
        return try? JSON(parsing: bytes)
    }

    static func cases(_ path: String, _ key: String) -> [Vector] {
        (file(path)?[key]?.array ?? []).map(Vector.init)
    }

    static func wire(_ vector: Vector, _ key: String = "wire_hex") -> [UInt8] {
        vector[key]?.string.flatMap { Hex.decode($0) } ?? []
    }

    static func valid(_ id: String) -> [UInt8] {
        valid.first { $0.id == id }.map { wire($0) } ?? []
    }
}
