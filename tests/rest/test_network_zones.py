#!/usr/bin/env python3
"""Network zones and records: create, list, edit, delete, what each refuses; and what the name server
answers, asked by dig. In a network namespace of this suite."""
import base64
import os
import socket
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import hosts  # noqa: E402
import suite  # noqa: E402

PEER = None
ZONES = "/1.0/network-zones"
RECORDS = ZONES + "/lxd.example/records"
NETWORKS = "/1.0/networks"
PORT = 5300
SECRET = base64.b64encode(b"a shared secret of 32 bytes, yes").decode()


def test_create_and_show():
    body = {"name": "lxd.example", "description": "d", "config": {"user.a": "1"}}
    answer = PEER.api.request("POST", ZONES, body)
    suite.equal((answer.status, answer.headers["location"]), (201, ZONES + "/lxd.example"))
    suite.equal(PEER.api.sync("GET", ZONES + "/lxd.example"), {**body, "used_by": []})
    suite.equal(PEER.api.sync("GET", ZONES), [ZONES + "/lxd.example"])
    suite.equal(PEER.api.sync("GET", ZONES + "?recursion=1"), [{**body, "used_by": []}])
    suite.contains(PEER.api.refusal("POST", ZONES, body)[1], "The network zone already exists")


def test_edit():
    zone = ZONES + "/lxd.example"
    PEER.api.sync("PUT", zone, {"description": "e", "config": {"user.b": "2"}})
    PEER.api.sync("PATCH", zone, {"config": {"user.c": "3"}})
    found = PEER.api.sync("GET", zone)
    suite.equal(found["config"], {"user.b": "2", "user.c": "3"})
    suite.equal(PEER.api.request("PUT", zone, {}, {"If-Match": "other"}).status, 412)


def test_refusals():
    suite.contains(PEER.api.refusal("POST", ZONES, {})[1], "Name is required")
    for config, text in (({"foo": "1"}, 'Invalid config option "foo"'),
                         ({"network.nat": "x"}, 'Invalid value for a boolean "x"'),
                         ({"peers.a.address": "x"}, 'Not an IP address "x"'),
                         ({"peers.a.foo": "x"}, 'Invalid config option "peers.a.foo"'),
                         ({"peers.a": "x"},
                          'Invalid network zone configuration key "peers.a"'),
                         ({"peers.a.b.key": "x"},
                          'Invalid network zone configuration key "peers.a.b.key"')):
        suite.contains(PEER.api.refusal("POST", ZONES, {"name": "t.example",
                                                        "config": config})[1], text)
    PEER.refused(404, "Network zone not found", "GET", ZONES + "/nope")


def test_records():
    body = {"name": "www", "description": "d", "config": {"user.x": "1"},
            "entries": [{"type": "A", "ttl": 5, "value": "192.0.2.99"},
                        {"type": "TXT", "value": "\"hello world\" b"}]}
    answer = PEER.api.request("POST", RECORDS, body)
    suite.equal((answer.status, answer.headers["location"]), (201, RECORDS + "/www"))
    suite.equal(PEER.api.sync("GET", RECORDS + "/www"), body)
    suite.equal(PEER.api.sync("GET", RECORDS), [RECORDS + "/www"])
    if not daemon.is_lxd():
        suite.contains(PEER.api.refusal("POST", RECORDS, {"name": "www"})[1],
                       "The network zone record already exists")
        PEER.api.sync("PATCH", RECORDS + "/www", {"config": {"user.y": "2"}})
        found = PEER.api.sync("GET", RECORDS + "/www")
        suite.equal((found["config"], len(found["entries"])),
                    ({"user.x": "1", "user.y": "2"}, 2))
    PEER.refused(404, "Network zone record not found", "GET", RECORDS + "/nope")


