import Compression
import Crypto
import HTTPClient
import HTTPServer
import MQTT
import ModbusClient
import NATS
import SQLite
import Serial
import YAMLText

/// What is running.
public enum Version {
    /// Semantic version; CHANGELOG.md says what is in it.
    public static let number = "0.1.0"
    /// The commit it was built from, or `unknown`.
    public static var commit: String { BuildIdentity.commit ?? "unknown" }

    /// The C libraries in use and their versions, by name.
    public static func libraries() -> [(name: String, version: String)] {
        [
            ("libcrypto", CryptoLibraries.crypto), ("libcurl", HTTPClient.libraryVersion),
            ("libmodbus", ModbusConnection.libraryVersion), ("libmosquitto", MQTTConnection.libraryVersion),
            ("libnats", NATSConnection.libraryVersion), ("libserialport", PortList.libraryVersion),
            ("libsodium", CryptoLibraries.sodium), ("libwebsockets", HTTPServer.libraryVersion),
            ("libyaml", YAMLParser.libraryVersion), ("libzstd", ContentEncoding.zstd.libraryVersion),
            ("sqlite", Connection.libraryVersion), ("zlib", ContentEncoding.gzip.libraryVersion),
        ]
    }
}
