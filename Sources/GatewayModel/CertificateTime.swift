/// By which time certificates are judged. All times in seconds since 1970.
public enum CertificateTime: Sendable, Equatable {
    /// The system's clock, which is believed.
    case system
    /// A time that is known though the system's clock is wrong.
    case exactly(Int64)
    /// It is this late at least: what has expired by then is refused; what is not valid yet by then may be by now.
    case notBefore(Int64)
}