def test_bad_entries():
    ours = () if daemon.is_lxd() else (("SRV", "1 2 3"), ("CAA", "x"), ("TLSA", "3 1 1 xyz"),
                                       ("A", "1.2.3.4\nx A 1.2.3.5"), ("SOA", "a b 1 2 3 4 5"))
    for kind, value in (("A", "x"), ("A", "fd00::1"), ("AAAA", "1.2.3.4"), ("FOO", "x"), ("", "x"),
                        ("A", ""), ("MX", "mx"), *ours):
        suite.contains(PEER.api.refusal("POST", RECORDS, {"name": "t", "entries": [
            {"type": kind, "value": value}]})[1], "Bad zone record entry")
    entry = {"type": "A", "value": "1.2.3.4"}
    suite.contains(PEER.api.refusal("POST", RECORDS, {"name": "t", "entries": [entry, entry]})[1],
                   'Duplicate record for type "A" and value "1.2.3.4"')
    suite.contains(PEER.api.refusal("POST", RECORDS, {"name": "t", "config": {"foo": "1"}})[1],
                   'Invalid config option "foo"')


def test_same_record_in_two_zones():
    if daemon.is_lxd():
        raise suite.Skip("LXD cannot")
    PEER.api.sync("POST", ZONES, {"name": "other.example"})
    PEER.api.sync("POST", ZONES + "/other.example/records", {"name": "www"})
    PEER.api.sync("DELETE", ZONES + "/other.example")
    suite.equal(PEER.api.sync("GET", RECORDS), [RECORDS + "/www"])


def network(**config):
    return {"name": "brz", "type": "bridge", "config": {
        "ipv4.address": "192.0.2.1/24", "ipv4.nat": "true", "ipv6.address": "fd82::1/64",
        "ipv6.nat": "false", "ipv4.dhcp.ranges": "192.0.2.100-192.0.2.200", **config}}


def test_networks_name_zones():
    for key in ("dns.zone.forward", "dns.zone.reverse.ipv4", "dns.zone.reverse.ipv6"):
        suite.equal(PEER.api.refusal("POST", NETWORKS, network(**{key: "nope"}))[1],
                    f'Invalid value for network "brz" option "{key}": Network zone "nope" '
                    "doesn't exist")
    for name in ("2.0.192.in-addr.arpa", "2.8.d.f.ip6.arpa"):
        PEER.api.sync("POST", ZONES, {"name": name})
    PEER.api.sync("POST", NETWORKS, network(**{
        "dns.zone.forward": "lxd.example", "dns.zone.reverse.ipv4": "2.0.192.in-addr.arpa",
        "dns.zone.reverse.ipv6": "2.8.d.f.ip6.arpa"}))
    suite.equal(PEER.api.sync("GET", ZONES + "/lxd.example")["used_by"], [NETWORKS + "/brz"])
    suite.contains(PEER.api.refusal("DELETE", ZONES + "/lxd.example")[1],
                   "Cannot delete a zone that is in use")


# -- the name server ---------------------------------------------------------------------------

def dig(*words, check=True):
    code, text = hosts.run("dig", "@127.0.0.1", "-p", str(PORT), "+time=2", "+tries=1",
                           "+noall", "+answer", *words, check=False)
    suite.true(not check or code == 0, text)
    return [" ".join(line.split()) for line in text.splitlines()
            if line and not line.startswith(";")]


def status(*words):
    text = hosts.run("dig", "@127.0.0.1", "-p", str(PORT), "+time=2", "+tries=1", *words,
                     check=False)[1]
    return text.split("status: ")[1].split(",")[0] if "status: " in text else text


def zone_set(name, **config):
    PEER.api.sync("PUT", f"{ZONES}/{name}", {"config": config})


def without_serial(lines):
    return [" ".join("SERIAL" if " SOA " in line and place == 6 else word
                     for place, word in enumerate(line.split())) for line in lines]


def test_address_follows():
    suite.contains(PEER.api.refusal("PATCH", "/1.0", {
        "config": {"core.dns_address": "bad address"}})[1], "core.dns_address")
    for port in (PORT + 1, PORT):
        PEER.api.sync("PATCH", "/1.0", {"config": {"core.dns_address": f"127.0.0.1:{port}"}})
    suite.equal(status("lxd.example", "SOA") in ("REFUSED", "NXDOMAIN"), True)  # no peer yet
    if not daemon.is_lxd():
        suite.contains(PEER.api.refusal("PATCH", "/1.0", {
            "config": {"core.dns_address": "192.0.2.77:53"}})[1], "Cannot serve DNS")
        suite.equal(PEER.api.sync("GET", "/1.0")["config"]["core.dns_address"],
                    f"127.0.0.1:{PORT}")
        suite.equal(status("lxd.example", "SOA"), "REFUSED")


