import Gateway
import GatewayTestKit

extension GatewayConfiguration {
    /// A configuration that says nothing but whose it is, as a file in `folder`.
    static func smallest(in folder: TemporaryFolder) throws -> GatewayConfiguration {
        try File.write("gateway: {id: gw-1, site: lab}\n", to: folder.file("gateway.yaml"))
        return try ConfigurationFile.load(path: folder.file("gateway.yaml")).get()
    }
}
