public import HTTPServer
public import JSONText

/// One operation of the interface: how it is called, what it needs, what it answers, and the code that does it. Dispatch
/// and the OpenAPI document are both made from it, so that what is documented is what runs.
public struct Route: Sendable {
    /// The methods that routes use.
    public enum Method: String, Sendable, CaseIterable {
        case get = "GET", post = "POST", put = "PUT", patch = "PATCH", delete = "DELETE"
    }

    /// What a request must carry in its body.
    public struct Body: Sendable {
        public var contentType: String
        public var schema: JSON
        public var summary: String
        /// Whether a request without a body is refused.
        public var isRequired: Bool

        public init(
            _ summary: String, contentType: String = "application/json", schema: JSON = ["type": "object"],
            isRequired: Bool = true
        ) {
            self.summary = summary
            self.contentType = contentType
            self.schema = schema
            self.isRequired = isRequired
        }
    }

    /// One answer a route may give.
    public struct Answer: Sendable {
        public var status: Int
        public var summary: String
        public var contentType: String?
        public var schema: JSON?

        public init(_ status: Int, _ summary: String, contentType: String? = "application/json", schema: JSON? = nil) {
            self.status = status
            self.summary = summary
            self.contentType = contentType
            self.schema = schema
        }

        /// Problems that any route may answer: they need not be listed.
        static let ofEveryRoute: Set<Int> = [400, 401, 403, 421, 500]

        /// An error of this route's own.
        public static func problem(_ status: Int, _ summary: String) -> Answer {
            Answer(
                status, summary, contentType: "application/problem+json",
                schema: ["$ref": "#/components/schemas/Problem"])
        }
    }

    /// What is asked for.
    public var method: Method
    var template: PathTemplate
    /// Nil: open to everybody.
    public var scope: AccessScope?
    public var summary: String
    /// The heading it stands under in the document.
    public var tag: String
    public var parameters: [ParameterDeclaration]
    public var body: Body?
    public var answers: [Answer]
    /// Honours `Idempotency-Key`: the same key and body get the first answer again.
    public var creates: Bool
    let handle: @Sendable (RoutedRequest) async throws -> HTTPResponse

    /// A route. Named segments of `path` that are not among the parameters are declared as plain text.
    ///
    /// The handler throws `Problem` for errors of the caller; anything else becomes a 500 and is reported.
    public init(
        _ method: Method, _ path: String, scope: AccessScope?, _ summary: String, tag: String = "gateway",
        parameters: [ParameterDeclaration] = [], body: Body? = nil, answers: [Answer], creates: Bool = false,
        handle: @escaping @Sendable (RoutedRequest) async throws -> HTTPResponse
    ) {
        self.method = method
        template = PathTemplate(path)
        self.scope = scope
        self.summary = summary
        self.tag = tag
        let undeclared = template.names.filter { name in
            !parameters.contains { $0.place == .path && $0.name == name }
        }
        self.parameters = undeclared.map { Parameter<String>.path($0, "Identifier").declaration } + parameters
        self.body = body
        self.answers = answers
        self.creates = creates
        self.handle = handle
    }

    /// The path template as written.
    public var path: String { template.text }
}
