internal import CLinux
internal import Glibc

/// What a service thread is given to work with.
struct Service: Sendable {
    var configuration: HTTPServer.Configuration
    var doorbell: Doorbell
    var handler: @Sendable (HTTPRequest) async -> HTTPResponse
    var listeners: [Listener]
}

/// The thread on which libwebsockets and everything of a `ServiceLoop` lives.
enum ServiceThread {
    private final class Start {
        let service: Service
        let completion: (Result<Void, HTTPServerError>) -> Void

        init(_ service: Service, _ completion: @escaping (Result<Void, HTTPServerError>) -> Void) {
            self.service = service
            self.completion = completion
        }
    }

    /// Serves on a new thread; `completion` is called on it when that has ended.
    static func start(_ service: Service, completion: sending @escaping (Result<Void, HTTPServerError>) -> Void) {
        let start = Unmanaged.passRetained(Start(service, completion))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                clinux_set_thread_name("http")
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                start.completion(ServiceLoop(start.service).run(start.service.listeners))
                return nil
            }, start.toOpaque())
        if status == 0 {
            pthread_detach(thread)
        } else {
            service.listeners.forEach { $0.close() }
            start.takeRetainedValue().completion(.failure(.libraryFailed(reason: "no thread: \(Errno.text(status))")))
        }
    }
}
