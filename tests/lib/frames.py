#!/usr/bin/env python3
"""Ethernet frames as a hostile container would write them, sent and caught in network namespaces.

Each frame has a mark of eight bytes in it, by which it is known where it arrives:
`passed(sender, receivers, frames)` says for each receiver which of the named frames came through.
(Bridges cut what stands behind an IP packet, so the mark stands inside. Checksums over it are
wrong, which nobody on the way looks at.)
"""
import json
import socket
import struct
import subprocess
import sys

import hosts

MARK = b"MARKMARK"  # replaced in each frame
BROADCAST = "ff:ff:ff:ff:ff:ff"
CATCH = """
import json, socket, sys, time
wanted = json.loads(sys.argv[2])
catcher = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
catcher.bind((sys.argv[1], 0))
print("ready", flush=True)
catcher.settimeout(0.05)
found, end = set(), None
import select
while True:
    if select.select([sys.stdin], [], [], 0)[0] and end is None:
        end = time.monotonic() + 0.15
    if end is not None and time.monotonic() > end:
        break
    try:
        frame, where = catcher.recvfrom(65536)
    except socket.timeout:
        continue
    if where[2] != 4:
        found.update(name for name, mark in wanted.items() if bytes.fromhex(mark) in frame)
print(json.dumps(sorted(found)))
"""
SEND = """
import json, socket, sys
sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sender.bind(("eth0", 0))
for frame in json.loads(sys.stdin.read()):
    sender.send(bytes.fromhex(frame))
"""


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def ip(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ethernet(source, target, kind, payload, vlan=None):
    tag = struct.pack("!HH", 0x8100, vlan) if vlan is not None else b""
    return mac(target) + mac(source) + tag + struct.pack("!H", kind) + payload


def arp(source, sender_mac, sender_ip, target_ip="10.0.0.9", operation=2, **options):
    payload = struct.pack("!HHBBH", 1, 0x800, 6, 4, operation) + mac(sender_mac) + ip(sender_ip)
    payload += mac("00:00:00:00:00:00") + ip(target_ip) + MARK
    return ethernet(source, BROADCAST, 0x806, payload, **options)


def udp4(source_mac, source, target, port=4000, target_mac=BROADCAST, **options):
    body = struct.pack("!HHHH", 68, port, 16, 0) + MARK
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0, 64, 17, 0, ip(source),
                       ip(target))
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return ethernet(source_mac, target_mac, 0x800, head + body, **options)


def ip6(source_mac, source, target, kind, body, target_mac="33:33:00:00:00:01", **options):
    head = struct.pack("!IHBB16s16s", 0x60000000, len(body), kind, 255, ip(source), ip(target))
    return ethernet(source_mac, target_mac, 0x86dd, head + body, **options)


def udp6(source_mac, source, target, port=4000):
    return ip6(source_mac, source, target, 17,
               struct.pack("!HHHH", 546, port, 16, 0) + MARK)


def icmp6(source, target, body, next_header=58):
    pseudo = ip(source) + ip(target) + struct.pack("!II", len(body), next_header)
    return body[:2] + struct.pack("!H", checksum(pseudo + body)) + body[4:]


def advert(source_mac, source, about, link_layer, before=b""):
    """A neighbour advertisement; `before`: an extension header in front of it."""
    target = "ff02::1"
    body = struct.pack("!BBHI", 136, 0, 0, 0x20000000) + ip(about) + b"\2\1" + mac(link_layer)
    body += b"\16\2" + bytes(6) + MARK
    body = icmp6(source, target, body)
    return ip6(source_mac, source, target, 60 if before else 58, before + body)


def router_advert(source_mac, source):
    body = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
    body += b"\16\2" + bytes(6) + MARK
    return ip6(source_mac, source, "ff02::1", 58, icmp6(source, "ff02::1", body))


def padding_header(*pieces):
    """A destination options header of padding that carries bytes at offsets of its own."""
    size = 8 * ((max(offset + len(data) for offset, data in pieces) + 7) // 8)
    header = bytearray(size)
    header[0:4] = bytes([58, size // 8 - 1, 1, size - 4])
    for offset, data in pieces:
        header[offset:offset + len(data)] = data
    return bytes(header)


def passed(sender, receivers, frames):
    """{receiver: [names]}; receivers are (Host or None for this namespace, link)."""
    marks = {name: f"b3e7{number:04x}a5c3f00d" for number, name in enumerate(frames)}
    catchers = {}
    for host, link in receivers:
        inside = ["ip", "netns", "exec", host.name] if host else []
        catchers[host.name if host else "here"] = subprocess.Popen(
            [*inside, sys.executable, "-c", CATCH, link, json.dumps(marks)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for catcher in catchers.values():
        catcher.stdout.readline()
    whole = [frame.replace(MARK, bytes.fromhex(marks[name])).hex()
             for name, frame in frames.items()]
    hosts.run("ip", "netns", "exec", sender.name, sys.executable, "-c", SEND,
              data=json.dumps(whole))
    return {name: json.loads(catcher.communicate("end\n")[0])
            for name, catcher in catchers.items()}
