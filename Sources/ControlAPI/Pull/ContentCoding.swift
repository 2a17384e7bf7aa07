enum ContentCoding {
    static func encode(_ bytes: [UInt8], accepted: String?) -> (coding: String?, bytes: [UInt8]) { (nil, bytes) }
}
