"""A Semtech packet forwarder in a few lines: sends PUSH_DATA datagrams and answers what the server asks for.

usage: semtech_sender.py PORT GATEWAY_EUI FRAME_HEX...
Prints a line for each PUSH_ACK, PULL_ACK and PULL_RESP; exits 1 unless every datagram was acknowledged.
"""

import base64
import json
import socket
import struct
import sys


def datagram(token, kind, eui, body=b""):
    return struct.pack(">BHB", 2, token, kind) + eui + body


def main():
    port, eui, frames = int(sys.argv[1]), bytes.fromhex(sys.argv[2]), sys.argv[3:]
    up = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    down = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for end in (up, down):
        end.settimeout(20)
        end.connect(("127.0.0.1", port))
    down.send(datagram(0x7788, 2, eui))
    answer = down.recv(65536)
    print("PULL_ACK" if answer == bytes.fromhex("02778804") else answer.hex(), flush=True)
    for number, frame in enumerate(frames):
        raw = bytes.fromhex(frame)
        packet = {"tmst": 3512348611 + number, "freq": 868.5, "stat": 1, "modu": "LORA", "datr": "SF7BW125",
                  "codr": "4/5", "rssi": -57, "lsnr": 9.5, "size": len(raw),
                  "data": base64.b64encode(raw).decode().rstrip("=")}
        up.send(datagram(number + 1, 0, eui, json.dumps({"rxpk": [packet]}).encode()))
        answer = up.recv(65536)
        if answer != struct.pack(">BHB", 2, number + 1, 1):
            print("unexpected", answer.hex())
            return 1
        print("PUSH_ACK", flush=True)
    stat = {"stat": {"time": "2026-05-04 10:15:30 GMT", "rxnb": 12, "rxok": 11, "ackr": 100.0}}
    up.send(datagram(0x2222, 0, eui, json.dumps(stat).encode()))
    up.recv(65536)
    # One downlink is due: it comes where the pull came from, and is reported as sent.
    response = down.recv(65536)
    txpk = json.loads(response[4:])["txpk"]
    print("PULL_RESP", txpk["tmst"], txpk["ipol"], len(base64.b64decode(txpk["data"])), flush=True)
    down.send(response[:1] + response[1:3] + b"\x05" + eui)
    return 0


sys.exit(main())
