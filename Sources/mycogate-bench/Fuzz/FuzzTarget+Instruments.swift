import FieldProtocols

extension FuzzTarget {
    /// The parsers of spectrometers and gas sensors, through `decode`, which shows all that they find.
    static let instruments: [FuzzTarget] = [
        target(
            .as726x,
            [
                "host> AT\ndev< OK\nhost> ATVERHW\ndev< 65 OK\nhost> ATGAIN=2\ndev< OK\n",
                "ATDATA\n812, 655, 120, 98, 143, 77, 930, 744, 690, 210, 55, 31, 401, 377, 512, 688, 742, 899 OK\n",
                "ATCDATA\n512.25, 431.5, 220.125, 180, 140.75, 0x1F OK\nATFOO\nERROR\n",
                "A,B,C,D,E,F,G,H,R,I,S,J,T,U,V,W,K,L\n1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,\n",
                "Reading: R[1.5] S[2] T[3] U[4] V[5] W[6] tempF[77.0]\n",
            ]),
        FuzzTarget(name: "obp", seeds: { messages }) { decode(.obp) },
        target(
            .c12880ma,
            [(0..<288).map { String($0) }.joined(separator: ","), #"{"coefficients":[311.5,2.7,-0.001],"base":1}"#]),
        target(.as7341, [#"{"F1":1,"F8":8,"CLEAR":9,"NIR":10,"gain":9,"atime":0,"astep":999,"temperature":21.5}"#]),
        target(
            .bme690,
            [
                #"{"calibration":{"par_t1":18840,"par_t2":19980,"par_g3":18,"amb_temp":25},"temperature":[{"adc":6100000}],"#
                    + #""pressure":[{"adc":8500000,"deg_c":23.7}],"humidity":[{"adc":33000,"deg_c":23.7}],"#
                    + #""gas_resistance":[{"adc":900,"range":15}],"heater_register":[{"target_c":320}],"gas_wait_register":[{"ms":64}]}"#
            ]),
        target(
            .bme68x,
            [
                #"{"variant":1,"calibration_hex":"\#(String(repeating: "5a", count: 42))","#
                    + #""fields":[{"hex":"8300123450765430000000000080e54019"}],"gas_resistance":[{"adc":1,"range":2}]}"#
            ]),
        target(
            .bmerawdata,
            [
                #"{"configBody":{"heaterProfiles":[{"id":"h","timeBase":140,"temperatureTimeVectors":[[320,5],[100,2]]}],"#
                    + #""sensorConfigurations":[{"sensorIndex":0,"heaterProfile":"h"}]},"rawDataHeader":{"boardId":"A1","#
                    + #""seedPowerOnOff":"B2","counterPowerOnOff":1,"dateCreated":"1777889730"},"rawDataBody":{"dataColumns":["#
                    + #"{"key":"sensor_index"},{"key":"timestamp_since_poweron"},{"key":"real_time_clock"},{"key":"temperature"}],"#
                    + #""dataBlock":[[0,12000,1777889730,24.1],[0,13400,1777889731,null]]}}"#
            ]),
    ]

    private static func target(_ format: CaptureDecoder.Format, _ seeds: [String]) -> FuzzTarget {
        FuzzTarget(name: format.rawValue, seeds: { seeds.map { Array($0.utf8) } }) { decode(format) }
    }

    private static func decode(_ format: CaptureDecoder.Format) -> (UnsafeRawBufferPointer) -> Void {
        { bytes in _ = CaptureDecoder.decode(bytes, as: format) { _ in } }
    }

    private static var messages: [[UInt8]] {
        [
            OBPFrame.get(.serialNumber), .set(.setIntegration, 100_000), .get(.wavelengthCoefficient, index: 1),
            OBPFrame(type: 0x100, flags: .response, immediate: Array("S05507".utf8)),
            OBPFrame(type: 0x101000, flags: .response, checksum: .md5, payload: Array(repeating: 9, count: 128)),
        ].map(\.wire)
    }
}
