internal import COpenSSL
public import GatewayModel
internal import Synchronization

/// By which time this process judges the certificates of its peers. One for all clients: the machine has one clock, and a
/// client that forgot to ask would refuse everybody on a box that believes it is 1970.
public enum CertificateClock {
    private static let time = Mutex(CertificateTime.system)

    /// The time in force; connections made from now on are judged by a new one, those of libnats too. To be set before the
    /// first of them is made.
    public static var current: CertificateTime {
        get { time.withLock { $0 } }
        set {
            time.withLock {
                $0 = newValue
                copenssl_set_default_time(newValue.ofOpenSSL)
            }
        }
    }

    /// Sets the time in the `SSL_CTX` of a connection about to be made.
    static func apply(to context: UnsafeMutableRawPointer) {
        copenssl_set_time(OpaquePointer(context), current.ofOpenSSL)
    }
}

extension CertificateTime {
    fileprivate var ofOpenSSL: copenssl_time {
        switch self {
        case .system: copenssl_time(seconds: 0, is_floor: 0)
        case .exactly(let seconds): copenssl_time(seconds: seconds, is_floor: 0)
        case .notBefore(let seconds): copenssl_time(seconds: seconds, is_floor: 1)
        }
    }
}
