public import HTTPServer
public import JSONText

/// A request that has found its route, passed the access rules and has valid parameters.
public struct RoutedRequest: Sendable {
    public let http: HTTPRequest
    public let principal: Principal
    let route: Route
    let pathValues: [String: String]

    /// The value of a parameter that the route declares.
    public subscript<Value>(_ parameter: Parameter<Value>) -> Value {
        let declaration = parameter.declaration
        precondition(
            route.parameters.contains { $0.name == declaration.name && $0.place == declaration.place },
            "\(route.method.rawValue) \(route.path) does not declare \(declaration.name)")
        if let text = text(of: declaration), let value = parameter.parse(text) { return value }
        guard let absent = parameter.absent else { preconditionFailure("required parameters are checked by the table") }
        return absent
    }

    /// The text of a named path segment.
    public func path(_ name: String) -> String {
        guard let value = pathValues[name] else { preconditionFailure("\(route.path) has no {\(name)}") }
        return value
    }

    /// The body as JSON. Throws `malformed_json`; an empty body is an empty object.
    public func json() throws(Problem) -> JSON {
        if http.body.isEmpty { return .object([]) }
        do throws(JSONError) {
            return try JSON(parsing: http.body)
        } catch {
            throw Problem(400, "malformed_json", "the body is not JSON: \(error.code)")
        }
    }

    func text(of declaration: ParameterDeclaration) -> String? {
        switch declaration.place {
        case .path: pathValues[declaration.name]
        case .query: http.queryValue(declaration.name)
        case .header: http.headers[declaration.name]
        }
    }

    /// Refuses a parameter that is not known, missing or out of its range.
    func checkParameters() throws(Problem) {
        try checkQueryNames()
        for declaration in route.parameters {
            guard let text = text(of: declaration) else {
                if declaration.isRequired {
                    throw Problem(400, "missing_parameter", "\(declaration.name) must be given: \(declaration.accepts)")
                }
                continue
            }
            guard declaration.isValid(text) else {
                throw Problem(400, "invalid_parameter", "\(declaration.name) must be \(declaration.accepts)")
            }
        }
    }

    /// A parameter that nobody reads is a mistake: what it was to change would silently stay as it is.
    private func checkQueryNames() throws(Problem) {
        let known = route.parameters.filter { $0.place == .query }.map(\.name)
        var seen: Set<String> = []
        for item in http.query {
            let name = item.name.prefix(64)
            guard known.contains(item.name) else {
                let accepted = known.isEmpty ? "none" : known.joined(separator: ", ")
                throw Problem(400, "unknown_parameter", "`\(name)` is not a parameter here; accepted: \(accepted)")
            }
            guard seen.insert(item.name).inserted else {
                throw Problem(400, "invalid_parameter", "\(name) is given more than once")
            }
        }
    }
}