def test_instances():
    """An instance with a fixed address, one without."""
    for name, config in (("c1", {"ipv4.address": "192.0.2.20"}), ("c2", {})):
        PEER.api.operation("POST", "/1.0/instances", {
            "name": PEER.prefix + name, "source": {"type": "none"},
            "devices": {"eth0": {"type": "nic", "network": "brz", "name": "eth0",
                                 "hwaddr": f"00:16:3e:00:00:0{name[1]}", **config}}})


def test_forward_transfer():
    zone_set("lxd.example", **{"peers.me.address": "127.0.0.1",
                               "dns.nameservers": "ns1.lxd.example,ns2.example.org"})
    found = without_serial(dig("lxd.example", "AXFR"))
    soa = "lxd.example. 3600 IN SOA lxd.example. ns1.lxd.example. SERIAL 120 60 86400 30"
    suite.equal((found[0], found[-1]), (soa, soa))
    one, two = PEER.prefix + "c1.lxd.example.", PEER.prefix + "c2.lxd.example."
    suite.equal(sorted(found[1:-1]), sorted([
        "lxd.example. 300 IN NS ns1.lxd.example.", "lxd.example. 300 IN NS ns2.example.org.",
        "brz.gw.lxd.example. 300 IN A 192.0.2.1", "brz.gw.lxd.example. 300 IN AAAA fd82::1",
        f"{one} 300 IN A 192.0.2.20", f"{one} 300 IN AAAA fd82::216:3eff:fe00:1",
        f"{two} 300 IN AAAA fd82::216:3eff:fe00:2",
        "www.lxd.example. 5 IN A 192.0.2.99",
        'www.lxd.example. 300 IN TXT "hello world" "b"']))


def test_reverse_transfers():
    for name in ("2.0.192.in-addr.arpa", "2.8.d.f.ip6.arpa"):
        zone_set(name, **{"peers.me.address": "127.0.0.1"})
    one = PEER.prefix + "c1.lxd.example."
    found = dig("2.0.192.in-addr.arpa", "AXFR")
    suite.equal(found[1:-1], ["1.2.0.192.in-addr.arpa. 300 IN PTR brz.gw.lxd.example.",
                              f"20.2.0.192.in-addr.arpa. 300 IN PTR {one}"])
    found = [line for line in dig("2.8.d.f.ip6.arpa", "AXFR") if one in line]
    suite.equal(found, ["1.0.0.0.0.0.e.f.f.f.e.3.6.1.2.0.0.0.0.0.0.0.0.0.0.0.0.0.2.8.d.f.ip6.arpa."
                        f" 300 IN PTR {one}"])


def test_without_hidden_addresses():
    zone_set("lxd.example", **{"peers.me.address": "127.0.0.1", "network.nat": "false"})
    found = dig("lxd.example", "AXFR")
    suite.equal([line for line in found if "192.0.2.1" in line or "192.0.2.20" in line], [])
    suite.true(any("fd82::1" in line for line in found), "IPv6 is not hidden here")


