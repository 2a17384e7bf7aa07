internal import CLinux
internal import Glibc

/// A call of the operating system that failed although nothing outside this process can make it fail routinely.
public enum EventLoopError: Error, Equatable, CustomStringConvertible {
    /// `call` is the name of the function, `number` its `errno`.
    case system(call: String, number: Int32)

    /// Stable name for logs and answers.
    public var code: String { "event_loop_system_error" }

    public var description: String {
        switch self {
        case .system(let call, let number): "\(call): \(String(cString: strerror(number)))"
        }
    }

    /// The error of `call`, which has just failed and left `errno` set.
    static func last(_ call: String) -> EventLoopError { .system(call: call, number: errno) }
}
