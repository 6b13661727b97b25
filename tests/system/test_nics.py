#!/usr/bin/env python3
"""The kinds of nics beside the bridged one: macvlan, physical, routed, ipvlan, sriov, p2p; started,
plugged into what runs, unplugged, and given back when everything was killed."""
import os
import re
import signal
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import guests  # noqa: E402
import instances  # noqa: E402
import netns  # noqa: E402
import suite  # noqa: E402

PEER = None
HERE = None  # where the daemon is
THERE = None  # another host on the same wire
BOX = None
WORLD = "192.0.2.2"


def sh(name, text, **options):
    return guests.shell(BOX, name, text, **options)


def nic(kind, **config):
    return {"type": "nic", "nictype": kind,
            **{key.replace("__", "."): value for key, value in config.items()}}


def launch(name, device):
    BOX.create(name, devices={"eth0": {**device, "name": "net0"}})
    # The image asks for an address on each link, and drops those that are there.
    answer = BOX.api.request("POST", BOX.path(name, "/files?path=/sbin/dhcp-event"), b"#!/bin/sh\n",
                             {"X-LXD-mode": "0755", "X-LXD-type": "file"})
    suite.equal(answer.status, 200)
    BOX.state(name, "start")


def plug(name, device, config):
    devices = {**BOX.show(name)["devices"], device: config}
    BOX.api.sync("PATCH", BOX.path(name), {"devices": devices})


def unplug(name, device):
    found = BOX.show(name)
    del found["devices"][device]
    BOX.api.operation("PUT", BOX.path(name), {
        key: found[key] for key in ("config", "devices", "profiles", "description",
                                    "architecture", "ephemeral")})


def volatiles(name, device):
    return sorted(key.rpartition(f".{device}.")[2] for key in BOX.show(name)["config"]
                  if key.startswith(f"volatile.{device}.") and not key.endswith((".hwaddr",
                                                                                 ".name")))


def give_address(name, address, device="net0"):
    sh(name, f"ip addr add {address} dev {device}; ip link set {device} up")


def test_macvlan():
    launch("m", nic("macvlan", parent="wire", mtu="1400"))
    give_address("m", "192.0.2.10/24")
    suite.true(guests.pings(BOX, "m", WORLD), "the other host answers")
    suite.contains(sh("m", "ip link show net0"), "mtu 1400")
    suite.contains(sh("m", "ip link show net0"), BOX.show("m")["config"]["volatile.eth0.hwaddr"])
    suite.equal(volatiles("m", "eth0"), ["host_name", "last_state.created"])
    plug("m", "eth1", nic("macvlan", parent="wire", name="eth1"))
    give_address("m", "192.0.2.11/24", "eth1")
    unplug("m", "eth1")
    suite.true("eth1" not in sh("m", "ip link"), "unplugged")
    BOX.state("m", "stop", force=True)
    suite.equal(volatiles("m", "eth0"), [])
    suite.equal([name for name in HERE.links() if name.startswith("mac")], [])
    BOX.delete("m")


def test_macvlan_network():
    PEER.api.sync("POST", "/1.0/networks", {"name": "mac0", "type": "macvlan", "config": {
        "parent": "wire", "mtu": "1450"}})
    launch("n", {"type": "nic", "network": "mac0"})
    suite.contains(sh("n", "ip link show net0"), "mtu 1450")
    suite.equal(PEER.api.sync("GET", "/1.0/networks/mac0")["used_by"],
                [BOX.path("n")])
    PEER.refused(400, "in use", "PATCH", "/1.0/networks/mac0", {"config": {"parent": "card"}})
    BOX.delete("n", force=True)
    PEER.api.sync("DELETE", "/1.0/networks/mac0")


def card():
    """What the interface that is lent looks like."""
    shown = HERE.run("ip", "-o", "link", "show", "card")
    return re.search(r"mtu \d+", shown).group(), re.search(r"link/ether \S+", shown).group()


def test_physical():
    before = card()
    launch("p", nic("physical", parent="card", mtu="1400", hwaddr="00:16:3e:00:00:09"))
    give_address("p", "198.51.100.1/24")
    suite.true(guests.pings(BOX, "p", "198.51.100.2"), "the other host answers")
    suite.true("card" not in HERE.links(), "it is not here any more")
    shown = sh("p", "ip link show net0")
    suite.contains(shown, "mtu 1400")
    suite.contains(shown, "00:16:3e:00:00:09")
    suite.equal(volatiles("p", "eth0"), ["host_name", "last_state.created", "last_state.mtu"])
    error = suite.raises(Exception, launch, "p2", nic("physical", parent="card"))
    suite.contains(str(error), 'Parent device "card" doesn\'t exist')
    BOX.state("p", "stop", force=True)
    suite.equal(card(), before)
    suite.equal(volatiles("p", "eth0"), [])
    for name in ("p", "p2"):
        BOX.delete(name)


