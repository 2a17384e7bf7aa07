internal import SQLite

/// Why a token could not be made, listed or revoked.
public enum AccessError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Names have 1 to 64 visible characters, and a token has at least one scope.
    case tokenNameInvalid
    case tokenNameTaken
    case tooManyTokens
    case database(String)

    /// Stable, for programs.
    public var code: String {
        switch self {
        case .tokenNameInvalid: "token_name_invalid"
        case .tokenNameTaken: "token_name_taken"
        case .tooManyTokens: "too_many_tokens"
        case .database: "database_failed"
        }
    }

    public var description: String {
        switch self {
        case .tokenNameInvalid: "a token needs a name of 1 to 64 visible characters and at least one scope"
        case .tokenNameTaken: "there is a token of this name already"
        case .tooManyTokens: "there are \(AccessTokens.tokensMax) tokens; revoke some"
        case .database(let reason): reason
        }
    }

    static func from<R>(_ body: () throws(SQLiteError) -> R) throws(AccessError) -> R {
        do throws(SQLiteError) { return try body() } catch { throw .database(error.description) }
    }
}
