extension ProfileFuzzSource {
    /// Profiles that together use every key, each with a capture.
    static let everyKey = [lines, csv, json, binary, modbus, mqtt, lorawan]

    private static let head = "vendor: v\nmodel: m\nexpected_every: 1m\n"

    private static let lines = (
        head + #"""
            name: every-line
            kind: lines
            serial: {baud: 19200, parity: even, stop_bits: 2}
            lines:
              poll: {send_hex: "01 02", ending: crlf, every: 1s}
              rules:
                - match: '^T=(?<t>[-+0-9.eE]+)(?: S=(?<s>[A-Z]+))?(?: F=(?<f>\d+))?(?: N=(?<n>.*?))?$'
                  fields:
                    - {from: t, metric: t, unit: "°C", scale: 0.1, offset: -3, valid: [-40, 85], invalid: [999]}
                    - {from: s, metric: s, enum: {ON: true, OFF: false, BUSY: 2, X: y}}
                    - {from: f, metric: f, bits: {0: a, 63: b}}
                    - {from: n, metric: n, type: text}
                - {csv: {separator: ";"}, fields: [{from: "2", metric: c, type: flag}]}
                - {json: true, fields: [{from: "a.b[0].c", metric: j}]}
            conditions: [{metric: t, bounds: [0, 1], deadband: 0.1, silence_max: 10s}]

            """#, "T=-4.5E0 S=ON F=255 N=abc def\nT=1\n1;0\n{\"a\":{\"b\":[{\"c\":1}]}}\n"
    )

    private static let csv = (
        head + #"""
            name: every-cell
            kind: lines
            lines:
              rules:
                - csv: {separator: tab, prefix: "$X", count: 3}
                  fields: [{from: "3", metric: a, enum: {0: off, 1: on}}]
                - csv: {separator: ",", columns: [t, x, u]}
                  fields: [{from: t, metric: t}, {from: u, metric: u, type: text}]
                - {csv: {separator: space}, fields: [{from: head, metric: h}, {from: tail, metric: l}]}

            """#, "$X\t1\t1\n21.5,,\"a,b\"\nhead x tail\n1 2 3\n"
    )

    private static let json = (
        head + #"""
            name: every-path
            kind: json
            json:
              fields:
                - {from: "a.b\\.c", metric: a, scale: 0.01}
                - {from: "[0].x[2]", metric: x, enum: {0: false}}
                - {from: s, metric: s, type: text}
                - {from: w, metric: w, bits: {1: one}}

            """#, #"{"a":{"b.c":12},"s":"é","w":2}"# + "\n" + #"[{"x":[1,2,0]}]"# + "\n"
    )

    private static let binary = (
        head + #"""
            name: every-byte
            kind: binary
            binary:
              frame: {start: "AA 55", end: "0D", length_at: {offset: 2, type: u16, endian: little, added: 7}, checksum: crc16_modbus, checksum_from: 2, checksum_at: 3}
              fields:
                - {at: 4, type: i24, metric: a, mask: 0x3FFFFF, shift: 2}
                - {at: -5, type: u8, metric: b, bits: {0: x}, when: {at: 4, mask: 0x0F, equals: [0, 1]}}
                - {at: 4, type: f32, metric: f}
                - {at: 4, type: f64, endian: little, metric: d}
                - {at: 6, type: text:4, metric: t}
                - {at: 4, type: u64, metric: u, flag: true}

            """#, "AA550800 0102030405060708 0129 0D\n"
    )

    private static let modbus = (
        head + #"""
            name: every-register
            kind: modbus
            modbus:
              unit: 247
              groups: {slow: 10m}
              order: CDAB
              gap_max: 120
              points:
                - {name: a, address: 30001, type: i16, metric: a, scale: 0.1, invalid: [0x8000]}
                - {name: b, table: input, address: 1, type: u64, metric: b, order: DCBA}
                - {name: c, table: input, address: 5, type: f64, metric: c, order: BADC}
                - {name: d, table: input, address: 9, type: string, length: 4, metric: d}
                - {name: e, table: input, address: 13, type: bcd, length: 4, metric: e}
                - {name: f, table: input, address: 17, type: bit, bit: 15, metric: f}
                - {name: g, table: input, address: 18, type: u16, metric: g, bits: {15: x}}
                - {name: h, table: input, address: 19, type: f32, metric: h, group: slow}
                - {name: i, table: coil, address: 0, type: bool, metric: i, writable: [0, 1]}
                - {name: j, table: holding, address: 0, type: i32, metric: j, read: false, writable: [-1, 1]}
                - {name: k, table: input, address: 20, type: i64, metric: k, enum: {0: off}}
                - {name: l, table: holding, address: 65535, type: bool, metric: l}

            """#, "< 010430" + String(repeating: "8000123441BBA5E3", count: 6) + "0000\n"
    )

    private static let mqtt = (
        head + #"""
            name: every-topic
            kind: mqtt
            mqtt:
              topics:
                - {topic: "a/{device}/json", json: [{from: t, metric: t}, {from: "l[1]", metric: l, type: flag}]}
                - {topic: "a/{device}/number", value: {metric: v, unit: V}}
                - {topic: "a/{device}/word", value: {metric: w, enum: {ON: true}}}
                - {topic: "a/{device}/text", value: {metric: x, type: text}}
                - {topic: "a/+/lines", device: fixed, lines: {rules: [{csv: {}, fields: [{from: b, metric: c}]}]}}
                - {topic: "a/{device}/bytes", device: "d-{device}", length: [2, 4], fields: [{at: 0, type: u16, metric: b}]}
                - {topic: "a/{device}/#", records: [{key: "01", size: 2, fields: [{at: 0, type: i16, metric: r}]}, {key: "02", size: 0}]}

            """#,
        #"{"topic":"a/x/json","json":{"t":1,"l":[0,true]}}"# + "\n" + #"{"topic":"a/x/number","payload":" 1.5 "}"#
            + "\n" + #"{"topic":"a/x/word","payload":"ON"}"# + "\n" + #"{"topic":"a/x/text","payload":"word"}"# + "\n"
            + #"{"topic":"a/x/lines","payload":"a,b\n1,2\n"}"# + "\n" + #"{"topic":"a/x/bytes","hex":"0102"}"# + "\n"
            + #"{"topic":"a/x/y/z","hex":"01000202"}"# + "\n"
    )

    private static let lorawan = (
        head + #"""
            name: every-port
            kind: lorawan
            lorawan:
              ports:
                - {port: [1, 2], length: 4, fields: [{at: 0, type: u32, endian: little, metric: a}]}
                - {port: 2, records: [{key: "0167", size: 2, fields: [{at: 0, type: i16, metric: r}]}]}
                - {port: 3, cayenne: [{from: temperature.3, metric: soil, scale: 2}, {from: acceleration.6.x, metric: tilt}]}
                - {json: [{from: t, metric: t}]}

            """#, "1 01020304\n2 01670102\n3 0367 0110 0567 00FF 0671 04D2 FB2E 0000\n9 7B2274223A317D\n"
    )
}
