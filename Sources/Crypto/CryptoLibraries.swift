internal import COpenSSL
internal import CSodium

/// The versions of the libraries that hashes and signatures come from.
public enum CryptoLibraries {
    /// Such as `1.0.18`.
    public static var sodium: String { String(cString: sodium_version_string()) }
    /// Such as `3.0.17`.
    public static var crypto: String { String(cString: OpenSSL_version(OPENSSL_VERSION_STRING)) }
}
