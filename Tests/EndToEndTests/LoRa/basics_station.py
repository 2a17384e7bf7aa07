"""A LoRa Basics Station in a few lines, over a WebSocket client of its own (RFC 6455): none of the gateway's code.

usage: basics_station.py [--ca FILE] PORT GATEWAY_EUI FRAME_HEX...
Asks at /router-info, connects to where it is sent, says `version`, misbehaves a little, hands over the frames, waits for
one downlink and reports it as sent. With `--ca` all of it goes over TLS, to a server that this authority vouches for. Prints a line for each step; exits 1 when an answer is missing or wrong.
"""

import base64
import hashlib
import json
import os
import socket
import ssl
import struct
import sys

XTIME = 40250921680313459  # beyond 2^53: must come back digit for digit

TLS = None


class WebSocket:
    def __init__(self, host, port, path):
        self.socket = socket.create_connection((host, port), timeout=20)
        if TLS:
            self.socket = TLS.wrap_socket(self.socket, server_hostname=host)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
                             f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
                             ).encode())
        self.rest = b""
        while b"\r\n\r\n" not in self.rest:
            more = self.socket.recv(4096)
            if not more:
                raise ConnectionError(self.rest.decode())
            self.rest += more
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        self.status = int(head.split(b" ")[1])
        proof = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        if self.status == 101 and proof not in head:
            raise ConnectionError("the server does not prove that it has read the key")

    def _read(self, count):
        while len(self.rest) < count:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError("closed")
            self.rest += more
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def send(self, payload, opcode=1):
        mask = os.urandom(4)
        length = (struct.pack(">B", 0x80 | len(payload)) if len(payload) < 126
                  else struct.pack(">BH", 0x80 | 126, len(payload)) if len(payload) < 65536
                  else struct.pack(">BQ", 0x80 | 127, len(payload)))
        masked = bytes(byte ^ mask[index & 3] for index, byte in enumerate(payload))
        self.socket.sendall(struct.pack(">B", 0x80 | opcode) + length + mask + masked)

    def receive(self):
        """The next frame: opcode and payload. Pings are answered and passed over."""
        while True:
            first, second = self._read(2)
            length = second & 127
            if length == 126:
                length, = struct.unpack(">H", self._read(2))
            elif length == 127:
                length, = struct.unpack(">Q", self._read(8))
            payload = self._read(length)
            if first & 15 != 9:
                return first & 15, payload
            self.send(payload, 10)

    def tell(self, message):
        self.send(json.dumps(message).encode())

    def hear(self, kind):
        opcode, payload = self.receive()
        message = json.loads(payload) if opcode == 1 else {}
        if message.get("msgtype") != kind:
            raise ConnectionError(f"{kind} expected, got {opcode} {payload!r}")
        return message


def updf(frame, number, xtime):
    """A frame taken apart as a station does."""
    options = frame[5] & 15
    body = frame[8 + options:-4]
    signed = lambda raw: struct.unpack("<i", raw)[0]
    return {"msgtype": "updf", "MHdr": frame[0], "DevAddr": signed(frame[1:5]), "FCtrl": frame[5],
            "FCnt": struct.unpack("<H", frame[6:8])[0], "FOpts": frame[8:8 + options].hex(),
            "FPort": body[0] if body else -1, "FRMPayload": body[1:].hex().upper(), "MIC": signed(frame[-4:]),
            "RefTime": 0.0, "DR": 5, "Freq": 868500000,
            "upinfo": {"rctx": 3, "xtime": xtime, "gpstime": 0, "rssi": -57, "snr": 9.5, "rxtime": 1777889730.1}}


def main():
    global TLS
    arguments = sys.argv[1:]
    if arguments[0] == "--ca":
        TLS = ssl.create_default_context(cafile=arguments[1])
        arguments = arguments[2:]
    port, eui = int(arguments[0]), arguments[1]
    frames = [bytes.fromhex(text) for text in arguments[2:]]
    groups = [eui[index:index + 4] for index in range(0, 16, 4)]
    stranger = WebSocket("127.0.0.1", port, "/router-info")
    stranger.tell({"router": "1::2"})
    print("STRANGER", "uri" not in json.loads(stranger.receive()[1]),
          WebSocket("127.0.0.1", port, "/traffic/0000000000000001").status, flush=True)
    info = WebSocket("127.0.0.1", port, "/router-info")
    info.tell({"router": ":".join(groups)})
    answer = json.loads(info.receive()[1])
    print("ROUTER", answer["router"] == ":".join(groups), answer["uri"].startswith("wss://" if TLS else "ws://"), flush=True)
    path = "/" + answer["uri"].split("/", 3)[3]
    station = WebSocket("127.0.0.1", port, path)
    # Beyond what a message may be: this connection is closed, and a new one is welcome.
    station.send(b"x" * 70000)
    opcode, payload = station.receive()
    print("OVERSIZED", opcode, struct.unpack(">H", payload[:2])[0], flush=True)
    station = WebSocket("127.0.0.1", port, path)
    station.tell({"msgtype": "version", "station": "2.0.6(linux/std)", "firmware": "", "package": "", "model": "linux",
                  "protocol": 2, "features": "rmtsh"})
    config = station.hear("router_config")
    print("CONFIG", config["region"], len(config["DRs"]), len(config["upchannels"]),
          len([key for key in config["sx1301_conf"][0] if key.startswith("chan_multiSF")]), flush=True)
    for nonsense in (b"{", b"[1]", b'{"msgtype":"updf"}', b"\xc3\xa4"):
        station.send(nonsense)
    station.send(b"\x00\x01", 2)
    station.tell({"msgtype": "timesync", "txtime": 1023024197})
    time = station.hear("timesync")
    print("TIME", time["txtime"], time["gpstime"] > 1400000000000000, flush=True)
    station.tell({"msgtype": "jreq", "MHdr": 0, "JoinEui": "00-00-00-00-00-00-00-01", "DevEui":
                  "00-00-00-00-00-00-00-02", "DevNonce": 7, "MIC": -1, "DR": 5, "Freq": 868100000,
                  "upinfo": {"rctx": 0, "xtime": XTIME, "gpstime": 0, "rssi": -90, "snr": 1}})
    station.tell({"msgtype": "propdf", "FRMPayload": "E00102030405", "DR": 5, "Freq": 868100000,
                  "upinfo": {"rctx": 0, "xtime": XTIME, "gpstime": 0, "rssi": -90, "snr": 1}})
    for number, frame in enumerate(frames):
        station.tell(updf(frame, number, XTIME + number))
    # A command waits: it comes in the windows of the first frame of its device.
    down = station.hear("dnmsg")
    print("DOWNLINK", down["xtime"] - XTIME, down["rctx"], down["RxDelay"], down["RX1DR"], down["RX1Freq"],
          down["RX2DR"], down["RX2Freq"], down["pdu"][:2], flush=True)
    station.tell({"msgtype": "dntxed", "diid": down["diid"], "DevEui": down["DevEui"], "rctx": down["rctx"],
                  "xtime": down["xtime"] + 1000000, "txtime": 1777889731.1, "gpstime": 0})
    # Still there in spite of everything.
    station.send(b"still", 9)
    opcode, payload = station.receive()
    print("PONG", opcode == 10 and payload == b"still", flush=True)
    station.send(struct.pack(">H", 1000), 8)
    return 0


sys.exit(main())
