internal import JSONText

/// The OpenAPI 3.1 document of a set of routes.
enum OpenAPIDocument {
    static func make(title: String, version: String, routes: [Route]) -> JSON {
        var paths: JSON = [:]
        for route in routes {
            var item = paths[route.path] ?? [:]
            item[route.method.rawValue.lowercased()] = operation(route)
            paths[route.path] = item
        }
        return [
            "openapi": "3.1.0", "info": ["title": .string(title), "version": .string(version)], "paths": paths,
            "components": components,
        ]
    }

    private static func operation(_ route: Route) -> JSON {
        var operation: JSON = [
            "operationId": .string(operationID(route)), "summary": .string(route.summary),
            "tags": [.string(route.tag)],
        ]
        var parameters = route.parameters.map(parameter)
        if route.creates { parameters.append(idempotencyKey) }
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if let body = route.body {
            operation["requestBody"] = [
                "required": .bool(body.isRequired), "description": .string(body.summary),
                "content": .object([.init(key: body.contentType, value: ["schema": body.schema])]),
            ]
        }
        operation["responses"] = responses(route)
        if let scope = route.scope {
            operation["security"] = [["bearer": [.string(scope.rawValue)]], ["apiKey": [.string(scope.rawValue)]]]
        } else {
            operation["security"] = []
        }
        return operation
    }

    /// `get_api_v1_devices_id`
    private static func operationID(_ route: Route) -> String {
        let words = route.template.segments.map { segment in
            switch segment {
            case .literal(let text), .named(let text):
                text.map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined()
            }
        }
        return ([route.method.rawValue.lowercased()] + words).joined(separator: "_")
    }

    private static func parameter(_ declaration: ParameterDeclaration) -> JSON {
        [
            "name": .string(declaration.name), "in": .string(declaration.place.rawValue),
            "required": .bool(declaration.isRequired), "description": .string(declaration.summary),
            "schema": declaration.schema,
        ]
    }

    private static func responses(_ route: Route) -> JSON {
        var responses: JSON = [:]
        for answer in route.answers + (route.creates ? AnswerStore.problems : []) {
            var response: JSON = ["description": .string(answer.summary)]
            if let contentType = answer.contentType {
                let media: JSON = answer.schema.map { ["schema": $0] } ?? [:]
                response["content"] = .object([.init(key: contentType, value: media)])
            }
            let status = String(answer.status)
            if responses[status] == nil { responses[status] = response }
        }
        responses["default"] = [
            "description": "Any error: see its code",
            "content": ["application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]],
        ]
        return responses
    }

    private static let idempotencyKey: JSON = [
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "For 24 hours the same key with the same body gets the first answer again",
        "schema": ["type": "string", "minLength": 1, "maxLength": 128],
    ]

    private static let components: JSON = [
        "schemas": [
            "Problem": [
                "type": "object", "required": ["type", "title", "status", "code", "detail", "request_id"],
                "properties": [
                    "type": ["type": "string"], "title": ["type": "string"], "status": ["type": "integer"],
                    "code": ["type": "string", "description": "Stable, for programs"],
                    "detail": ["type": "string", "description": "For people"], "request_id": ["type": "string"],
                ],
            ]
        ],
        "securitySchemes": [
            "bearer": ["type": "http", "scheme": "bearer"],
            "apiKey": ["type": "apiKey", "in": "header", "name": "X-API-Key"],
        ],
    ]
}
