internal import CCurl
internal import CLinux
internal import Glibc

/// Watches the sockets of a libcurl multi handle and keeps its timer (libcurl's `curl_multi_socket_action` interface).
///
/// Only sockets with something to do are touched, and a kept connection stays registered between its requests, so that
/// an exchange costs hardly more system calls than its bytes.
final class SocketWatch {
    private let multi: UnsafeMutableRawPointer
    private let epoll: Int32
    /// By descriptor: what epoll watches, and whether libcurl wants to hear of it.
    private var watched: [(events: UInt32, isWanted: Bool)] = []
    private var timerAt = Int64.max
    /// The timer is due at once; needs no clock.
    private var isTimerDue = false
    /// The clock as last read. It may be old: a timer set by it fires early, and libcurl then sets it again.
    private var lastNow = SocketWatch.now()
    private var ready = [epoll_event](repeating: epoll_event(), count: 64)
    private let waker: Int32
    private var guest: Int32 = -1

    /// `waker` is an eventfd that ends a wait; it belongs to the caller.
    init(_ multi: UnsafeMutableRawPointer, waker: Int32) throws(HTTPClientError) {
        self.multi = multi
        self.waker = waker
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw .badRequest("no descriptors left") }
        watch(waker)
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = ccurl_multi_set_socket_sink(
            multi,
            { _, descriptor, what, context, _ in
                guard let context else { return 0 }
                Unmanaged<SocketWatch>.fromOpaque(context).takeUnretainedValue().want(descriptor, what)
                return 0
            }, context)
        _ = ccurl_multi_set_timer_sink(
            multi,
            { _, milliseconds, context in
                guard let context else { return 0 }
                let watch = Unmanaged<SocketWatch>.fromOpaque(context).takeUnretainedValue()
                watch.setTimer(milliseconds)
                return 0
            }, context)
    }

    deinit { close(epoll) }

    /// Makes this the one that closes the sockets of a handle; it must outlive them.
    func adopt(_ easy: UnsafeMutableRawPointer) {
        _ = ccurl_set_close_sink(
            easy,
            { context, descriptor in
                if let context {
                    Unmanaged<SocketWatch>.fromOpaque(context).takeUnretainedValue().forget(descriptor)
                }
                return close(descriptor)
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Does what libcurl's timer is due for: among others, begins what was just submitted.
    func runTimer() {
        guard isTimerDue || timerAt <= lastNow else { return }
        isTimerDue = false
        timerAt = .max
        act(CURL_SOCKET_TIMEOUT, 0)
    }

    /// Waits up to `timeout` (milliseconds) for a socket, the timer, the waker or `descriptor`; whether the last is readable.
    func wait(_ timeout: Int, alsoWatching descriptor: Int32?) -> Bool {
        if let descriptor, descriptor != guest {
            watch(descriptor)
            guest = descriptor
        }
        lastNow = Self.now()
        let untilTimer: Int64 =
            if isTimerDue { 0 } else if timerAt == .max { Int64(timeout) } else {
                max(0, min(Int64(timeout), timerAt - lastNow))
            }
        let count = epoll_wait(epoll, &ready, Int32(ready.count), Int32(clamping: untilTimer))
        var isGuestReadable = false
        for index in 0..<Int(max(0, count)) {
            let event = ready[index]
            switch event.data.fd {
            case waker: drainWaker()
            case guest: isGuestReadable = true
            default: handle(event)
            }
        }
        if count == 0 { lastNow = Self.now() }
        runTimer()
        return isGuestReadable
    }

    private func setTimer(_ milliseconds: Int) {
        isTimerDue = milliseconds == 0
        timerAt = milliseconds <= 0 ? .max : lastNow + Int64(milliseconds)
    }

    private func handle(_ event: epoll_event) {
        let descriptor = event.data.fd
        guard Int(descriptor) < watched.count, watched[Int(descriptor)].isWanted else {
            // A kept connection that the peer has closed, or that talks unasked: libcurl looks when it needs it.
            unwatch(descriptor)
            return
        }
        var mask: Int32 = 0
        if event.events & EPOLLIN.rawValue != 0 { mask |= CURL_CSELECT_IN }
        if event.events & EPOLLOUT.rawValue != 0 { mask |= CURL_CSELECT_OUT }
        if event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { mask |= CURL_CSELECT_ERR }
        act(descriptor, mask)
    }

    private func act(_ descriptor: Int32, _ mask: Int32) {
        var running: Int32 = 0
        _ = curl_multi_socket_action(multi, descriptor, mask, &running)
    }

    private func want(_ descriptor: Int32, _ what: Int32) {
        let index = Int(descriptor)
        guard index >= 0 else { return }
        while watched.count <= index { watched.append((0, false)) }
        if what == CURL_POLL_REMOVE {
            watched[index].isWanted = false
            return
        }
        watched[index].isWanted = true
        var events: UInt32 = 0
        if what & CURL_POLL_IN != 0 { events |= EPOLLIN.rawValue }
        if what & CURL_POLL_OUT != 0 { events |= EPOLLOUT.rawValue }
        guard events != watched[index].events else { return }
        control(watched[index].events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, events)
        watched[index].events = events
    }

    private func unwatch(_ descriptor: Int32) {
        control(EPOLL_CTL_DEL, descriptor, 0)
        if Int(descriptor) < watched.count { watched[Int(descriptor)].events = 0 }
    }

    private func forget(_ descriptor: Int32) {
        if descriptor >= 0, Int(descriptor) < watched.count { watched[Int(descriptor)] = (0, false) }
    }

    private func watch(_ descriptor: Int32) { control(EPOLL_CTL_ADD, descriptor, EPOLLIN.rawValue) }

    private func control(_ operation: Int32, _ descriptor: Int32, _ events: UInt32) {
        var event = epoll_event()
        event.events = events
        event.data.fd = descriptor
        if epoll_ctl(epoll, operation, descriptor, &event) == 0 { return }
        // The descriptor was closed behind our back, or is watched for nothing.
        if errno == ENOENT, operation == EPOLL_CTL_MOD { epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) }
        if errno == EEXIST, operation == EPOLL_CTL_ADD { epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event) }
    }

    private func drainWaker() {
        var count: eventfd_t = 0
        eventfd_read(waker, &count)
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
