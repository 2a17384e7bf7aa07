internal import CYAML

/// Reads one YAML document into a tree whose every node knows its place.
///
/// YAML 1.1 as libyaml reads it, less what a configuration needs no tool for: one document a file, no tags, text keys.
public enum YAMLParser {
    /// The tree of `bytes`; an empty document is an empty section.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8.
    ///   - file: the name that errors and positions carry; not opened.
    public static func parse(
        _ bytes: [UInt8], file: String, limits: YAMLLimits = YAMLLimits()
    ) throws(YAMLError) -> YAMLNode {
        let start = YAMLPosition(file: file, line: 1, column: 1)
        guard bytes.count <= limits.byteCountMax else {
            throw YAMLError(
                .tooLarge, at: start, message: "\(bytes.count) bytes, accepted at most \(limits.byteCountMax)")
        }
        let result: Result<YAMLNode?, YAMLError> = bytes.withUnsafeBufferPointer { buffer in
            var source = YAMLEventSource(buffer, file: file)
            do throws(YAMLError) {
                return .success(try source.compose(limits: limits))
            } catch {
                return .failure(error)
            }
        }
        guard let root = try result.get(), !root.isNull else { return YAMLNode(.mapping([]), at: start) }
        return root
    }

    /// The same for text.
    public static func parse(
        _ text: String, file: String, limits: YAMLLimits = YAMLLimits()
    ) throws(YAMLError) -> YAMLNode {
        try parse(Array(text.utf8), file: file, limits: limits)
    }
}

/// A libyaml parser over bytes that outlive it, driven to the end of the first document.
private struct YAMLEventSource: ~Copyable {
    // On the heap: libyaml keeps a pointer to the parser it was told to read with.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let bytes: UnsafeBufferPointer<UInt8>
    private let file: String
    private let isInitialized: Bool

    init(_ bytes: UnsafeBufferPointer<UInt8>, file: String) {
        parser = .allocate(capacity: 1)
        self.bytes = bytes
        self.file = file
        isInitialized = yaml_parser_initialize(parser) == 1
        guard isInitialized else { return }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    deinit {
        if isInitialized { yaml_parser_delete(parser) }
        parser.deallocate()
    }

    mutating func compose(limits: YAMLLimits) throws(YAMLError) -> YAMLNode? {
        guard isInitialized else {
            throw YAMLError(.tooLarge, at: .init(file: file, line: 1, column: 1), message: "no memory to read it")
        }
        // libyaml will not read from a null pointer, and an empty buffer may be one.
        guard !bytes.isEmpty else { return nil }
        var composer = YAMLComposer(limits: limits)
        var documents = 0
        while true {
            var event = yaml_event_t()
            guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
            defer { yaml_event_delete(&event) }
            let position = position(of: event.start_mark)
            switch event.type {
            case YAML_DOCUMENT_START_EVENT:
                documents += 1
                guard documents == 1 else {
                    throw YAMLError(
                        .unsupported, at: position, message: "a second document in one file is not accepted")
                }
            case YAML_SCALAR_EVENT, YAML_SEQUENCE_START_EVENT, YAML_MAPPING_START_EVENT, YAML_ALIAS_EVENT,
                YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
                try composer.on(try translated(event, at: position), at: position)
            case YAML_STREAM_END_EVENT, YAML_NO_EVENT:
                return composer.root
            default:
                break
            }
        }
    }

    private func translated(
        _ event: yaml_event_t, at position: YAMLPosition
    ) throws(YAMLError) -> YAMLComposer.Event {
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            try refuse(tag: scalar.tag, at: position)
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            let style: YAMLNode.ScalarStyle = scalar.style == YAML_PLAIN_SCALAR_STYLE ? .plain : .quoted
            return .scalar(text, style, anchor: self.text(scalar.anchor))
        case YAML_SEQUENCE_START_EVENT:
            try refuse(tag: event.data.sequence_start.tag, at: position)
            return .sequenceStart(anchor: text(event.data.sequence_start.anchor))
        case YAML_MAPPING_START_EVENT:
            try refuse(tag: event.data.mapping_start.tag, at: position)
            return .mappingStart(anchor: text(event.data.mapping_start.anchor))
        case YAML_ALIAS_EVENT:
            return .alias(text(event.data.alias.anchor) ?? "")
        default:
            return .end
        }
    }

    private func refuse(tag: UnsafeMutablePointer<yaml_char_t>?, at position: YAMLPosition) throws(YAMLError) {
        guard let tag = text(tag) else { return }
        throw YAMLError(.unsupported, at: position, message: "the tag `\(tag.prefix(40))` is not accepted")
    }

    private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(decodingCString: $0, as: UTF8.self) }
    }

    private func position(of mark: yaml_mark_t) -> YAMLPosition {
        YAMLPosition(file: file, line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    private func syntaxError() -> YAMLError {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "not YAML"
        if parser.pointee.error == YAML_READER_ERROR {
            return YAMLError(.malformed, at: position(ofOffset: Int(parser.pointee.problem_offset)), message: problem)
        }
        var message = problem
        if let context = parser.pointee.context {
            let from = position(of: parser.pointee.context_mark)
            message += " (\(String(cString: context)), begun in line \(from.line))"
        }
        return YAMLError(.malformed, at: position(of: parser.pointee.problem_mark), message: message)
    }

    /// The reader reports bytes that are not UTF-8 by their offset only.
    private func position(ofOffset offset: Int) -> YAMLPosition {
        let before = bytes.prefix(max(0, offset))
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let column = String(decoding: before[lineStart...], as: UTF8.self).unicodeScalars.count + 1
        return YAMLPosition(file: file, line: line, column: column)
    }
}
