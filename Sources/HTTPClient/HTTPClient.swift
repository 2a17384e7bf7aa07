internal import CCurl

/// One HTTP exchange at a time on the calling thread: for the command line. Connections are kept between exchanges.
public final class HTTPClient {
    private let transfer: Transfer

    /// Throws if libcurl refuses a setting.
    public init(_ settings: ClientSettings = ClientSettings()) throws(HTTPClientError) {
        transfer = try Transfer(settings)
    }

    /// Sends a request and waits for the whole answer.
    public func send(_ request: ClientRequest) throws(HTTPClientError) -> ClientAnswer {
        try transfer.load(request)
        return try transfer.finish(curl_easy_perform(transfer.easy)).get()
    }

    /// Sends a request and hands out the body as it arrives, whatever the status; the answer comes back without it.
    ///
    /// `onBytes` returns false to stop, which ends the exchange as `interrupted`. For endless answers give settings
    /// with a long total time-out.
    public func stream(
        _ request: ClientRequest, onBytes: (UnsafeRawBufferPointer) -> Bool
    ) throws(HTTPClientError) -> ClientAnswer {
        // Explicit types: the closure escapes only into the transfer, which forgets it before this returns.
        let result = withoutActuallyEscaping(onBytes) { onBytes -> Result<ClientAnswer, HTTPClientError> in
            do throws(HTTPClientError) {
                try transfer.load(request, onBytes: onBytes)
            } catch {
                return .failure(error)
            }
            return transfer.finish(curl_easy_perform(transfer.easy))
        }
        return try result.get()
    }
}
