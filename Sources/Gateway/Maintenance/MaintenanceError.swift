import Glibc

/// Why work on a store without its daemon could not be done.
public struct MaintenanceError: Error, CustomStringConvertible {
    public var description: String

    init(_ description: String) { self.description = description }

    /// With the reason the operating system gave.
    static func last(_ what: String) -> MaintenanceError {
        MaintenanceError("\(what): \(String(cString: strerror(errno)))")
    }
}
