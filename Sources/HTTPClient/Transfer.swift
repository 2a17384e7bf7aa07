internal import CCurl
internal import Glibc

/// One libcurl handle, prepared once and used for one request after another.
///
/// libcurl keeps pointers into it while a request runs, so it is a class with stable buffers and is confined to the
/// thread of its owner.
final class Transfer {
    let easy: UnsafeMutableRawPointer
    var tag: UInt64 = 0
    /// Whether the multiplexer has given it to libcurl.
    var isRunning = false

    private let settings: ClientSettings
    private var current: ClientRequest?
    private var headerList: UnsafeMutablePointer<curl_slist>?
    /// The URL of `current`, parsed.
    private var target: OpaquePointer?
    private let reason: UnsafeMutablePointer<CChar>
    private var body: UnsafeMutableRawBufferPointer = .init(start: nil, count: 0)
    private let answerBody: UnsafeMutablePointer<ccurl_buffer>
    private let answerHead: UnsafeMutablePointer<ccurl_buffer>
    private var refusal: HTTPClientError?
    private var onBytes: ((UnsafeRawBufferPointer) -> Bool)?
    /// Whether the bodies of answers other than 2xx are collected in place of being handed out.
    private var collectsFailures = false

    /// More header than this is an attack or a mistake.
    private static let headerByteCountMax = 64 << 10
    /// A peer that closes during a TLS write raises SIGPIPE, which would end the process: OpenSSL cannot suppress it.
    private static let isLibraryReady: Bool = {
        ccurl_ignore_broken_pipes()
        return curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
    }()

    init(_ settings: ClientSettings) throws(HTTPClientError) {
        guard Self.isLibraryReady, let easy = curl_easy_init() else { throw .badRequest("libcurl cannot start") }
        self.easy = easy
        self.settings = settings
        reason = .allocate(capacity: Int(CURL_ERROR_SIZE))
        reason.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        answerBody = Self.makeBuffer(limit: settings.answerByteCountMax)
        answerHead = Self.makeBuffer(limit: Self.headerByteCountMax)
        try prepare()
    }

    private static func makeBuffer(limit: Int) -> UnsafeMutablePointer<ccurl_buffer> {
        let buffer = UnsafeMutablePointer<ccurl_buffer>.allocate(capacity: 1)
        buffer.initialize(to: ccurl_buffer(bytes: nil, count: 0, capacity: 0, limit: max(0, limit), is_over_limit: 0))
        return buffer
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(headerList)
        curl_url_cleanup(target)
        reason.deallocate()
        body.deallocate()
        for buffer in [answerBody, answerHead] {
            free(buffer.pointee.bytes)
            buffer.deallocate()
        }
    }

