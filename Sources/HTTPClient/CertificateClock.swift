internal import COpenSSL
public import GatewayModel
internal import Synchronization

/// By which time this process judges the certificates of `https:` peers. One for all clients: the machine has one clock,
/// and a client that forgot to ask would refuse everybody on a box that believes it is 1970.
public enum CertificateClock {
    private static let time = Mutex(CertificateTime.system)

    /// The time in force; connections made from now on are judged by a new one.
    public static var current: CertificateTime {
        get { time.withLock { $0 } }
        set { time.withLock { $0 = newValue } }
    }

    /// Sets the time in the `SSL_CTX` of a connection about to be made.
    static func apply(to context: UnsafeMutableRawPointer) {
        let context = OpaquePointer(context)
        switch current {
        case .system: break
        case .exactly(let seconds): copenssl_set_time(context, copenssl_time(seconds: seconds, is_floor: 0))
        case .notBefore(let seconds): copenssl_set_time(context, copenssl_time(seconds: seconds, is_floor: 1))
        }
    }
}