def test_single_questions():
    if daemon.is_lxd():
        raise suite.Skip("LXD answers SOA and AXFR alone")
    zone_set("lxd.example", **{"peers.me.address": "127.0.0.1", "dns.nameservers": "ns.lxd.example"})
    for name, entries in (("alias", [("CNAME", "www")]), ("out", [("CNAME", "example.org.")]),
                          ("*.any", [("A", "192.0.2.50")]), ("@", [("MX", "10 mail")]),
                          ("_sip._tcp", [("SRV", "1 2 5060 www")]),
                          ("ca", [("CAA", '0 issue "ca.example"')])):
        PEER.api.sync("POST", RECORDS, {"name": name, "entries": [
            {"type": kind, "value": value} for kind, value in entries]})
    for words, expected in (
            (("www.lxd.example", "A"), ["www.lxd.example. 5 IN A 192.0.2.99"]),
            (("WWW.lxd.EXAMPLE", "A"), ["WWW.lxd.EXAMPLE. 5 IN A 192.0.2.99"]),
            (("alias.lxd.example", "A"), ["alias.lxd.example. 300 IN CNAME www.lxd.example.",
                                          "www.lxd.example. 5 IN A 192.0.2.99"]),
            (("out.lxd.example", "A"), ["out.lxd.example. 300 IN CNAME example.org."]),
            (("x.any.lxd.example", "A"), ["x.any.lxd.example. 300 IN A 192.0.2.50"]),
            (("lxd.example", "MX"), ["lxd.example. 300 IN MX 10 mail.lxd.example."]),
            (("lxd.example", "NS"), ["lxd.example. 300 IN NS ns.lxd.example."]),
            (("_sip._tcp.lxd.example", "SRV"),
             ["_sip._tcp.lxd.example. 300 IN SRV 1 2 5060 www.lxd.example."]),
            (("ca.lxd.example", "CAA"), ['ca.lxd.example. 300 IN CAA 0 issue "ca.example"']),
            (("-x", "192.0.2.20"),
             [f"20.2.0.192.in-addr.arpa. 300 IN PTR {PEER.prefix}c1.lxd.example."]),
            (("www.lxd.example", "AAAA"), [])):
        suite.equal(dig(*words), expected)
        suite.equal(dig("+tcp", *words), expected)
        suite.equal(dig("+noedns", *words), expected)
    suite.equal((status("nope.lxd.example"), status("any.lxd.example"), status("www.lxd.example")),
                ("NXDOMAIN", "NOERROR", "NOERROR"))
    suite.equal((status("example.org"), status("-c", "CH", "-q", "version.bind", "-t", "TXT")),
                ("REFUSED", "REFUSED"))


def test_long_answers():
    if daemon.is_lxd():
        raise suite.Skip("LXD answers SOA and AXFR alone")
    PEER.api.sync("POST", RECORDS, {"name": "long", "entries": [
        {"type": "TXT", "value": f"{number:03d}" + "x" * 200} for number in range(100)]})
    suite.equal(len(dig("long.lxd.example", "TXT")), 100)  # by TCP, told to by the short answer
    suite.contains(hosts.run("dig", "@127.0.0.1", "-p", str(PORT), "+ignore", "long.lxd.example",
                             "TXT")[1], " tc ")
    suite.true(len(dig("lxd.example", "AXFR")) > 100, "a transfer in several messages")
    zone_set("lxd.example", **{"peers.you.key": SECRET})
    suite.true(len(dig("-y", f"hmac-sha256:lxd.example_you.:{SECRET}", "lxd.example",
                       "AXFR")) > 100, "and signed")
    PEER.api.sync("DELETE", RECORDS + "/long")


def test_keys():
    zone_set("lxd.example", **{"peers.you.key": SECRET})
    kinds = ("sha256", "sha512") if daemon.is_lxd() else ("sha1", "sha224", "sha256", "sha384",
                                                           "sha512")
    for kind in kinds:
        key = f"hmac-{kind}:lxd.example_you.:{SECRET}"
        suite.true(len(dig("-y", key, "lxd.example", "AXFR")) > 3, kind)
    wrong = base64.b64encode(b"another shared secret, 32 bytes.").decode()
    for key in (f"hmac-sha256:lxd.example_you.:{wrong}", f"hmac-sha256:other_you.:{SECRET}"):
        suite.equal(dig("-y", key, "lxd.example", "AXFR", check=False), [])
    suite.equal(dig("lxd.example", "AXFR", check=False), [])
    zone_set("lxd.example", **{"peers.you.key": SECRET, "peers.you.address": "192.0.2.7"})
    suite.equal(dig("-y", f"hmac-sha256:lxd.example_you.:{SECRET}", "lxd.example", "AXFR",
                    check=False), [])
    zone_set("lxd.example", **{"peers.you.key": SECRET, "peers.me.address": "127.0.0.1"})
    suite.true(len(dig("lxd.example", "AXFR")) > 3, "one peer is enough")


def serial():
    return int(dig("lxd.example", "SOA")[0].split()[6])


def test_serial_moves_with_the_content():
    if daemon.is_lxd():
        raise suite.Skip("LXD's is the time")
    zone_set("lxd.example", **{"peers.me.address": "127.0.0.1"})
    before = serial()
    suite.equal(serial(), before)
    PEER.api.sync("POST", RECORDS, {"name": "new", "entries": [{"type": "A",
                                                               "value": "192.0.2.3"}]})
    suite.true(serial() > before, "a record came")


