#!/usr/bin/env python3
"""Network ACLs: create, list, edit, rename, delete, what each refuses, who uses them, and what they
do to packets. In a network namespace of this suite."""
import os
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import hosts  # noqa: E402
import suite  # noqa: E402

PEER = None
ACLS = "/1.0/network-acls"
NETWORKS = "/1.0/networks"
ALLOW = {"action": "allow", "state": "enabled"}


def rule(**fields):
    return {**ALLOW, **fields}


def test_create_and_show():
    body = {"name": "web", "description": "d", "config": {"user.a": "1"},
            "ingress": [rule(source=" 10.0.0.1 , 10.0.0.2", protocol="tcp",
                             destination_port="80,8000-8080")],
            "egress": [{"action": "drop", "state": "logged", "protocol": "icmp4",
                        "icmp_type": "8"}]}
    answer = PEER.api.request("POST", ACLS, body)
    suite.equal((answer.status, answer.headers["location"]), (201, ACLS + "/web"))
    body["ingress"][0]["source"] = "10.0.0.1,10.0.0.2"
    suite.equal(PEER.api.sync("GET", ACLS + "/web"), {**body, "used_by": []})
    suite.equal(PEER.api.sync("GET", ACLS), [ACLS + "/web"])
    suite.equal([acl["name"] for acl in PEER.api.sync("GET", ACLS + "?recursion=1")], ["web"])


def test_edit():
    acl = ACLS + "/web"
    PEER.api.sync("PUT", acl, {"description": "e", "ingress": [rule()], "config": {"user.b": "2"}})
    found = PEER.api.sync("GET", acl)
    suite.equal((found["description"], found["ingress"], found["egress"], found["config"]),
                ("e", [rule()], [], {"user.b": "2"}))
    if not daemon.is_lxd():  # which loses the rules
        PEER.api.sync("PATCH", acl, {"config": {"user.c": "3"}})
        found = PEER.api.sync("GET", acl)
        suite.equal((found["description"], found["ingress"], found["config"]),
                    ("e", [rule()], {"user.b": "2", "user.c": "3"}))
    answer = PEER.api.request("GET", acl)
    etag = answer.headers["etag"]
    suite.equal(PEER.api.request("PUT", acl, {}, {"If-Match": "other"}).status, 412)
    suite.equal(PEER.api.request("PUT", acl, {}, {"If-Match": etag}).status, 200)


def test_rename_and_delete():
    PEER.api.sync("POST", ACLS, {"name": "other"})
    answer = PEER.api.request("POST", ACLS + "/web", {"name": "www"})
    suite.equal((answer.status, answer.headers["location"]), (201, ACLS + "/www"))
    found = PEER.api.refusal("POST", ACLS + "/www", {"name": "other"})
    suite.equal(found[1], "An ACL by that name exists already")
    for name in ("www", "other"):
        PEER.api.sync("DELETE", ACLS + "/" + name)
    PEER.refused(404, "Network ACL not found", "GET", ACLS + "/www")
    PEER.refused(404, "Network ACL not found", "DELETE", ACLS + "/www")


def test_bad_names():
    for name, text in (("", "Name is required"), ("@a", "reserved character"),
                       ("#a", "reserved character"), ("1a", "start with a number"),
                       ("a/b", "alphanumeric"), ("a b", "alphanumeric"), ("A" * 64, "1-63")):
        suite.contains(PEER.api.refusal("POST", ACLS, {"name": name})[1], text, name)


