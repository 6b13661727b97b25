#!/usr/bin/env python3
"""What a hostile container sends past its filters, and how much it sends past its limits: frames and
transfers between network namespaces, rules and queues as the daemon makes them."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import frames  # noqa: E402
import hosts  # noqa: E402
import suite  # noqa: E402

TOOL = os.path.join(daemon.build_directory(), "tests/nettool")
MINE, OTHER = "00:16:3e:00:00:02", "00:16:3e:00:00:03"
EVIL = VICTIM = None

HONEST = {
    "arp": frames.arp(MINE, MINE, "10.0.0.2"),
    "ip": frames.udp4(MINE, "10.0.0.2", "10.0.0.3"),
    "ip6": frames.udp6(MINE, "fd00::2", "fd00::3"),
    "advert": frames.advert(MINE, "fd00::2", "fd00::2", MINE),
}
# To the host alone: who has no address yet asks for one.
ASKING = {
    "dhcp": frames.udp4(MINE, "0.0.0.0", "255.255.255.255", port=67),
    "dhcp6": frames.udp6(MINE, "fe80::2", "ff02::1:2", port=547),
}
WRONG_MAC = {
    "mac": frames.udp4(OTHER, "10.0.0.2", "10.0.0.3"),
    "mac 6": frames.udp6(OTHER, "fd00::2", "fd00::3"),
    "mac in arp": frames.arp(MINE, OTHER, "10.0.0.2"),
    "mac in advert": frames.advert(MINE, "fd00::2", "fd00::2", OTHER),
    "mac behind a header": frames.advert(
        MINE, "fd00::2", "fd00::2", OTHER,
        before=frames.padding_header((26, frames.mac(MINE)))),
}
WRONG_ADDRESS = {
    "arp": frames.arp(MINE, MINE, "10.0.0.3"),
    "ip": frames.udp4(MINE, "10.0.0.3", "10.0.0.3"),
    "ip6": frames.udp6(MINE, "fd00::3", "fd00::3"),
    "advert": frames.advert(MINE, "fe80::2", "fd00::3", MINE),
    "advert behind a header": frames.advert(
        MINE, "fe80::2", "fd00::3", MINE,
        before=frames.padding_header((8, frames.ip("fd00::2")), (26, frames.mac(MINE)))),
    "router": frames.router_advert(MINE, "fd00::2"),
    "vlan": frames.udp4(MINE, "10.0.0.3", "10.0.0.3", vlan=5),
    "vlan arp": frames.arp(MINE, MINE, "10.0.0.3", vlan=0),
    "unknown kind": frames.ethernet(MINE, frames.BROADCAST, 0x88b5, frames.MARK * 6),
    "dhcp to others": frames.udp4(MINE, "0.0.0.0", "255.255.255.255", port=68),
}

RECEIVE = """
import socket, sys, time
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((sys.argv[1], 5001))
server.listen(1)
print("ready", flush=True)
client, _ = server.accept()
total, start = 0, None
while True:
    data = client.recv(1 << 16)
    if not data:
        break
    if start is not None:
        total += len(data)
    elif len(data):
        start = time.monotonic()