def test_physical_plugged():
    before = card()
    launch("q", nic("p2p"))
    plug("q", "lent", nic("physical", parent="card", name="lent0"))
    suite.contains(sh("q", "ip link"), "lent0")
    unplug("q", "lent")
    suite.true("lent0" not in sh("q", "ip link"), "unplugged")
    suite.equal(card(), before)
    BOX.delete("q", force=True)


def test_routed():
    HERE.run("sh", "-c", "for f in ipv4/conf/wire/forwarding ipv6/conf/all/forwarding "
             "ipv6/conf/wire/forwarding ipv6/conf/all/proxy_ndp; do echo 1 >/proc/sys/net/$f; "
             "done")
    device = nic("routed", parent="wire", ipv4__address="192.0.2.50",
                 ipv6__address="2001:db8::50", ipv4__host_table="100")
    error = suite.raises(Exception, launch, "r", device)
    suite.contains(str(error), "Routed mode requires sysctl net.ipv6.conf.wire.proxy_ndp=1")
    HERE.run("sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/wire/proxy_ndp")
    BOX.state("r", "start")
    suite.true(guests.pings(BOX, "r", WORLD), "out by IPv4")
    suite.eventually(lambda: guests.pings(BOX, "r", "2001:db8::2"), "out by IPv6", 5)
    suite.contains(THERE.run("busybox", "ping", "-c1", "-W2", "192.0.2.50"),
                   "1 packets received")
    host = BOX.show("r")["config"]["volatile.eth0.host_name"]
    suite.contains(HERE.run("ip", "route", "show", "table", "100"), f"192.0.2.50 dev {host}")
    suite.contains(HERE.run("ip", "neigh", "show", "proxy"), "192.0.2.50 dev wire")
    suite.contains(HERE.run("nft", "list", "ruleset"), f"prert.{BOX.full('r')}.eth0")
    suite.contains(sh("r", "ip route"), "default via 169.254.0.1")
    BOX.state("r", "stop", force=True)
    suite.equal(HERE.run("ip", "neigh", "show", "proxy"), "")
    suite.true(f"prert.{BOX.full('r')}" not in HERE.run("nft", "list", "ruleset"), "no rule left")
    BOX.delete("r")


def test_routed_probe():
    """An address that the other host has is refused, unless nobody asks."""
    error = suite.raises(Exception, launch, "s", nic("routed", parent="wire",
                                                      ipv4__address=WORLD))
    suite.contains(str(error), f'"{WORLD}" is in use by another device on "wire"')
    BOX.api.sync("PATCH", BOX.path("s"), {"devices": {"eth0": nic(
        "routed", parent="wire", ipv4__address=WORLD, ipv4__neighbor_probe="false", name="net0")}})
    BOX.state("s", "start")
    BOX.delete("s", force=True)


def test_routed_plugged():
    launch("u", nic("p2p"))
    plug("u", "eth1", nic("routed", parent="wire", ipv4__address="192.0.2.51", name="eth1"))
    suite.contains(sh("u", "ip route"), "default via 169.254.0.1 dev eth1")
    suite.true(guests.pings(BOX, "u", WORLD), "at once")
    unplug("u", "eth1")
    suite.true("eth1" not in sh("u", "ip link"), "unplugged")
    suite.equal(HERE.run("ip", "neigh", "show", "proxy"), "")
    BOX.delete("u", force=True)


def test_p2p_routes():
    launch("t", nic("p2p", host_name="vethp2p", ipv4__routes="10.202.0.0/24"))
    suite.contains(HERE.run("ip", "route"), "10.202.0.0/24 dev vethp2p")
    BOX.api.sync("PATCH", BOX.path("t"), {"devices": {"eth0": nic(
        "p2p", host_name="vethp2p", ipv4__routes="10.203.0.0/24", name="net0")}})
    routes = HERE.run("ip", "route")
    suite.true("10.203.0.0/24 dev vethp2p" in routes and "10.202" not in routes, "live")
    suite.contains(HERE.links(), "vethp2p")
    BOX.delete("t", force=True)


def test_ipvlan():
    HERE.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/conf/wire/forwarding")
    error = suite.raises(Exception, BOX.create, "iv", devices={"eth0": nic(
        "ipvlan", parent="wire", ipv4__address="192.0.2.60", ipv4__gateway="192.0.2.1")})
    suite.contains(str(error), 'ipv4.gateway": In mode l3s it must be "auto" or "none"')
    said = HERE.run("sh", "-c", "ip link add probe link wire type ipvlan mode l3s 2>&1 && "
                    "ip link del probe", check=False)
    device = nic("ipvlan", parent="wire", ipv4__address="192.0.2.60")
    if "Unknown device type" in said:
        suite.raises(Exception, launch, "iv", device)
        suite.equal(HERE.run("ip", "neigh", "show", "proxy"), "")
        BOX.delete("iv")
        raise suite.Skip("this kernel has no ipvlan")
    launch("iv", device)
    suite.true(guests.pings(BOX, "iv", WORLD), "the other host answers")
    BOX.delete("iv", force=True)