REFUSED = (
    ({"action": "x"}, "Action must be one of: allow, drop, reject"),
    ({"state": ""}, "State must be one of: enabled, disabled, logged"),
    ({"protocol": "x"}, "Protocol must be one of: icmp4, icmp6, tcp, udp"),
    ({"protocol": "tcp", "icmp_type": "8"}, "ICMP type cannot be used with non-ICMP protocol"),
    ({"protocol": "tcp", "icmp_code": "8"}, "ICMP code cannot be used with non-ICMP protocol"),
    ({"protocol": "icmp4", "source_port": "8"},
     'Source port cannot be used with "icmp4" protocol'),
    ({"destination_port": "8"}, "Destination port cannot be used without specifying protocol"),
    ({"icmp_type": "8"}, "ICMP type cannot be used without specifying protocol"),
    ({"protocol": "tcp", "destination_port": "5-3"},
     "Invalid Destination port: Start port 5 must be lower than end port 3"),
    ({"protocol": "tcp", "source_port": "a"}, 'Invalid Source port: Invalid port number "a"'),
    ({"protocol": "icmp4", "icmp_type": "300"},
     'Invalid ICMP type: Invalid value for an integer "300". Must be between 0 and 255'),
    ({"source": "foo bar"}, 'Invalid Source: Invalid subject "foo bar"'),
    ({"source": "10.0.0.1/33"}, 'Invalid Source: Invalid subject "10.0.0.1/33"'),
    ({"source": "10.0.0.5-10.0.0.1"}, 'Invalid Source: Invalid subject "10.0.0.5-10.0.0.1"'),
    ({"source": "10.0.0.1-fd00::1"}, 'Invalid Source: Invalid subject "10.0.0.1-fd00::1"'),
    ({"source": "#x"}, 'Invalid Source: Invalid subject "#x"'),
    ({"destination": "10.0.0.1,,10.0.0.2"}, 'Invalid Destination: Invalid subject ""'),
    ({"destination": "@internal"},
     'Invalid Destination: Named subjects not allowed in "Destination" for "ingress" rules'),
    ({"source": "10.0.0.1", "destination": "fd00::1"},
     "Conflicting IP family types used for Source and Destination"),
    ({"protocol": "icmp6", "source": "10.0.0.1"},
     'Cannot use IPv4 source addresses with "icmp6" protocol'),
    ({"protocol": "icmp4", "source": "fd00::1"},
     'Cannot use IPv6 source addresses with "icmp4" protocol'),
)


def test_bad_rules():
    for fields, text in REFUSED:
        found = PEER.api.refusal("POST", ACLS, {"name": "t", "ingress": [rule(**fields)]})
        suite.equal(found[1], "Invalid ingress rule 0: " + text)
    found = PEER.api.refusal("POST", ACLS, {"name": "t", "egress": [rule(), rule()]})
    suite.equal(found[1], "Duplicate of egress rule 0")
    found = PEER.api.refusal("POST", ACLS, {"name": "t", "config": {"foo": "x"}})
    suite.contains(found[1], 'Invalid config option "foo"')
    suite.equal(PEER.api.sync("GET", ACLS), [])


def test_named_subjects():
    PEER.api.sync("POST", ACLS, {"name": "group"})
    PEER.api.sync("POST", ACLS, {"name": "t", "egress": [rule(destination="group")],
                                 "ingress": [rule(source="@internal")]})
    suite.equal(PEER.api.sync("GET", ACLS + "/group")["used_by"], [ACLS + "/t"])
    suite.contains(PEER.api.refusal("DELETE", ACLS + "/group")[1],
                   "Cannot delete an ACL that is in use")
    suite.contains(PEER.api.refusal("POST", NETWORKS, {
        "name": "brt", "type": "bridge",
        "config": {"ipv4.address": "none", "ipv6.address": "none", "security.acls": "t"}})[1],
        'Unsupported nftables subject "@internal"')
    PEER.refused(404, "not found", "GET", NETWORKS + "/brt")
    for name in ("t", "group"):
        PEER.api.sync("DELETE", ACLS + "/" + name)


def test_projects():
    PEER.api.sync("POST", "/1.0/projects", {"name": "own", "config": {
        "features.networks": "true"}})
    PEER.api.sync("POST", ACLS + "?project=own", {"name": "a"})
    suite.equal([url.split("?")[0] for url in PEER.api.sync("GET", ACLS + "?project=own")],
                [ACLS + "/a"])
    suite.equal(PEER.api.sync("GET", ACLS), [])
    PEER.refused(404, "Network ACL not found", "GET", ACLS + "/a")
    PEER.api.sync("DELETE", ACLS + "/a?project=own")
    PEER.api.sync("DELETE", "/1.0/projects/own")