def test_hostile_messages():
    """Whatever comes, the next honest question is answered."""
    if daemon.is_lxd():
        raise suite.Skip("not ours to try")
    header = struct.pack("!HHHHHH", 1, 0x0100, 1, 0, 0, 0)
    question = b"\3lxd\7example\0\0\6\0\1"
    bad = [b"", b"\0", header, header + b"\xc0\x0c\0\6\0\1", header + b"\x3fabc",
           header + b"\xc0\xff\0\6\0\1", header[:4] + struct.pack("!HHHH", 9, 9, 9, 9) + question,
           struct.pack("!HHHHHH", 1, 0x8100, 1, 0, 0, 0) + question,
           struct.pack("!HHHHHH", 1, 0x2800, 1, 0, 0, 0) + question,
           header[:10] + b"\0\1" + question + b"\0\0\xfa\0\xff\0\0\0\0\0\x04\0\0\0\0",
           header + question + b"extra", os.urandom(500), header + (b"\1a" * 200) + b"\0\0\1\0\1"]
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for message in bad:
        client.sendto(message, ("127.0.0.1", PORT))
    for message in bad:
        stream = socket.create_connection(("127.0.0.1", PORT), timeout=5)
        stream.sendall(struct.pack("!H", len(message)) + message)
        stream.close()
    idle = [socket.create_connection(("127.0.0.1", PORT), timeout=5) for _ in range(40)]
    suite.true(len(dig("lxd.example", "SOA")) == 1, "it still answers")
    for stream in idle:
        stream.close()
    suite.eventually(lambda: len(dig("+tcp", "lxd.example", "SOA", check=False)) == 1,
                     "also on TCP", 10)


def lxc(*words):
    done = subprocess.run(["lxc", *words], env=PEER.environment(), text=True, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    suite.equal((done.returncode, done.stdout if done.returncode else ""), (0, ""), words)
    return done.stdout


def test_unmodified_client():
    lxc("network", "zone", "create", "cli.example", "user.k=v")
    lxc("network", "zone", "set", "cli.example", "peers.me.address=127.0.0.1")
    lxc("network", "zone", "record", "create", "cli.example", "a")
    lxc("network", "zone", "record", "entry", "add", "cli.example", "a", "A", "192.0.2.5",
        "--ttl", "77")
    suite.equal(lxc("network", "zone", "record", "show", "cli.example", "a"),
                'description: ""\nentries:\n- type: A\n  ttl: 77\n  value: 192.0.2.5\n'
                "config: {}\nname: a\n")
    suite.equal(dig("cli.example", "AXFR")[1:-1], ["a.cli.example. 77 IN A 192.0.2.5"])
    suite.contains(lxc("network", "zone", "list"), "cli.example")
    suite.contains(lxc("network", "zone", "record", "list", "cli.example"), "a")
    lxc("network", "zone", "record", "entry", "remove", "cli.example", "a", "A", "192.0.2.5")
    lxc("network", "zone", "record", "delete", "cli.example", "a")
    lxc("network", "zone", "delete", "cli.example")


def test_answers_after_a_restart():
    if daemon.is_lxd():
        raise suite.Skip("the same")
    zone_set("lxd.example", **{"peers.me.address": "127.0.0.1"})
    PEER.kill()
    PEER.start()
    suite.eventually(lambda: len(dig("lxd.example", "SOA", check=False)) == 1, "it answers", 5)


def test_delete():
    for name in ("c1", "c2"):
        PEER.api.operation("DELETE", "/1.0/instances/" + PEER.prefix + name)
    PEER.api.sync("DELETE", NETWORKS + "/brz")
    for url in PEER.api.sync("GET", ZONES):
        PEER.api.sync("DELETE", url)
    PEER.api.sync("PATCH", "/1.0", {"config": {"core.dns_address": ""}})
    suite.contains(hosts.run("dig", "@127.0.0.1", "-p", str(PORT), "+time=1", "+tries=1",
                             "lxd.example", check=False)[1], "refused")


if __name__ == "__main__":
    hosts.enter()
    daemon.run_suite(globals(), "network zones: ")
