internal import HTTPClient

/// The `Retry-After` header of an answer: seconds, or a date (RFC 9110, section 10.2.3).
enum RetryAfter {
    /// Milliseconds from `now` (wall clock, Unix milliseconds); nil if the text is neither. A past date is 0.
    static func milliseconds(_ text: String, now: Int64) -> Int64? {
        if let seconds = Int64(text) { return seconds < 0 ? nil : min(seconds, 1_000_000_000) * 1_000 }
        return unixSeconds(httpDate: text).map { max(0, min($0 * 1_000 - now, 1_000_000_000_000)) }
    }

    /// Milliseconds to wait as an answer asks; nil if it does not, or in no form that is known. A date is measured by the
    /// server's own clock if it tells that, else by `wall`.
    static func milliseconds(_ answer: ClientAnswer, wall: Int64) -> Int64? {
        answer.header("retry-after").flatMap { milliseconds($0, now: serverTime(answer) ?? wall) }
    }

    /// Milliseconds since 1970 by the clock of the server that answered (`Date`): its dates are to be measured by it, not
    /// by ours, which may be wrong. Nil if it does not say.
    static func serverTime(_ answer: ClientAnswer) -> Int64? {
        answer.header("date").flatMap { unixSeconds(httpDate: $0) }.map { $0 * 1_000 }
    }

    static func serverTime(_ result: Result<ClientAnswer, HTTPClientError>) -> Int64? {
        // Without an answer nobody told the time.
        (try? result.get()).flatMap { serverTime($0) }
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`. The two obsolete forms are not taken: servers must not send them.
    static func unixSeconds(httpDate text: String) -> Int64? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let day = number(words[1], 1...31),
            let month = months.firstIndex(of: String(words[2])), let year = number(words[3], 1970...9999)
        else { return nil }
        let clock = words[4].split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 3, let hour = number(clock[0], 0...23), let minute = number(clock[1], 0...59),
            let second = number(clock[2], 0...60)
        else { return nil }
        return days(year, month + 1, day) * 86_400 + hour * 3_600 + minute * 60 + second
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private static func number(_ text: Substring, _ range: ClosedRange<Int64>) -> Int64? {
        guard let value = Int64(text), range.contains(value) else { return nil }
        return value
    }

    /// Days from 1970-01-01 in the proleptic Gregorian calendar, counting years from March.
    private static func days(_ year: Int64, _ month: Int, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * Int64(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