def lxc(*words, data=None):
    done = subprocess.run(["lxc", *words], env=PEER.environment(), input=data, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    suite.equal((done.returncode, done.stdout if done.returncode else ""), (0, ""), words)
    return done.stdout


def test_unmodified_client():
    lxc("network", "acl", "create", "c1", "user.k=v")
    lxc("network", "acl", "rule", "add", "c1", "ingress", "action=allow", "protocol=tcp",
        "destination_port=22", "source=192.0.2.0/24")
    lxc("network", "acl", "rule", "add", "c1", "egress", "action=reject")
    suite.equal(lxc("network", "acl", "show", "c1"),
                "name: c1\ndescription: \"\"\negress:\n- action: reject\n  state: enabled\n"
                "ingress:\n- action: allow\n  source: 192.0.2.0/24\n  protocol: tcp\n"
                "  destination_port: \"22\"\n  state: enabled\nconfig:\n  user.k: v\nused_by: []\n")
    lxc("network", "acl", "rule", "remove", "c1", "egress", "action=reject")
    lxc("network", "acl", "set", "c1", "user.k", "w")
    suite.equal(lxc("network", "acl", "get", "c1", "user.k"), "w\n")
    lxc("network", "acl", "rename", "c1", "c2")
    suite.contains(lxc("network", "acl", "list"), "c2")
    lxc("network", "acl", "edit", "c2", data="description: x\negress: []\ningress: []\n")
    suite.contains(lxc("network", "acl", "show", "c2"), "description: x")
    lxc("network", "acl", "delete", "c2")


HOST = None


def network(**config):
    config = {"ipv4.address": "10.77.0.1/24", "ipv6.address": "fd77::1/64", **config}
    return {"name": "brt", "type": "bridge", "description": "",
            "config": {key.replace("_", "."): value for key, value in config.items()}}


def test_network_is_made():
    global HOST
    PEER.api.sync("POST", ACLS, {"name": "a"})
    suite.contains(PEER.api.refusal("POST", NETWORKS, network(security_acls="a,nope"))[1],
                   'Network ACL "nope" does not exist')
    PEER.api.sync("POST", NETWORKS, network(security_acls="a"))
    suite.equal(PEER.api.sync("GET", ACLS + "/a")["used_by"], [NETWORKS + "/brt"])
    suite.contains(PEER.api.refusal("DELETE", ACLS + "/a")[1], "in use")
    suite.contains(PEER.api.refusal("POST", ACLS + "/a", {"name": "b"})[1], "in use")
    HOST = hosts.Host("acl-host", "10.77.0.9/24", "fd77::9/64", bridge="brt")
    HOST.run("ip", "route", "add", "default", "via", "10.77.0.1")
    hosts.run("ip", "address", "add", "192.0.2.1/32", "dev", "lo")
    # An address may only be used when it is known to be no other's.
    suite.eventually(lambda: "tentative" not in hosts.run("ip", "address", "show", "brt")[1],
                     "the bridge has its addresses")


def connects(address, port, family=None):
    """What a TCP connection from the host's namespace meets."""
    script = ("import socket, sys\n"
              "client = socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET)\n"
              "client.settimeout(0.5)\n"
              "print(client.connect_ex((sys.argv[1], int(sys.argv[2]))))\n")
    code = int(HOST.run(sys.executable, "-c", script, address, str(port))[1])
    return {0: "accepted", 111: "refused", 11: "silence", 113: "rejected",
            13: "rejected"}.get(code, code)


def listen(*addresses):
    found = []
    for address, port in addresses:
        server = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, port))
        server.listen(8)
        found.append(server)
    return found


def edit(**rules):
    PEER.api.sync("PUT", ACLS + "/a", rules)


def test_default_is_reject():
    servers = listen(("192.0.2.1", 80), ("192.0.2.1", 81), ("fd77::1", 80))
    edit()
    suite.equal(connects("192.0.2.1", 80), "refused")  # rejected by a packet, not by silence
    suite.equal(HOST.pings("10.77.0.1"), False)
    for server in servers:
        server.close()