def test_sriov():
    """A card that is told by files: two functions, which are ends of pairs."""
    top = os.path.join(PEER.extra["BERTH_TEST_ROOT"], "sys/class/net/wire/device")
    error = suite.raises(Exception, launch, "v1", nic("sriov", parent="wire"))
    suite.contains(str(error), 'Parent device "wire" doesn\'t support SR-IOV')
    BOX.delete("v1")
    os.makedirs(top)
    for name, value in (("sriov_totalvfs", "2"), ("sriov_numvfs", "0")):
        with open(os.path.join(top, name), "w", encoding="ascii") as stream:
            stream.write(value + "\n")
    for index in (0, 1):
        HERE.run("ip", "link", "add", f"vf{index}", "type", "veth", "peer", "name", f"vethvf{index}")
        os.makedirs(os.path.join(top, f"virtfn{index}/net/vf{index}"))
    for name in ("v1", "v2"):
        launch(name, nic("sriov", parent="wire"))
    with open(os.path.join(top, "sriov_numvfs"), encoding="ascii") as stream:
        suite.equal(stream.read().strip()[:1], "2")
    suite.equal([BOX.show(name)["config"]["volatile.eth0.last_state.vf.id"]
                 for name in ("v1", "v2")], ["0", "1"])
    suite.equal([name for name in HERE.links() if name in ("vf0", "vf1")], [])
    error = suite.raises(Exception, launch, "v3", nic("sriov", parent="wire"))
    suite.contains(str(error), 'All virtual functions on parent device "wire" are in use')
    for name in ("v1", "v2", "v3"):
        BOX.delete(name, force=True)
    suite.equal(sorted(name for name in HERE.links() if name in ("vf0", "vf1")), ["vf0", "vf1"])


def test_vlan():
    """The links of a VLAN are made for the first nic and go with the last."""
    said = HERE.run("sh", "-c", "ip link add probe link wire type vlan id 6 2>&1 && "
                    "ip link del probe", check=False)
    if "Unknown device type" in said:
        error = suite.raises(Exception, launch, "w", nic("physical", parent="wire", vlan="5"))
        suite.contains(str(error), 'Failed to create VLAN interface "wire.5" on "wire"')
        suite.contains(str(error), 'this kernel has no links of kind "vlan"')
        BOX.delete("w")
        raise suite.Skip("this kernel has no VLANs")
    THERE.run("ip", "link", "add", "wire.5", "link", "wire", "type", "vlan", "id", "5")
    THERE.run("ip", "addr", "add", "198.51.100.65/26", "dev", "wire.5")
    THERE.run("ip", "link", "set", "wire.5", "up")
    for number, kind in enumerate(("physical", "macvlan")):
        launch("w", nic(kind, parent="wire", vlan="5"))
        give_address("w", f"198.51.100.{66 + number}/26")
        suite.true(guests.pings(BOX, "w", "198.51.100.65"), f"{kind} on the VLAN")
        BOX.delete("w", force=True)
        suite.true("wire.5" not in HERE.links(), "the VLAN's link goes")


def test_physical_after_a_crash():
    """A link that came back under the name it had inside is called as before."""
    before = card()
    launch("k", nic("physical", parent="card"))
    BOX.api.sync("PATCH", BOX.path("k"), {"config": {"boot.autostart": "false"}})
    init = BOX.api.sync("GET", BOX.path("k", "/state"))["pid"]
    PEER.kill()
    PEER.api.close()
    os.kill(init, signal.SIGKILL)
    suite.eventually(lambda: "card" in HERE.links(), "the link to come back")
    # With the monitor killed too, this is where a card would be.
    HERE.run("ip", "link", "set", "card", "name", "net0", "mtu", "1400")
    PEER.start()
    suite.equal(card(), before)
    suite.equal(volatiles("k", "eth0"), [])
    BOX.delete("k", force=True)


def main():
    global HERE, THERE, BOX, PEER
    with netns.Namespace() as HERE, netns.Namespace() as THERE, \
            tempfile.TemporaryDirectory(prefix="berth-sys-") as fake:
        HERE.join(THERE)
        HERE.join(THERE, "card")
        for place, last in ((HERE, 1), (THERE, 2)):
            place.run("ip", "addr", "add", f"192.0.2.{last}/24", "dev", "wire")
            place.run("ip", "addr", "add", f"2001:db8::{last}/64", "dev", "wire", "nodad",
                      check=False)  # there are kernels without IPv6
        THERE.run("ip", "addr", "add", "198.51.100.2/24", "dev", "card")
        HERE.run("ip", "link", "set", "card", "down")
        peer = daemon.Daemon(namespace=HERE, environment={"BERTH_TEST_ROOT": fake})
        PEER, BOX = peer, instances.Instances(peer)
        good = False
        try:
            good = suite.run(globals(), "nics: ")
        finally:
            failed = suite.run_one("nics: nothing is left behind", peer.stop)
        sys.exit(0 if good and not failed else 1)


if __name__ == "__main__":
    main()