    /// Sets what is the same for every request.
    private func prepare() throws(HTTPClientError) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try check(ccurl_set_pointer(easy, CURLOPT_PRIVATE, context))
        try check(ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, reason))
        try check(ccurl_collect_body(easy, answerBody))
        try check(ccurl_collect_headers(easy, answerHead))
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_FOLLOWLOCATION, 0)
        try set(CURLOPT_PROTOCOLS_STR, "http,https")
        if settings.acceptsCompression { try set(CURLOPT_ACCEPT_ENCODING, "") }
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        try set(CURLOPT_CONNECTTIMEOUT_MS, settings.connectTimeout.clampedMilliseconds)
        try set(CURLOPT_TIMEOUT_MS, settings.totalTimeout.clampedMilliseconds)
        if let stallTimeout = settings.stallTimeout {
            try set(CURLOPT_LOW_SPEED_LIMIT, 1)
            try set(CURLOPT_LOW_SPEED_TIME, max(1, stallTimeout.clampedMilliseconds / 1000))
        }
        // The environment has no say: neither which proxy, nor for whom not.
        if let proxy = settings.proxy {
            try set(CURLOPT_PROXY, proxy)
            try set(CURLOPT_NOPROXY, "")
            // For the proxy's own requests; ours carry it among their headers.
            try set(CURLOPT_USERAGENT, settings.userAgent)
        } else {
            try set(CURLOPT_NOPROXY, "*")
        }
        if let path = settings.unixSocketPath { try set(CURLOPT_UNIX_SOCKET_PATH, path) }
        if let file = settings.tls.authorityFile { try set(CURLOPT_CAINFO, file) }
        if let file = settings.tls.certificateFile { try set(CURLOPT_SSLCERT, file) }
        if let file = settings.tls.keyFile { try set(CURLOPT_SSLKEY, file) }
        try check(
            ccurl_set_context_sink(easy) { _, context, _ in
                if let context { CertificateClock.apply(to: context) }
                return CURLE_OK
            })
    }

    /// Loads a request; what did not change since the last one is left as it is.
    func load(
        _ request: ClientRequest, collectsFailures: Bool = false, onBytes: ((UnsafeRawBufferPointer) -> Bool)? = nil
    ) throws(HTTPClientError) {
        clear(answerBody)
        clear(answerHead)
        refusal = nil
        reason.pointee = 0
        if !isLoaded(request) { try loadHead(request) }
        if request.method == .post || request.method == .put { try setBody(request.body) }
        if let onBytes {
            self.collectsFailures = collectsFailures
            try stream()
            // Last, since a closure that does not escape must not be left here by an error.
            self.onBytes = onBytes
        }
    }

    /// Whether all but the body is as it was for the last request.
    private func isLoaded(_ request: ClientRequest) -> Bool {
        guard let current else { return false }
        return current.url == request.url && current.method == request.method && current.headers == request.headers
    }

    private func loadHead(_ request: ClientRequest) throws(HTTPClientError) {
        // Whatever fails on the way, the next request sets everything again.
        current = nil
        try setURL(request.url)
        try setMethod(request.method)
        try setHeaders(request.headers)
        current = ClientRequest(request.method, request.url, headers: request.headers)
    }

    /// libcurl is given the URL parsed, too: else it parses it and puts it together again for each request, which takes a
    /// fifth of its time.
    private func setURL(_ text: String) throws(HTTPClientError) {
        try set(CURLOPT_URL, text)
        try check(ccurl_set_pointer(easy, CURLOPT_CURLU, nil))
        curl_url_cleanup(target)
        target = curl_url()
        // What it does not understand it refuses by itself when the exchange begins, with its reason.
        let flags = UInt32(CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME)
        guard let target, curl_url_set(target, CURLUPART_URL, text, flags) == CURLUE_OK else { return }
        try check(ccurl_set_pointer(easy, CURLOPT_CURLU, UnsafeRawPointer(target)))
    }

    /// Lets the body go to `onBytes` until the exchange is finished.
    private func stream() throws(HTTPClientError) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try check(
            ccurl_set_body_sink(
                easy,
                { bytes, size, count, context in
                    guard let context else { return 0 }
                    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                    if transfer.collectsThisAnswer {
                        return ccurl_buffer_append(bytes, size, count, transfer.answerBody)
                    }
                    return transfer.handOut(UnsafeRawBufferPointer(start: bytes, count: size * count))
                }, context))
    }

    private func clear(_ buffer: UnsafeMutablePointer<ccurl_buffer>) {
        buffer.pointee.count = 0
        buffer.pointee.is_over_limit = 0
        guard buffer.pointee.capacity > 64 << 10 else { return }
        free(buffer.pointee.bytes)
        buffer.pointee.bytes = nil
        buffer.pointee.capacity = 0
    }

    private func contents(_ buffer: UnsafeMutablePointer<ccurl_buffer>) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: buffer.pointee.bytes, count: buffer.pointee.count))
    }

    private var collectsThisAnswer: Bool {
        var status = 0
        return collectsFailures && ccurl_get_long(easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK
            && !(200..<300).contains(status)
    }

    /// Lets go of the receiver of a streamed body, after the exchange has ended or was given up.
    func endStream() {
        guard onBytes != nil else { return }
        onBytes = nil
        _ = ccurl_collect_body(easy, answerBody)
    }

    /// The answer, after libcurl has reported `code` for this handle.
    func finish(_ code: CURLcode) -> Result<ClientAnswer, HTTPClientError> {
        endStream()
        if let refusal { return .failure(refusal) }
        if answerBody.pointee.is_over_limit != 0 { return .failure(.tooLarge(limit: settings.answerByteCountMax)) }
        if answerHead.pointee.is_over_limit != 0 { return .failure(.tooLarge(limit: Self.headerByteCountMax)) }
        guard code == CURLE_OK else {
            return .failure(
                HTTPClientError(
                    code, String(cString: reason), authority: current?.authority ?? "", wasConnected: wasConnected))
        }
        var status = 0
        guard ccurl_get_long(easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK, status >= 100 else {
            return .failure(.notHTTP("no status line"))
        }
        return .success(ClientAnswer(status: status, headerLines: contents(answerHead), body: contents(answerBody)))
    }

    /// Whether libcurl got as far as sending the request.
    private var wasConnected: Bool {
        var microseconds: curl_off_t = 0
        return ccurl_get_offset(easy, CURLINFO_PRETRANSFER_TIME_T, &microseconds) == CURLE_OK && microseconds > 0
    }

    private func handOut(_ bytes: UnsafeRawBufferPointer) -> Int {
        if let onBytes, onBytes(bytes) { return bytes.count }
        refusal = .interrupted
        // Any other number than the one given makes libcurl end the transfer.
        return bytes.isEmpty ? 1 : 0
    }

    private func setMethod(_ method: ClientRequest.Method) throws(HTTPClientError) {
        try set(CURLOPT_NOBODY, method == .head ? 1 : 0)
        switch method {
        case .get: try set(CURLOPT_HTTPGET, 1)
        case .post, .put: try set(CURLOPT_POST, 1)
        case .head: break
        case .delete: try set(CURLOPT_HTTPGET, 1)
        }
        if method == .put || method == .delete {
            try set(CURLOPT_CUSTOMREQUEST, method.rawValue)
        } else {
            try check(ccurl_set_text(easy, CURLOPT_CUSTOMREQUEST, nil))
        }
    }

    private func setHeaders(_ headers: [ClientRequest.Header]) throws(HTTPClientError) {
        // Without `Expect:` libcurl waits a second for a 100 that most small servers never send.
        var list = curl_slist_append(nil, "Expect:")
        // The program's name too, unless another is given: as an option it is written anew for each request.
        let isNamed = headers.contains { $0.name.lowercased() == "user-agent" }
        let own = isNamed ? [] : [ClientRequest.Header("User-Agent", settings.userAgent)]
        for header in own + headers {
            let line = "\(header.name): \(header.value)"
            let isClean = !header.name.isEmpty && line.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
            guard isClean, let longer = curl_slist_append(list, line) else {
                curl_slist_free_all(list)
                throw .badRequest("header \(header.name.debugDescription) holds control characters or is empty")
            }
            list = longer
        }
        let code = ccurl_set_list(easy, CURLOPT_HTTPHEADER, list)
        curl_slist_free_all(headerList)
        headerList = list
        try check(code)
    }

    private func setBody(_ bytes: ArraySlice<UInt8>) throws(HTTPClientError) {
        if body.count < bytes.count || body.baseAddress == nil {
            body.deallocate()
            body = .allocate(byteCount: max(1024, bytes.count), alignment: 16)
        }
        bytes.withUnsafeBytes { body.copyMemory(from: $0) }
        try check(ccurl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count)))
        try check(ccurl_set_pointer(easy, CURLOPT_POSTFIELDS, body.baseAddress))
    }

    private func set(_ option: CURLoption, _ value: Int) throws(HTTPClientError) {
        try check(ccurl_set_long(easy, option, value))
    }

    private func set(_ option: CURLoption, _ value: String) throws(HTTPClientError) {
        guard !value.utf8.contains(0) else { throw .badRequest("a NUL byte in a setting") }
        try check(ccurl_set_text(easy, option, value))
    }

    private func check(_ code: CURLcode) throws(HTTPClientError) {
        if code != CURLE_OK { throw HTTPClientError(code, "", authority: "", wasConnected: false) }
    }
}