def test_rules_follow_at_once():
    servers = listen(("192.0.2.1", 80), ("192.0.2.1", 81), ("fd77::1", 80))
    edit(egress=[rule(protocol="tcp", destination="192.0.2.0/24", destination_port="80")])
    suite.equal((connects("192.0.2.1", 80), connects("192.0.2.1", 81)), ("accepted", "refused"))
    suite.true(connects("fd77::1", 80) != "accepted", "the rule names IPv4 alone")
    edit(egress=[rule(protocol="tcp", destination="192.0.2.1-192.0.2.9,fd77::/64",
                      destination_port="80-81")])
    suite.equal([connects("192.0.2.1", 80), connects("192.0.2.1", 81), connects("fd77::1", 80)],
                ["accepted"] * 3)
    edit(egress=[rule(protocol="tcp"), {"action": "drop", "state": "enabled", "protocol": "tcp",
                                        "destination_port": "81"}])
    suite.equal((connects("192.0.2.1", 80), connects("192.0.2.1", 81)), ("accepted", "silence"))
    edit(egress=[{**rule(protocol="tcp"), "state": "disabled"}])
    suite.equal(connects("192.0.2.1", 80), "refused")
    edit(egress=[rule(protocol="icmp4")])
    suite.equal((HOST.pings("192.0.2.1"), connects("192.0.2.1", 80)), (True, "refused"))
    for server in servers:
        server.close()


def test_ingress():
    """From the host to the instance."""
    def ping():
        return hosts.run("busybox", "ping", "-c1", "-W1", "10.77.0.9", check=False)[0] == 0
    edit()
    suite.equal(ping(), False)
    edit(ingress=[rule(protocol="icmp4", icmp_type="8")])
    suite.equal(ping(), True)
    edit(ingress=[rule(protocol="icmp4", icmp_type="8", source="192.0.2.0/24")])
    suite.equal(ping(), False)


def test_default_actions():
    servers = listen(("192.0.2.1", 80))
    edit()
    for action, expected in (("drop", "silence"), ("allow", "accepted"), ("reject", "refused")):
        PEER.api.sync("PUT", NETWORKS + "/brt", network(
            security_acls="a", **{"security.acls.default.egress.action": action}))
        suite.equal(connects("192.0.2.1", 80), expected, action)
    for server in servers:
        server.close()


def test_what_cannot_be_is_not_stored():
    before = PEER.api.sync("GET", ACLS + "/a")
    suite.contains(PEER.api.refusal("PUT", ACLS + "/a", {
        "ingress": [rule(source="@external")]})[1], "Unsupported nftables subject")
    suite.equal(PEER.api.sync("GET", ACLS + "/a"), before)


def test_rules_are_back_after_a_restart():
    if daemon.is_lxd():
        raise suite.Skip("the same")
    edit(egress=[rule(protocol="icmp4")])
    before = hosts.run("nft", "list", "ruleset")[1]
    PEER.kill()
    hosts.run("nft", "delete", "table", "inet", "lxd")
    PEER.start()
    suite.eventually(lambda: hosts.run("nft", "list", "ruleset")[1] == before,
                     "the rules are as they were", 5)


def test_without_acls_all_passes():
    servers = listen(("192.0.2.1", 80))
    PEER.api.sync("PUT", NETWORKS + "/brt", network())
    suite.equal(connects("192.0.2.1", 80), "accepted")
    suite.true("acl" not in hosts.run("nft", "list", "ruleset")[1], "no chain is left")
    for server in servers:
        server.close()


def test_delete():
    HOST.delete()
    PEER.api.sync("DELETE", NETWORKS + "/brt")
    PEER.api.sync("DELETE", ACLS + "/a")
    suite.true("brt" not in hosts.run("nft", "list", "ruleset")[1], "no chain is left")


if __name__ == "__main__":
    hosts.enter()
    daemon.run_suite(globals(), "network acls: ")
