#!/usr/bin/env python3
"""Networks seen from inside containers: DHCP, DNS, NAT, fixed addresses, nics that come and go, and
two hosts that are joined by tunnels."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import guests  # noqa: E402
import instances  # noqa: E402
import netns  # noqa: E402
import suite  # noqa: E402

PLACES = []
PEERS = []
BOXES = []
NIC = {"type": "nic", "network": "br0", "name": "eth0"}


def network(peer, name, **config):
    peer.api.sync("POST", "/1.0/networks", {"name": name, "config": {
        key.replace("__", "."): value for key, value in config.items()}})


def sh(name, text, host=0, **options):
    return guests.shell(BOXES[host], name, text, **options)


def set_device(name, device, host=0, **changes):
    """Changes keys of a device; None removes one."""
    box = BOXES[host]
    devices = box.show(name)["devices"]
    found = {**devices[device], **{k.replace("__", "."): v for k, v in changes.items()}}
    devices[device] = {key: value for key, value in found.items() if value is not None}
    box.api.sync("PATCH", box.path(name), {"devices": devices})


def plug(name, device, config, host=0):
    box = BOXES[host]
    devices = {**box.show(name)["devices"], device: config}
    box.api.sync("PATCH", box.path(name), {"devices": devices})


def unplug(name, device, host=0):
    box = BOXES[host]
    found = box.show(name)
    del found["devices"][device]
    box.api.operation("PUT", box.path(name), {
        key: found[key] for key in ("config", "devices", "profiles", "description",
                                    "architecture", "ephemeral")})


def test_dhcp():
    network(PEERS[0], "br0", ipv4__address="10.31.0.1/24", ipv4__nat="true",
            ipv6__address="fd31::1/64", ipv4__dhcp__ranges="10.31.0.100-10.31.0.120",
            dns__search="one.example,two.example")
    for name in ("a", "b"):
        BOXES[0].launch(name, devices={"eth0": NIC})
    first, second = guests.dhcp(BOXES[0], "a"), guests.dhcp(BOXES[0], "b")
    suite.matches(first, r"^10\.31\.0\.1[012]\d$")
    suite.true(first != second, "two addresses")
    said = sh("a", "cat /tmp/dhcp")
    suite.contains(said, "router='10.31.0.1'")
    suite.contains(said, "search='one.example two.example'")
    suite.true(guests.pings(BOXES[0], "a", second), "neighbours reach each other")
    leases = {item["address"]: item for item in
              PEERS[0].api.sync("GET", "/1.0/networks/br0/leases")}
    suite.equal((leases[first]["hostname"], leases[first]["type"]),
                (BOXES[0].full("a"), "dynamic"))
    suite.contains(leases, BOXES[0].show("a")["config"]["volatile.eth0.hwaddr"]
                   and first)


def test_dns():
    out = sh("a", f"nslookup {BOXES[0].full('b')}.lxd 10.31.0.1")
    suite.contains(out, guests.ipv4(BOXES[0], "b"))
    suite.contains(sh("a", "nslookup _gateway.lxd 10.31.0.1"), "10.31.0.1")


def test_router_announcement():
    def found():
        return re.search(r"inet6 (fd31::\S+)/64 scope global", sh("a", "ip -6 addr show eth0"))
    address = suite.eventually(found, "an address by announcement").group(1)
    suite.eventually(lambda: guests.pings(BOXES[0], "a", "fd31::1"), "the gateway's answer", 5)
    leases = [item["address"] for item in PEERS[0].api.sync("GET", "/1.0/networks/br0/leases")]
    suite.contains(leases, address)


def test_nat():
    """The other host has no route back: only a translated address gets an answer."""
    suite.true(guests.pings(BOXES[0], "a", "192.0.2.2"), "through NAT")
    PEERS[0].api.sync("PATCH", "/1.0/networks/br0", {"config": {"ipv4.nat": "false"}})
    suite.true(not guests.pings(BOXES[0], "a", "192.0.2.2"), "not without")
    PEERS[0].api.sync("PATCH", "/1.0/networks/br0", {"config": {"ipv4.nat": "true"}})
    suite.true(guests.pings(BOXES[0], "a", "192.0.2.2"), "live again")


def test_counters():
    before = BOXES[0].api.sync("GET", BOXES[0].path("a", "/state"))["network"]["eth0"]
    suite.true(guests.pings(BOXES[0], "a", "10.31.0.1", 3), "the gateway answers")
    after = BOXES[0].api.sync("GET", BOXES[0].path("a", "/state"))["network"]["eth0"]
    sent = after["counters"]["packets_sent"] - before["counters"]["packets_sent"]
    suite.true(3 <= sent <= 30, f"{sent} packets counted")
    suite.equal(after["host_name"], BOXES[0].show("a")["config"]["volatile.eth0.host_name"])


def test_fixed_address():
    set_device("b", "eth0", ipv4__address="10.31.0.7")
    suite.equal(guests.dhcp(BOXES[0], "b"), "10.31.0.7")
    suite.contains(sh("a", f"nslookup {BOXES[0].full('b')}.lxd 10.31.0.1"), "10.31.0.7")


def test_reboot():
    BOXES[0].state("b", "restart", force=True)
    suite.equal(guests.dhcp(BOXES[0], "b"), "10.31.0.7")


def test_rename():
    BOXES[0].state("b", "stop", force=True)
    keys = [key for key in BOXES[0].show("b")["config"] if key.startswith("volatile.eth0.")]
    suite.equal(keys, ["volatile.eth0.hwaddr"])
    BOXES[0].api.operation("POST", BOXES[0].path("b"), {"name": BOXES[0].full("c")})
    BOXES[0].state("c", "start")
    suite.equal(guests.dhcp(BOXES[0], "c"), "10.31.0.7")
    suite.contains(sh("a", f"nslookup {BOXES[0].full('c')}.lxd 10.31.0.1"), "10.31.0.7")


def test_hot_plug():
    network(PEERS[0], "br1", ipv4__address="10.32.0.1/24", ipv6__address="none",
            bridge__mtu="1400")
    plug("a", "eth1", {"type": "nic", "network": "br1", "name": "eth1",
                       "host_name": "vethplug", "queue.tx.length": "77"})
    suite.matches(guests.dhcp(BOXES[0], "a", "eth1"), r"^10\.32\.0\.")
    shown = sh("a", "ip link show eth1")
    suite.contains(shown, "mtu 1400")
    suite.contains(shown, "qlen 77")
    suite.contains(PLACES[0].run("ip", "link", "show", "vethplug"), "master br1")
    set_device("a", "eth1", ipv4__routes="10.200.0.0/24")
    suite.contains(PLACES[0].run("ip", "route"), "10.200.0.0/24 dev br1")
    set_device("a", "eth1", ipv4__routes=None)
    suite.true("10.200.0.0" not in PLACES[0].run("ip", "route"), "the route goes live")
    unplug("a", "eth1")
    suite.true("eth1" not in sh("a", "ip link"), "unplugged")
    suite.true("vethplug" not in PLACES[0].links(), "nothing of it is left")
    suite.equal([key for key in BOXES[0].show("a")["config"] if ".eth1." in key and
                 "hwaddr" not in key], [])
    PEERS[0].api.sync("DELETE", "/1.0/networks/br1")


def test_isolation():
    for name in ("a", "c"):
        set_device(name, "eth0", security__port_isolation="true")
        guests.dhcp(BOXES[0], name)
    suite.true(not guests.pings(BOXES[0], "a", guests.ipv4(BOXES[0], "c")), "isolated")
    suite.true(guests.pings(BOXES[0], "a", "10.31.0.1"), "but for the bridge itself")
    for name in ("a", "c"):
        set_device(name, "eth0", security__port_isolation=None)
        guests.dhcp(BOXES[0], name)
    suite.true(guests.pings(BOXES[0], "a", guests.ipv4(BOXES[0], "c")), "together again")


def test_filters():
    """With a filter on, a borrowed address or hardware address does not pass; live."""
    gateway = "10.31.0.1"
    error = suite.raises(Exception, set_device, "a", "eth0", security__ipv4_filtering="true")
    suite.contains(str(error), "security.ipv4_filtering needs ipv4.address")
    set_device("a", "eth0", ipv4__address="10.31.0.50", security__mac_filtering="true",
               security__ipv4_filtering="true")
    suite.equal(guests.dhcp(BOXES[0], "a"), "10.31.0.50")
    suite.true(guests.pings(BOXES[0], "a", gateway), "its own address passes")
    sh("a", "ip addr flush dev eth0; ip addr add 10.31.0.99/24 dev eth0")
    suite.true(not guests.pings(BOXES[0], "a", gateway), "another one does not")
    sh("a", "ip addr flush dev eth0; ip addr add 10.31.0.50/24 dev eth0")
    suite.true(guests.pings(BOXES[0], "a", gateway), "its own again")
    own = BOXES[0].show("a")["config"]["volatile.eth0.hwaddr"]
    sh("a", "ip link set eth0 down; ip link set eth0 address 00:16:3e:99:99:99; ip link set eth0 "
       "up; ip addr add 10.31.0.50/24 dev eth0 2>/dev/null; true")
    suite.true(not guests.pings(BOXES[0], "a", gateway), "a borrowed hardware address")
    sh("a", f"ip link set eth0 down; ip link set eth0 address {own}; ip link set eth0 up")
    set_device("a", "eth0", ipv4__address=None, security__mac_filtering=None,
               security__ipv4_filtering=None)
    suite.true("bridge lxd" not in PLACES[0].run("nft", "list", "ruleset") or
               BOXES[0].full("a") not in PLACES[0].run("nft", "list", "ruleset"), "no rules left")
    guests.dhcp(BOXES[0], "a")
    suite.true(guests.pings(BOXES[0], "a", gateway), "free again")


def test_daemon_killed():
    """Containers keep their network without a daemon, and the next one goes on with it."""
    PEERS[0].kill()
    PEERS[0].api.close()
    PEERS[0].start()
    suite.true(guests.pings(BOXES[0], "a", "10.31.0.7"), "as before")
    set_device("c", "eth0", ipv4__address="10.31.0.8")
    suite.equal(guests.dhcp(BOXES[0], "c"), "10.31.0.8")


def tunnel(protocol, address, plain=False, **more):
    """br2 on both hosts; only the first gives addresses: DHCP has to cross. `plain`: without the
    packet filter, which the kernels that have gre may lack."""
    for host, own in enumerate(("192.0.2.1", "192.0.2.2")):
        other = "192.0.2.2" if host == 0 else "192.0.2.1"
        config = {"tunnel.t.protocol": protocol,
                  **{f"tunnel.t.{key}": value for key, value in more.items()}}
        if "interface" not in more:
            config.update({"tunnel.t.local": own, "tunnel.t.remote": other})
        if plain:
            config["ipv4.firewall"] = "false"
        PEERS[host].api.sync("POST", "/1.0/networks", {"name": "br2", "config": {
            "ipv4.address": address if host == 0 else "none", "ipv6.address": "none", **config}})
        suite.equal(PEERS[host].api.sync("GET", "/1.0/networks/br2/state")["mtu"], 1400)


def cross(name):
    """A container on each host; a file goes from one to the other."""
    for host in (0, 1):
        BOXES[host].launch(name, devices={"eth0": {**NIC, "network": "br2"}})
    near = guests.dhcp(BOXES[0], name)
    far = guests.dhcp(BOXES[1], name)
    suite.true(guests.pings(BOXES[1], name, near), "across the tunnel")
    sh(name, "dd if=/dev/urandom of=/file bs=64k count=64 2>/dev/null; "
       "httpd -p 7000 -h /")
    got = sh(name, f"wget -q -O - http://{near}:7000/file | sha256sum", host=1)
    suite.equal(got, sh(name, "sha256sum </file"))
    suite.true(far != near, "different addresses")
    for host in (0, 1):
        BOXES[host].delete(name, force=True)
        PEERS[host].api.sync("DELETE", "/1.0/networks/br2")
        suite.true("br2-t" not in PLACES[host].links(), "the tunnel goes with its network")


def test_vxlan():
    tunnel("vxlan", "10.33.0.1/24", id="77", port="4790", ttl="5")
    shown = PLACES[0].run("ip", "-d", "link", "show", "br2-t")
    for part in ("vxlan id 77", "remote 192.0.2.2", "local 192.0.2.1", "dstport 4790", "ttl 5"):
        suite.contains(shown, part)
    cross("v")


def test_vxlan_multicast():
    tunnel("vxlan", "10.34.0.1/24", interface="wire", group="239.1.2.3", id="78")
    suite.contains(PLACES[0].run("ip", "-d", "link", "show", "br2-t"),
                   "vxlan id 78 group 239.1.2.3 dev wire")
    cross("m")


def test_gre():
    probe = PLACES[0].run("sh", "-c", "ip link add probe type gretap local 192.0.2.1 remote "
                          "192.0.2.2 2>&1 && ip link del probe", check=False)
    if "Unknown device type" in probe or "not supported" in probe:
        PEERS[0].refused(400, 'kernel has no links of kind "gretap"', "POST", "/1.0/networks", {
            "name": "br2", "config": {"tunnel.t.protocol": "gre", "tunnel.t.local": "192.0.2.1",
                                      "tunnel.t.remote": "192.0.2.2"}})
        raise suite.Skip("this kernel has no gretap")
    tunnel("gre", "10.35.0.1/24", plain=True)
    cross("g")


def stop_all():
    for peer in PEERS:
        peer.stop()


def main():
    with netns.Namespace() as one, netns.Namespace() as two:
        PLACES.extend((one, two))
        one.join(two)
        for place, address in ((one, "192.0.2.1/24"), (two, "192.0.2.2/24")):
            place.run("ip", "addr", "add", address, "dev", "wire")
            PEERS.append(daemon.Daemon(namespace=place))
            BOXES.append(instances.Instances(PEERS[-1]))
        good = False
        try:
            good = suite.run(globals(), "networks: ")
        finally:
            failed = suite.run_one("networks: nothing is left behind", stop_all)
        sys.exit(0 if good and not failed else 1)


if __name__ == "__main__":
    main()
