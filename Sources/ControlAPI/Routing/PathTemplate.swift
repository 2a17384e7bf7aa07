/// A path with named segments: `/api/v1/devices/{id}/commands`.
struct PathTemplate: Sendable, Equatable {
    enum Segment: Sendable, Equatable {
        case literal(String)
        case named(String)
    }

    let text: String
    let segments: [Segment]

    init(_ text: String) {
        precondition(text.hasPrefix("/"), "a path template starts with /")
        self.text = text
        segments = text.split(separator: "/").map { part in
            part.hasPrefix("{") && part.hasSuffix("}")
                ? .named(String(part.dropFirst().dropLast())) : .literal(String(part))
        }
    }

    var names: [String] {
        segments.compactMap { segment in
            if case .named(let name) = segment { name } else { nil }
        }
    }

    /// The named segments of a path that matches; nil if it does not.
    func match(_ path: [String]) -> [String: String]? {
        guard path.count == segments.count else { return nil }
        var values: [String: String] = [:]
        for (segment, part) in zip(segments, path) {
            switch segment {
            case .literal(let literal): if literal != part { return nil }
            case .named(let name): values[name] = part
            }
        }
        return values
    }

    /// Between two templates that match, the one with a literal where the other has a name is meant.
    func isMoreSpecific(than other: PathTemplate) -> Bool {
        for (mine, theirs) in zip(segments, other.segments) {
            switch (mine, theirs) {
            case (.literal, .named): return true
            case (.named, .literal): return false
            default: continue
            }
        }
        return false
    }
}
