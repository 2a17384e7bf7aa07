internal import GatewayModel
internal import JSONText

/// The part of Home Assistant's value templates that picks a value out of a payload and rounds it.
///
/// `{{ value }}`, `{{ value_json.a.b }}`, `{{ value_json['a'][0] }}`, each with `| float`, `| int`, `| round` behind it.
/// The rest of Jinja2 is a programming language and is not run: `init` gives nil for it.
struct ValueTemplate: Equatable {
    enum Step: Equatable {
        case member(String)
        case element(Int)
    }

    enum Filter: Equatable {
        case float, int
        case round(places: Int)
    }

    /// Steps and filters of one template.
    static let stepCountMax = 8
    static let byteCountMax = 512

    /// Nil: the payload is taken as text.
    private(set) var path: [Step]?
    private(set) var filters: [Filter] = []

    /// No template: the whole payload as text.
    static let whole = ValueTemplate(path: nil, filters: [])

    private init(path: [Step]?, filters: [Filter]) {
        self.path = path
        self.filters = filters
    }

    /// Nil if it is beyond the subset.
    init?(_ text: String) {
        guard text.utf8.count <= Self.byteCountMax else { return nil }
        var scanner = TemplateScanner(text)
        guard scanner.skip("{{") || scanner.skip("{{-") else { return nil }
        _ = scanner.skip("-")
        guard let name = scanner.word() else { return nil }
        switch name {
        case "value": path = nil
        case "value_json":
            var steps: [Step] = []
            while let step = scanner.step() {
                guard steps.count < Self.stepCountMax else { return nil }
                steps.append(step)
            }
            path = steps
        default: return nil
        }
        while scanner.skip("|") {
            guard filters.count < Self.stepCountMax, let filter = scanner.filter() else { return nil }
            filters.append(filter)
        }
        _ = scanner.skip("-")
        guard scanner.skip("}}"), scanner.isAtEnd else { return nil }
    }

    var readsJSON: Bool { path != nil }

    /// The value in `root`; nil if there is none.
    func value(in root: JSONValue) -> JSONValue? {
        var value = root
        for step in path ?? [] {
            let next =
                switch step {
                case .member(let name): value[computed: name]
                case .element(let index): value[index]
                }
            guard let next else { return nil }
            value = next
        }
        return value
    }

    /// The number after the filters.
    func apply(to number: Double) -> Double {
        var result = number
        for filter in filters {
            switch filter {
            case .float: break
            case .int: result = result.rounded(.towardZero)
            case .round(let places):
                result = Self.rounded(result, places: places)
            }
        }
        return result
    }

    /// As Python rounds: what is nearest to the binary number itself, and halves to even.
    private static func rounded(_ number: Double, places: Int) -> Double {
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = number * scale
        // Where the product is a half only because it was rounded itself, what was lost decides.
        let lost = (-scaled).addingProduct(number, scale)
        let isHalf = (scaled - scaled.rounded(.down)) == 0.5
        let whole = scaled.rounded(!isHalf || lost == 0 ? .toNearestOrEven : lost > 0 ? .up : .down)
        return whole / scale
    }
}
