import ControlAPI
import Gateway
import GatewayModel
import Glibc
import JSONText

extension Verb {
    static let token = Verb(
        name: "token", synopsis: "create NAME --scopes LIST [--expires 90d] | list | revoke NAME",
        summary: "Makes, lists and ends access tokens; works without the daemon too.",
        details: "Scopes: " + AccessScope.allCases.map(\.rawValue).joined(separator: " "),
        options: [
            .init(name: "scopes", value: "LIST", help: "what it may do, separated by commas"),
            .init(name: "expires", value: "TIME", help: "how long it is good for (default: for ever)"),
            .json,
        ] + Option.daemon, words: 1...2
    ) { arguments in
        let tokens = try TokenStore.open(dataDirectory: Locations(arguments).dataDirectory)
        switch (arguments.words[0], arguments.words.count) {
        case ("create", 2): try create(arguments, tokens)
        case ("list", 1): try list(arguments, tokens)
        case ("revoke", 2):
            guard try tokens.revoke(arguments.words[1], by: .local(uid: getuid())) else {
                throw ToolError.failed("there is no token `\(arguments.words[1])`")
            }
            Output.line("revoked \(arguments.words[1])")
        default:
            throw ToolError.usage(
                "usage: mycogate token create NAME --scopes LIST [--expires 90d] | list | revoke NAME")
        }
        return .ok
    }

    private static func create(_ arguments: Arguments, _ tokens: AccessTokens) throws {
        guard let list = arguments["scopes"], let scopes = AccessScope.parse(list) else {
            throw ToolError.usage("--scopes: accepted " + AccessScope.allCases.map(\.rawValue).joined(separator: ", "))
        }
        var random = SystemRandomNumberGenerator()
        let issued = try tokens.create(
            name: arguments.words[1], scopes: scopes, lifetime: try arguments.duration("expires"),
            by: .local(uid: getuid()), using: &random)
        if arguments.has("json") {
            Output.line((["name": .string(issued.entry.name), "token": .string(issued.secret)] as JSON).text)
        } else {
            Output.line(issued.secret)
            Output.error("This is the only time it is shown.\n")
        }
    }

    private static func list(_ arguments: Arguments, _ tokens: AccessTokens) throws {
        let rows = try tokens.list().map { entry in
            [
                entry.name, entry.scopes.map(\.rawValue).sorted().joined(separator: ","),
                TokenStore.time(entry.created),
                TokenStore.time(entry.expires), TokenStore.time(entry.lastUsed),
            ]
        }
        let header = ["name", "scopes", "created", "expires", "last_used"]
        guard arguments.has("json") else { return Output.table(header, rows) }
        for row in rows {
            let members = zip(header, row).map { JSON.Member(key: $0, value: $1 == "-" ? .null : .string($1)) }
            Output.line(JSON.object(members).text)
        }
    }
}
