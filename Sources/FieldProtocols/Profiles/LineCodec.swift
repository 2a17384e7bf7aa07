internal import GatewayModel

/// How the lines of a device become readings: rules that are tried in their order.
public struct LineCodec: Sendable {
    /// One kind of line.
    public struct Rule: Sendable {
        /// How a line of this kind is taken apart.
        public enum Form: Sendable {
            /// A field for each named group.
            case pattern(LinePattern)
            /// Cells between separators; the fields' sources are column names, or numbers from 1 where there are none.
            case columns(Columns)
            /// One JSON object; the fields' sources are paths.
            case json
        }

        /// How it is taken apart, and what the parts mean.
        public var form: Form
        public var fields: [Field]

        public init(_ form: Form, fields: [Field]) {
            self.form = form
            self.fields = fields
        }
    }

    /// The cells of a line.
    public struct Columns: Sendable {
        public var separator: UInt8
        /// What a line begins with, such as `$WIXDR,`; it is no cell.
        public var prefix: [UInt8]
        /// The columns' names in their order; empty where a line that holds all sources names them.
        public var names: [String]
        /// Cells that a line has, no more and no less; nil: any number that reaches the last field.
        public var count: Int?

        public init(separator: UInt8 = 0x2C, prefix: [UInt8] = [], names: [String] = [], count: Int? = nil) {
            self.separator = separator
            self.prefix = prefix
            self.names = names
            self.count = count
        }
    }

    /// A value of a line, and what it means. An object, since it is looked at for every line.
    public final class Field: Sendable {
        /// A group's name, a column's name or number, or a JSON path.
        public let source: String
        public let path: JSONPath?
        public let rule: FieldRule

        public init(source: String, rule: FieldRule) {
            self.source = source
            self.rule = rule
            path = JSONPath(source)
        }
    }

    /// Tried in this order; the first that knows a line reads it.
    public var rules: [Rule]

    public init(rules: [Rule]) { self.rules = rules }

    /// Bytes of a line at most; what is longer is no line.
    public static let lineByteCountMax = 4_096
    /// Cells of a line at most.
    public static let columnCountMax = 256
}
