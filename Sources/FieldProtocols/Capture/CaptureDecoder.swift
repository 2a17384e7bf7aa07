internal import JSONText

/// Decodes one captured input to lines of JSON: what `mycogate decode` prints.
///
/// A bad input gives a line with `error` and `at`, its offset in the input; everything else is still decoded.
public struct CaptureDecoder {
    /// The formats, by the names of the command line.
    public enum Format: String, Sendable, CaseIterable {
        /// Frames of MDP, one after the other.
        case mdp
        /// The mixed stream of a serial port.
        case mdpStream = "mdp-stream"
        /// The lines of a serial session.
        case lines
        /// One MycoEnvelope.
        case envelope
        /// JSON envelopes: one text, or one a line.
        case envelopeJSON = "envelope-json"
        /// Binary frames of MMP.
        case mmp
        /// Frames of Modbus on a serial line.
        case modbusRTU = "modbus-rtu"
        /// Frames of Modbus over TCP.
        case modbusTCP = "modbus-tcp"
        /// AT transcripts of AS7262, AS7263 and AS7265x, and lines of their example sketches.
        case as726x
        /// Messages of the Ocean binary protocol, bytes or hex digits.
        case obp
        /// Lines of 288 counts, or an inspection sheet.
        case c12880ma
        /// Objects of channels.
        case as7341
        /// Calibration and raw values of a BME690.
        case bme690
        /// The same of a BME680 or BME688.
        case bme68x
        /// A raw-data file of BME AI-Studio.
        case bmerawdata
    }

    /// What may be said on the command line besides.
    public struct Options: Sendable {
        /// For `lines`: nil to find out which firmware speaks.
        public var generation: LineGeneration?
        /// For envelopes: the device's Ed25519 key, 32 bytes; nil leaves signatures unchecked.
        public var publicKey: [UInt8]?
        /// For `c12880ma`: A0, B1 … B5 of the unit's inspection sheet; nil leaves wavelengths out.
        public var coefficients: [Double]?
        /// For `c12880ma`: what the sheet counts the first pixel as.
        public var pixelBase = 1
        /// For `c12880ma`: the board's converter.
        public var resolution = C12880MAFrame.Resolution.sixteen

        public init(generation: LineGeneration? = nil, publicKey: [UInt8]? = nil) {
            self.generation = generation
            self.publicKey = publicKey
        }
    }

    let options: Options
    let parser = JSONParser()
    private let emit: (String) -> Void
    private(set) var hasFailed = false

    private init(options: Options, emit: @escaping (String) -> Void) {
        self.options = options
        self.emit = emit
    }

    /// Decodes the whole input and gives every line, without its end, to `emit`.
    /// - Returns: whether everything was good: exit status 0, else 1.
    public static func decode(
        _ input: UnsafeRawBufferPointer, as format: Format, options: Options = Options(),
        emit: @escaping (String) -> Void
    ) -> Bool {
        var decoder = CaptureDecoder(options: options, emit: emit)
        switch format {
        case .mdp: decoder.decodeMDP(input, isStream: false)
        case .mdpStream: decoder.decodeMDP(input, isStream: true)
        case .lines: decoder.decodeLines(input)
        case .envelope: decoder.decodeEnvelope(input)
        case .envelopeJSON: decoder.decodeJSONEnvelopes(input)
        case .mmp: decoder.decodeMMP(input)
        case .modbusRTU: decoder.decodeModbus(input, isTCP: false)
        case .modbusTCP: decoder.decodeModbus(input, isTCP: true)
        case .as726x: decoder.decodeAS726x(input)
        case .obp: decoder.decodeOBP(input)
        case .c12880ma: decoder.decodeC12880MA(input)
        case .as7341: decoder.decodeAS7341(input)
        case .bme690: decoder.decodeBosch(input, family: .bme690)
        case .bme68x: decoder.decodeBosch(input, family: .bme688)
        case .bmerawdata: decoder.decodeBMERawData(input)
        }
        return !decoder.hasFailed
    }

    /// Prints one object.
    func print(_ body: (inout JSONWriter) -> Void) {
        var writer = JSONWriter()
        writer.beginObject()
        body(&writer)
        writer.endObject()
        emit(writer.text)
    }

    /// Prints an input that could not be decoded.
    mutating func fail(_ code: String, at offset: Int, _ more: (inout JSONWriter) -> Void = { _ in }) {
        print { writer in
            Self.write(code, at: offset, &writer)
            more(&writer)
        }
        markFailed()
    }

    /// An error that is printed together with what could be decoded.
    static func write(_ code: String, at offset: Int, _ writer: inout JSONWriter) {
        writer.key("error")
        writer.string(code)
        writer.key("at")
        writer.integer(offset)
    }

    mutating func markFailed() { hasFailed = true }
}
