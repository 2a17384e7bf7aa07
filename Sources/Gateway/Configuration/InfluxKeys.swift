public import CloudSync
public import YAMLText

/// The keys of a destination of kind `influx`: line protocol.
public struct InfluxKeys: Sendable {
    public var batches: BatchKeys
    /// Of version 1 as `USER:PASSWORD`.
    public var token: SecretReference?
    public var target: InfluxFormat.Target

    init(_ section: YAMLSection) {
        batches = BatchKeys(section)
        token = section.presentSecret("token")
        let bucket = section.text("bucket", length: 1...256)
        let organization = section.text("org", length: 1...256)
        let database = section.text("database", length: 1...256)
        let policy = section.text("retention_policy", length: 1...256)
        switch (bucket, database) {
        case (let bucket?, nil):
            target = .bucket(bucket, organization: organization ?? "")
            if organization == nil { section.missing("org", accepted: "the organization of the bucket") }
            if policy != nil { section.reject("retention_policy", .conflict, "belongs to `database`, not to `bucket`") }
        case (nil, let database?):
            target = .database(database, retentionPolicy: policy)
            if organization != nil { section.reject("org", .conflict, "belongs to `bucket`, not to `database`") }
        default:
            target = .database("", retentionPolicy: nil)
            section.missing("bucket", accepted: "`bucket` and `org` (version 2 and later), or `database` (version 1)")
        }
    }
}
