internal import JSONText

/// What a board's ROM and system print when it starts or dies (reference, section 2.2).
enum BootText {
    /// A line that tells of a reset or a crash.
    enum Report: Equatable {
        /// `reason` as the ROM prints it (`POWERON`, `SW_CPU`, `BROWNOUT` …), possibly empty; `code` as it stands there.
        case reset(reason: String, code: String)
        case crash(kind: String, text: String)

        /// The event it becomes.
        var note: (kind: String, body: String) {
            var body = JSONWriter()
            body.beginObject()
            switch self {
            case .reset(let reason, let code):
                body.key("reason")
                body.string(reason)
                body.key("code")
                body.string(code)
            case .crash(let kind, let text):
                body.key("kind")
                body.string(kind)
                body.key("text")
                body.string(text)
            }
            body.endObject()
            if case .reset = self { return ("device_reset", body.text) }
            return ("device_crash", body.text)
        }
    }

    private static let crashes: [(text: StaticString, kind: String)] = [
        ("Guru Meditation Error", "panic"), ("Brownout detector was triggered", "brownout"),
        ("abort() was called", "abort"), ("assert failed:", "assert"), ("Task watchdog got triggered", "watchdog"),
        ("stack overflow in task", "stack_overflow"), ("Stack smashing protect failure", "stack_overflow"),
        ("CORRUPT HEAP", "heap"), ("Interrupt wdt timeout", "watchdog"),
    ]

    /// What a line of text tells; nil for any other. Garbage of another speed may stand in front of it.
    static func report(_ line: ByteText) -> Report? {
        if let start = line.firstIndex(of: "rst:0x") { return reset(line[start..<line.bytes.count]) }
        for (text, kind) in crashes where line.contains(text) {
            return .crash(kind: kind, text: line[0..<min(line.bytes.count, 200)].string)
        }
        return nil
    }

    /// `rst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)`.
    private static func reset(_ line: ByteText) -> Report {
        let codeStart = 4
        let codeEnd = line.bytes[codeStart...].firstIndex { $0 == 0x20 || $0 == 0x2C || $0 == 0x28 } ?? line.bytes.count
        let code = line[codeStart..<min(codeEnd, codeStart + 16)].string
        let rest = line[codeEnd..<line.bytes.count]
        let comma = rest.firstIndex(of: ",") ?? rest.bytes.count
        guard let open = rest.firstIndex(of: "("), open < comma, let close = rest.firstIndex(of: ")", from: open) else {
            return .reset(reason: "", code: code)
        }
        return .reset(reason: rest[(open + 1)..<close].string, code: code)
    }
}