print(total * 8 / (time.monotonic() - start))
"""
SEND = """
import socket, sys, time
client = socket.create_connection((sys.argv[1], 5001))
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    client.send(b"x" * 16384)
client.close()
"""


def setup():
    global EVIL, VICTIM
    if EVIL is None:
        hosts.run("ip", "link", "add", "br0", "type", "bridge")
        hosts.run("ip", "address", "add", "10.0.0.1/24", "dev", "br0")
        hosts.run("ip", "link", "set", "br0", "up")
        EVIL = hosts.Host("evil", "10.0.0.2/24", "fd00::2/64", bridge="br0", hwaddr=MINE)
        VICTIM = hosts.Host("victim", "10.0.0.3/24", "fd00::3/64", bridge="br0", hwaddr=OTHER)
    hosts.run(TOOL, "unfilter", EVIL.port)


def passed(sent):
    """(what reached the neighbour, what reached the host)"""
    found = frames.passed(EVIL, [(VICTIM, "eth0"), (None, "br0")], sent)
    return found["victim"], found["here"]


def test_without_filters_all_pass():
    for sent in (HONEST, ASKING, WRONG_MAC, WRONG_ADDRESS):
        suite.equal(passed(sent)[0], sorted(sent))


def test_mac_filtering():
    hosts.run(TOOL, "filter", EVIL.port, MINE, "-", "-")
    suite.equal(passed(HONEST), (sorted(HONEST), sorted(HONEST)))
    suite.equal(passed(WRONG_MAC), ([], []))


def test_address_filtering():
    hosts.run(TOOL, "filter", EVIL.port, MINE, "10.0.0.2", "fd00::2")
    suite.equal(passed(HONEST), (sorted(HONEST), sorted(HONEST)))
    suite.equal(passed(ASKING), ([], sorted(ASKING)))
    suite.equal(passed(WRONG_MAC), ([], []))
    suite.equal(passed(WRONG_ADDRESS), ([], []))


def test_several_networks():
    hosts.run(TOOL, "filter", EVIL.port, MINE, "10.0.0.2,10.0.0.0/30", "fd00::2,fd00::/64")
    found, _ = passed(WRONG_ADDRESS)
    suite.equal(found, ["advert", "arp", "ip", "ip6", "vlan"])  # all from addresses it has


def test_no_address_is_nothing():
    hosts.run(TOOL, "filter", EVIL.port, MINE, "", "-")
    suite.equal(passed(HONEST)[0], ["advert", "ip6"])
    hosts.run(TOOL, "filter", EVIL.port, MINE, "-", "")
    suite.equal(passed(HONEST)[0], ["arp", "ip"])


def test_filters_go():
    hosts.run(TOOL, "filter", EVIL.port, MINE, "10.0.0.2", "fd00::2")
    hosts.run(TOOL, "unfilter", EVIL.port)
    suite.equal(passed(WRONG_ADDRESS)[0], sorted(WRONG_ADDRESS))
    suite.true("evil" not in hosts.run("nft", "list", "ruleset")[1], "nothing is left")


def rate(to_instance, seconds=1.5):
    """Megabits a second of one TCP stream."""
    inside = ["ip", "netns", "exec", "evil"]
    address = "10.0.0.2" if to_instance else "10.0.0.1"
    receiver = subprocess.Popen([*(inside if to_instance else []), sys.executable, "-c", RECEIVE,
                                 address], stdout=subprocess.PIPE, text=True)
    receiver.stdout.readline()
    hosts.run(*([] if to_instance else inside), sys.executable, "-c", SEND, address, str(seconds))
    return float(receiver.communicate()[0]) / 1e6


def near(found, wanted):
    suite.true(wanted * 0.9 <= found <= wanted * 1.1, f"{found:.1f} Mbit/s is near {wanted}")


def test_limits_hold():
    hosts.run(TOOL, "limit", EVIL.port, "40Mbit", "20Mbit")
    near(rate(True), 40)
    near(rate(False), 20)


def test_limits_change_live():
    hosts.run(TOOL, "limit", EVIL.port, "0", "100Mbit")
    near(rate(False), 100)
    suite.true(rate(True, 0.5) > 200, "no limit is left in the other direction")
    hosts.run(TOOL, "unlimit", EVIL.port)
    suite.true(rate(False, 0.5) > 200, "no limit is left")
    suite.equal(hosts.run("ip", "-o", "link", "show", "type", "ifb")[1], "")


def test_nothing_is_left_of_a_lost_link():
    hosts.run("ip", "link", "add", "x0", "type", "veth", "peer", "name", "x1")
    hosts.run(TOOL, "limit", "x0", "0", "1Mbit")
    hosts.run(TOOL, "limit", EVIL.port, "0", "1Mbit")
    hosts.run("ip", "link", "delete", "x0")
    hosts.run(TOOL, "sweep")
    suite.equal(hosts.run("ip", "-o", "link", "show", "type", "ifb")[1].count("\n"), 1)
    hosts.run(TOOL, "unlimit", EVIL.port)
    suite.equal(hosts.run("ip", "-o", "link", "show", "type", "ifb")[1], "")


if __name__ == "__main__":
    hosts.enter()
    suite.main(globals())
