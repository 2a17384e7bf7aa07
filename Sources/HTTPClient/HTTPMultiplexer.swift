internal import CCurl
internal import CLinux
internal import Glibc

/// Many HTTP exchanges at once on one thread, over connections that are kept and reused.
///
/// Belongs to the thread that made it; only its `waker` may be used from others. Redirects are never followed.
public final class HTTPMultiplexer {
    /// The end of one exchange.
    public struct Completion: Sendable {
        /// As given to `submit`.
        public var tag: UInt64
        public var result: Result<ClientAnswer, HTTPClientError>
    }

    /// Makes a `poll` return early; safe from any thread, also after the multiplexer is gone.
    public final class Waker: Sendable {
        fileprivate let descriptor: Int32

        fileprivate init() throws(HTTPClientError) {
            descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
            guard descriptor >= 0 else { throw .badRequest("no descriptors left") }
        }

        deinit { close(descriptor) }

        /// May be called from any thread, any number of times.
        public func wake() { eventfd_write(descriptor, 1) }
    }

    /// Wakes `poll` from other threads.
    public let waker: Waker
    /// Exchanges submitted and not yet handed back.
    public var inFlight: Int { transfers.count - idle.count }
    /// The most exchanges at once; `submit` refuses more.
    public let requestsMax: Int

    private let multi: UnsafeMutableRawPointer
    private let settings: ClientSettings
    private let sockets: SocketWatch
    /// All there are, and those of them without an exchange.
    private var transfers: [Transfer] = []
    private var idle: [Transfer] = []
    private var completions: [Completion] = []

    /// Throws if libcurl has no memory or refuses a setting.
    public init(_ settings: ClientSettings, requestsMax: Int = 64) throws(HTTPClientError) {
        guard let multi = curl_multi_init() else { throw .badRequest("libcurl cannot start") }
        do throws(HTTPClientError) {
            waker = try Waker()
            sockets = try SocketWatch(multi, waker: waker.descriptor)
        } catch {
            _ = curl_multi_cleanup(multi)
            throw error
        }
        self.multi = multi
        self.settings = settings
        self.requestsMax = requestsMax
        let connections = max(1, settings.connectionsMax)
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, connections)
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections)
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections)
    }

    deinit {
        for transfer in transfers where transfer.isRunning { _ = curl_multi_remove_handle(multi, transfer.easy) }
        transfers = []
        idle = []
        // Closes the kept connections, through `sockets`.
        _ = curl_multi_cleanup(multi)
        withExtendedLifetime(sockets) {}
    }

    /// Begins an exchange; its end comes from a later `poll` under `tag`.
    ///
    /// With `onBytes` the body of a 2xx answer is handed out as it arrives, from within `poll`, and the answer comes back
    /// without it; returning false ends the exchange as `interrupted`. Other answers keep their body.
    public func submit(
        _ request: ClientRequest, tag: UInt64, onBytes: ((UnsafeRawBufferPointer) -> Bool)? = nil
    ) throws(HTTPClientError) {
        guard inFlight < requestsMax else { throw .overloaded }
        let transfer = if let known = idle.popLast() { known } else { try makeTransfer() }
        do throws(HTTPClientError) {
            try transfer.load(request, collectsFailures: true, onBytes: onBytes)
            let code = curl_multi_add_handle(multi, transfer.easy)
            guard code == CURLM_OK else { throw .badRequest(String(cString: curl_multi_strerror(code))) }
        } catch {
            transfer.endStream()
            idle.append(transfer)
            throw error
        }
        transfer.tag = tag
        transfer.isRunning = true
    }

    /// Drives all exchanges and hands `body` each one that has ended; waits up to `timeout` if none has yet.
    ///
    /// Returns early, without any, when woken, and when `descriptor` (if one is given) is readable; reading it is up to
    /// the caller, who is told. Exchanges may be submitted from within `body`.
    @discardableResult
    public func poll(
        timeout: Duration, alsoWatching descriptor: Int32? = nil, _ body: (Completion) -> Void
    ) -> Bool {
        var isReadable = false
        sockets.runTimer()
        collect()
        if completions.isEmpty {
            let milliseconds = timeout > .zero ? timeout.clampedMilliseconds : 0
            isReadable = sockets.wait(milliseconds, alsoWatching: descriptor)
            collect()
        }
        let ended = completions
        completions.removeAll(keepingCapacity: true)
        for completion in ended { body(completion) }
        return isReadable
    }

    /// Gives up everything in flight; each ends as `interrupted` in the next `poll`.
    public func cancelAll() {
        for transfer in transfers where transfer.isRunning {
            _ = curl_multi_remove_handle(multi, transfer.easy)
            transfer.endStream()
            let tag = transfer.tag
            release(transfer)
            completions.append(Completion(tag: tag, result: .failure(.interrupted)))
        }
    }

    private func makeTransfer() throws(HTTPClientError) -> Transfer {
        let transfer = try Transfer(settings)
        sockets.adopt(transfer.easy)
        transfers.append(transfer)
        return transfer
    }

    /// Takes the exchanges that have ended.
    private func collect() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            let code = ccurl_message_result(message)
            var context: UnsafeMutableRawPointer?
            guard ccurl_get_pointer(easy, CURLINFO_PRIVATE, &context) == CURLE_OK, let context else { continue }
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            _ = curl_multi_remove_handle(multi, easy)
            completions.append(Completion(tag: transfer.tag, result: transfer.finish(code)))
            release(transfer)
        }
    }

    private func release(_ transfer: Transfer) {
        transfer.isRunning = false
        idle.append(transfer)
    }
}
