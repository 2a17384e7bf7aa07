/// What the USB descriptors of an adapter or board say about it.
public struct USBIdentity: Sendable, Equatable, CustomStringConvertible {
    public var vendorID: UInt16
    public var productID: UInt16
    public var serialNumber: String?
    public var manufacturer: String?
    public var product: String?
    /// Bus and address number: which physical device this is while it stays plugged in.
    public var bus: Int
    public var address: Int

    public init(
        vendorID: UInt16, productID: UInt16, serialNumber: String? = nil, manufacturer: String? = nil,
        product: String? = nil, bus: Int = 0, address: Int = 0
    ) {
        self.vendorID = vendorID
        self.productID = productID
        self.serialNumber = serialNumber
        self.manufacturer = manufacturer
        self.product = product
        self.bus = bus
        self.address = address
    }

    /// `303a:1001 USB JTAG/serial debug unit`.
    public var description: String { model + (product.map { " " + $0 } ?? "") }

    /// Vendor and product: `303a:1001`. The same for every unit of the model.
    public var model: String {
        let ids = [vendorID, productID].map { id in
            let digits = String(id, radix: 16)
            return String(repeating: "0", count: 4 - digits.utf8.count) + digits
        }
        return ids.joined(separator: ":")
    }

    /// Vendors whose USB serial ports are taken for boards: Espressif, Silicon Labs, WCH, Arduino (both ids).
    public static let boardVendorIDs: Set<UInt16> = [0x303A, 0x10C4, 0x1A86, 0x2341, 0x2A03]

    /// Whether boards of this kind come from this vendor.
    public var isBoardVendor: Bool { Self.boardVendorIDs.contains(vendorID) }

    /// Whether the serial number tells this unit from others: many adapters leave the factory as `0001` or `123456`.
    public var hasDistinctiveSerialNumber: Bool {
        guard let serialNumber else { return false }
        return Self.isDistinctive(serialNumber)
    }

    static func isDistinctive(_ serialNumber: String) -> Bool {
        let symbols = serialNumber.lowercased().utf8.filter { isDigit($0) || isLetter($0) }
        guard symbols.count >= 4, Set(symbols).count > 1 else { return false }
        if symbols.count <= 4, symbols.allSatisfy(isDigit) { return false }
        let ascends = zip(symbols, symbols.dropFirst()).allSatisfy { pair in
            pair.1 == pair.0 &+ 1
                || (pair.0 == UInt8(ascii: "9") && (pair.1 == UInt8(ascii: "0") || pair.1 == UInt8(ascii: "a")))
        }
        return !ascends
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
}
