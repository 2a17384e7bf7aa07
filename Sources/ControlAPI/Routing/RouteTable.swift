public import HTTPServer
internal import JSONText

/// All operations of the interface: finds the route of a request, applies the access rules, and describes itself.
///
///     let table = RouteTable(title: "Mycogate", version: "1.0", routes: [...], access: { ... })
///     HTTPServer(configuration) { await table.respond(to: $0) }
public struct RouteTable: Sendable {
    public let title: String
    public let version: String
    public private(set) var routes: [Route]
    private let access: @Sendable (HTTPRequest, AccessScope?) -> AccessDecision
    private let answers: AnswerStore?
    private let onFailure: @Sendable (_ requestID: String, any Error) -> Void

    /// A table of `routes`, two of which must not have the same method and path. With `documentPath` it adds a route of
    /// its own that serves the OpenAPI document.
    ///
    /// `access` decides about a request for a route of the given scope; `answers` keeps answers for `Idempotency-Key`;
    /// `onFailure` is told about errors that are not `Problem`s.
    public init(
        title: String, version: String, routes: [Route], documentPath: String? = "/api/openapi.json",
        access: @escaping @Sendable (HTTPRequest, AccessScope?) -> AccessDecision, answers: AnswerStore? = nil,
        onFailure: @escaping @Sendable (_ requestID: String, any Error) -> Void = { _, _ in }
    ) {
        self.title = title
        self.version = version
        self.routes = routes
        self.access = access
        self.answers = answers
        self.onFailure = onFailure
        let names = routes.map { $0.method.rawValue + " " + $0.path }
        precondition(Set(names).count == names.count, "every method and path has one route")
        if let documentPath { self.routes.append(documentRoute(documentPath)) }
    }

    private func documentRoute(_ path: String) -> Route {
        // The route describes itself too: the document is made from the routes and a stand-in of this one.
        let standIn = Self.documentRoute(path) { _ in HTTPResponse() }
        let document = OpenAPIDocument.make(title: title, version: version, routes: routes + [standIn])
        let bytes = document.bytes
        return Self.documentRoute(path) { _ in HTTPResponse(contentType: "application/json", bytes) }
    }

    private static func documentRoute(
        _ path: String, _ handle: @escaping @Sendable (RoutedRequest) async throws -> HTTPResponse
    ) -> Route {
        Route(
            .get, path, scope: .readReadings, "This interface as an OpenAPI 3.1 document",
            answers: [.init(200, "The document")], handle: handle)
    }

    /// Answers any request; errors become problem documents.
    public func respond(to request: HTTPRequest) async -> HTTPResponse {
        do {
            return try await dispatch(request)
        } catch let problem as Problem {
            return problem.response(requestID: request.id)
        } catch {
            onFailure(request.id, error)
            return Problem.internalError.response(requestID: request.id)
        }
    }

    private func dispatch(_ request: HTTPRequest) async throws -> HTTPResponse {
        let matching = routes.filter { $0.template.match(request.segments) != nil }
        let wanted = request.method == "HEAD" ? "GET" : request.method
        let candidates = matching.filter { $0.method.rawValue == wanted }
        guard var route = candidates.first else {
            _ = try permitted(request, matching.first?.scope ?? .readReadings)
            return try refuse(request, matching)
        }
        for other in candidates.dropFirst() where other.template.isMoreSpecific(than: route.template) { route = other }
        let principal = try permitted(request, route.scope)
        let routed = RoutedRequest(
            http: request, principal: principal, route: route,
            pathValues: route.template.match(request.segments) ?? [:])
        try routed.checkParameters()
        guard route.creates, let answers, let key = request.headers["Idempotency-Key"] else {
            return try await run(routed)
        }
        return try await answers.once(key, routed) { try await run(routed) }
    }

    private func run(_ routed: RoutedRequest) async throws -> HTTPResponse {
        do {
            let response = try await routed.route.handle(routed)
            Self.checkDeclared(response.status, routed.route)
            return response
        } catch let problem as Problem {
            Self.checkDeclared(problem.status, routed.route)
            throw problem
        }
    }

    /// The document is true because every test that meets another status than a declared one ends here.
    private static func checkDeclared(_ status: Int, _ route: Route) {
        assert(
            Route.Answer.ofEveryRoute.contains(status) || route.answers.contains { $0.status == status },
            "\(route.method.rawValue) \(route.path) does not declare status \(status)")
    }

    private func permitted(_ request: HTTPRequest, _ scope: AccessScope?) throws(Problem) -> Principal {
        switch access(request, scope) {
        case .allow(let principal): return principal
        case .deny(let problem): throw problem
        }
    }

    private func refuse(_ request: HTTPRequest, _ matching: [Route]) throws(Problem) -> HTTPResponse {
        guard !matching.isEmpty else { throw .notFound("there is nothing at \(request.path)") }
        var methods = Set(matching.map(\.method.rawValue))
        if methods.contains("GET") { methods.insert("HEAD") }
        methods.insert("OPTIONS")
        let allow: HTTPHeaders = ["Allow": methods.sorted().joined(separator: ", ")]
        if request.method == "OPTIONS" { return HTTPResponse(status: 204, headers: allow) }
        throw Problem(405, "method_not_allowed", "\(request.path) does not take \(request.method)", headers: allow)
    }
}
