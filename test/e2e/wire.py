"""Looks at what goes over the wire: python3 wire.py MARK INTERFACE... prints, at SIGTERM, a JSON list of
{from, to, port, packets, marked}: TCP segments with a payload by sender, receiver and the receiver's port, and how many
of them have the mark, readable, in it. It says that it listens with a line of its own."""

import json
import select
import signal
import socket
import struct
import sys

ALL_PROTOCOLS = 3
IPV4 = 0x0800
TCP = 6

mark = sys.argv[1].encode()
sockets = []
for interface in sys.argv[2:]:
    one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    one.bind((interface, 0))
    sockets.append(one)
hops = {}


def finish(*_):
    rows = [
        {"from": hop[0], "to": hop[1], "port": hop[2], "packets": counts[0], "marked": counts[1]}
        for hop, counts in hops.items()
    ]
    print(json.dumps(rows), flush=True)
    sys.exit(0)


def take(frame):
    if struct.unpack_from("!H", frame, 12)[0] != IPV4 or frame[23] != TCP:
        return
    segment = 14 + (frame[14] & 0x0F) * 4
    end = 14 + struct.unpack_from("!H", frame, 16)[0]
    payload = frame[segment + (frame[segment + 12] >> 4) * 4 : end]
    if not payload:
        return
    hop = (
        socket.inet_ntoa(frame[26:30]),
        socket.inet_ntoa(frame[30:34]),
        struct.unpack_from("!H", frame, segment + 2)[0],
    )
    counts = hops.setdefault(hop, [0, 0])
    counts[0] += 1
    counts[1] += mark in payload


signal.signal(signal.SIGTERM, finish)
print("listens", flush=True)
while True:
    for ready in select.select(sockets, [], [])[0]:
        take(ready.recv(1 << 16))
