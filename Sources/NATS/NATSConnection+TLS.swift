internal import CNATS
internal import Glibc

extension NATSConnection {
    /// Where Debian keeps the authorities that everybody trusts.
    private static let systemAuthorities = "/etc/ssl/certs/ca-certificates.crt"

    /// Certificates are verified against the given authorities, else the system's, and against the host's name. Both are
    /// said, so that nothing rests on what this version of the library does by itself.
    static func setTLS(_ settings: NATSSettings, _ address: String, _ options: OpaquePointer) throws(NATSError) {
        let isWanted = address.hasPrefix("tls://")
        guard isWanted || settings.authorityFile != nil || settings.certificateFile != nil else { return }
        try check(natsOptions_SetSecure(options, true))
        let authorities = settings.authorityFile ?? systemAuthorities
        if settings.authorityFile != nil || access(authorities, R_OK) == 0 {
            try check(natsOptions_LoadCATrustedCertificates(options, authorities))
        }
        if let certificate = settings.certificateFile, let key = settings.keyFile {
            try check(natsOptions_LoadCertificatesChain(options, certificate, key))
        }
        try check(natsOptions_SetExpectedHostname(options, host(of: address)))
    }

    /// The host of `scheme://host[:port]`, without the brackets of an IPv6 address.
    static func host(of address: String) -> String {
        var rest = address[...]
        if let scheme = rest.firstRange(of: "://") { rest = rest[scheme.upperBound...] }
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") { return String(rest.dropFirst().prefix(upTo: end)) }
        return String(rest.prefix { $0 != ":" && $0 != "/" })
    }
}
