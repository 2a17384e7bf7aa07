/// One frame of LoRaWAN 1.0 or 1.1 as it goes over the air, taken apart but neither checked nor decrypted.
public struct PHYPayload: Sendable, Equatable {
    /// The three upper bits of the first byte.
    public enum MessageType: UInt8, Sendable, CaseIterable {
        case joinRequest = 0
        case joinAccept = 1
        case unconfirmedUp = 2
        case unconfirmedDown = 3
        case confirmedUp = 4
        case confirmedDown = 5
        case rejoinRequest = 6
        case proprietary = 7

        /// As the specification and network servers spell it.
        public var name: String {
            switch self {
            case .joinRequest: "JoinRequest"
            case .joinAccept: "JoinAccept"
            case .unconfirmedUp: "UnconfirmedDataUp"
            case .unconfirmedDown: "UnconfirmedDataDown"
            case .confirmedUp: "ConfirmedDataUp"
            case .confirmedDown: "ConfirmedDataDown"
            case .rejoinRequest: "RejoinRequest"
            case .proprietary: "Proprietary"
            }
        }

        /// Whether it is data from a device.
        public var isUplink: Bool { self == .unconfirmedUp || self == .confirmedUp }
        /// Whether the sender wants an acknowledgement.
        public var isConfirmed: Bool { self == .confirmedUp || self == .confirmedDown }
    }

    /// What stands between the first byte and the MIC.
    public enum Content: Sendable, Equatable {
        case data(DataFrame)
        case joinRequest(JoinRequest)
        /// Encrypted as a whole, MIC included, with the key of the device.
        case joinAccept([UInt8])
        case rejoinRequest([UInt8])
        case proprietary([UInt8])
    }

    /// What it is.
    public var type: MessageType
    /// What it holds.
    public var content: Content
    /// The last four bytes; nil where a proprietary frame has fewer.
    public var mic: MIC?
    /// Everything before the MIC: what it is made over.
    public var message: ArraySlice<UInt8>

    /// The radio carries 255 bytes at most.
    public static let byteCountMax = 255

    /// Takes a frame apart.
    public init(_ bytes: [UInt8]) throws(LoRaError) {
        guard let header = bytes.first else { throw LoRaError(.tooShort) }
        guard bytes.count <= Self.byteCountMax else { throw LoRaError(.wrongLength, at: Self.byteCountMax) }
        guard let type = MessageType(rawValue: header >> 5) else { throw LoRaError(.unknownPacketType) }
        // The major version: only R1 exists. A proprietary frame may use these bits as it likes.
        guard header & 3 == 0 || type == .proprietary else { throw LoRaError(.unsupportedVersion) }
        self.type = type
        if type == .proprietary, bytes.count < 5 {
            // Of such a frame the header alone is laid down: it needs no MIC.
            (message, mic, content) = (bytes[...], nil, .proprietary(Array(bytes.dropFirst())))
            return
        }
        guard bytes.count >= 5 else { throw LoRaError(.tooShort, at: bytes.count) }
        message = bytes.dropLast(4)
        mic = MIC(endOf: bytes)
        switch type {
        case .unconfirmedUp, .unconfirmedDown, .confirmedUp, .confirmedDown:
            content = .data(try DataFrame(message, isUplink: type.isUplink))
        case .joinRequest:
            guard bytes.count == 23 else { throw Self.length(bytes.count, 23) }
            content = .joinRequest(JoinRequest(message))
        case .joinAccept:
            guard bytes.count == 17 || bytes.count == 33 else { throw Self.length(bytes.count, 17) }
            content = .joinAccept(Array(bytes.dropFirst()))
        case .rejoinRequest:
            guard bytes.count == 19 || bytes.count == 24 else { throw Self.length(bytes.count, 19) }
            content = .rejoinRequest(Array(message.dropFirst()))
        case .proprietary: content = .proprietary(Array(message.dropFirst()))
        }
    }

    private static func length(_ count: Int, _ wanted: Int) -> LoRaError {
        count < wanted ? LoRaError(.tooShort, at: count) : LoRaError(.wrongLength, at: wanted)
    }
}

/// What a device that wants to join says: its names and a number used once.
public struct JoinRequest: Sendable, Equatable {
    public var joinEUI: LoRaEUI
    public var deviceEUI: LoRaEUI
    public var nonce: UInt16

    /// After the first byte eighteen, least significant first.
    init(_ message: ArraySlice<UInt8>) {
        let body = Array(message.dropFirst())
        func eui(_ start: Int) -> LoRaEUI {
            LoRaEUI((0..<8).reduce(0) { $0 | UInt64(body[start + $1]) << (8 * UInt64($1)) })
        }
        joinEUI = eui(0)
        deviceEUI = eui(8)
        nonce = UInt16(body[16]) | UInt16(body[17]) << 8
    }
}
