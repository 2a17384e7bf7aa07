internal import HTTPClient
internal import JSONText

extension ClientAnswer {
    /// The body, if it is JSON; what is not says nothing.
    var json: JSON? { try? JSON(parsing: body) }
}
