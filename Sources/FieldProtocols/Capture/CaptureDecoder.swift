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
        /// Sparkplug B: messages with topics, or one payload.
        case sparkplug
        /// Messages with topics of one convention each.
        case tasmota, homie, homeassistant, zigbee2mqtt, shelly, esphome
        /// The same of all conventions.
        case mqtt
        /// Packs of RFC 8428.
        case senml
        case senmlCBOR = "senml-cbor"
        /// InfluxDB's line protocol.
        case influx
        /// One datagram of a Semtech packet forwarder.
        case semtech
        /// One frame of LoRaWAN; captures in JSON may bring their keys.
        case lorawan
        /// Events of ChirpStack v4: one, several in an array, or one a line; each alone or as `{"topic","payload"}`.
        case chirpstack
        /// The same of The Things Stack v3.
        case tts
        /// Messages of LoRa Basics Station, in the same shapes.
        case basicsStation = "basics-station"
        /// One payload of Cayenne LPP.
        case cayenne
        /// The session of a RAK3172 or its kin.
        case rak3172
        /// Lines of Reyax, LoRa-E5 and RAK modems and of sketch boards, told apart by how they begin.
        case modemLines = "modem-lines"
        /// The serial stream of a Meshtastic node.
        case meshtastic
        /// Packets as JSON, to be answered with their time on air.
        case timeOnAir = "time-on-air"
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
        /// For LoRaWAN: the keys of the device, 16 bytes each; nil leaves payloads encrypted and codes unchecked.
        public var networkKey: [UInt8]?
        public var applicationKey: [UInt8]?
        /// Of the device itself, for join requests.
        public var deviceKey: [UInt8]?
        /// The upper half of the frame counter, which does not travel.
        public var counterHigh: UInt16 = 0
        /// For MQTT formats: the topic of a payload that stands alone.
        public var topic: String?

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
        case .sparkplug: decoder.decodeSparkplug(input)
        case .tasmota: decoder.decodeTopics(input, [.tasmota])
        case .homie: decoder.decodeTopics(input, [.homie])
        case .homeassistant: decoder.decodeTopics(input, [.homeassistant])
        case .zigbee2mqtt: decoder.decodeTopics(input, [.zigbee2mqtt])
        case .shelly: decoder.decodeTopics(input, [.shelly])
        case .esphome: decoder.decodeTopics(input, [.esphome])
        case .mqtt: decoder.decodeTopics(input, TopicFamilyName.allCases)
        case .senml: decoder.decodeSenML(input, isCBOR: false)
        case .senmlCBOR: decoder.decodeSenML(input, isCBOR: true)
        case .influx: decoder.decodeInflux(input)
        case .semtech: decoder.decodeSemtech(input)
        case .lorawan: decoder.decodeLoRaWAN(input)
        case .chirpstack, .tts: decoder.decodeNetworkEvents(input, of: format)
        case .basicsStation: decoder.decodeBasicsStation(input)
        case .cayenne: decoder.decodeCayenne(input)
        case .rak3172: decoder.decodeModemLines(input, dialect: .rak3172)
        case .modemLines: decoder.decodeModemLines(input, dialect: nil)
        case .meshtastic: decoder.decodeMeshtastic(input)
        case .timeOnAir: decoder.decodeTimeOnAir(input)
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
