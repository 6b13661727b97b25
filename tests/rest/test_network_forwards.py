#!/usr/bin/env python3
"""Network forwards: create, list, edit, delete, what each refuses, and where packets go. In a network
namespace of this suite."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import hosts  # noqa: E402
import suite  # noqa: E402

PEER = None
NETWORKS = "/1.0/networks"
FORWARDS = NETWORKS + "/brf/forwards"
ADDRESS = "198.51.100.1"

SERVE = """
import select, socket, sys
servers = {}
for word in sys.argv[1:]:
    server = socket.socket(socket.AF_INET6)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("::", int(word)))
    server.listen(8)
    servers[server] = word
print("ready", flush=True)
while True:
    for server in select.select(list(servers), [], [])[0]:
        client, _ = server.accept()
        client.sendall(servers[server].encode())
        client.close()
"""
ASK = """
import socket, sys
try:
    client = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=1)
    print(client.recv(100).decode())
except OSError as error:
    print("no")
"""


def test_network():
    PEER.api.sync("POST", NETWORKS, {"name": "brf", "type": "bridge", "config": {
        "ipv4.address": "10.81.0.1/24", "ipv6.address": "fd81::1/64"}})
    suite.equal(PEER.api.sync("GET", FORWARDS), [])


def test_create_and_show():
    body = {"listen_address": ADDRESS, "description": "d",
            "config": {"target_address": "10.81.0.5", "user.x": "1"},
            "ports": [{"description": "p", "protocol": "tcp", "listen_port": "80,90-92",
                       "target_port": "", "target_address": "10.81.0.6"}]}
    answer = PEER.api.request("POST", FORWARDS, body)
    suite.equal((answer.status, answer.headers["location"]), (201, f"{FORWARDS}/{ADDRESS}"))
    suite.equal(PEER.api.sync("GET", f"{FORWARDS}/{ADDRESS}"), {**body, "location": "none"})
    suite.equal(PEER.api.sync("GET", FORWARDS), [f"{FORWARDS}/{ADDRESS}"])
    suite.equal(PEER.api.sync("GET", FORWARDS + "?recursion=1"), [{**body, "location": "none"}])
    suite.equal(PEER.api.refusal("POST", FORWARDS, body),
                (409, "Failed creating forward: A forward for that listen address already exists"))


def test_edit():
    url = f"{FORWARDS}/{ADDRESS}"
    PEER.api.sync("PUT", url, {"description": "z"})
    found = PEER.api.sync("GET", url)
    suite.equal((found["description"], found["config"], found["ports"]), ("z", {}, []))
    if not daemon.is_lxd():  # which loses the rest
        PEER.api.sync("PATCH", url, {"config": {"user.y": "2"}})
        suite.equal(PEER.api.sync("GET", url)["description"], "z")
        suite.equal(PEER.api.request("PUT", url, {}, {"If-Match": "other"}).status, 412)


def test_canonical_address():
    answer = PEER.api.request("POST", FORWARDS, {"listen_address": "FD99::0:1",
                                                 "config": {"target_address": "fd81:0::5"}})
    suite.equal((answer.status, answer.headers["location"]), (201, FORWARDS + "/fd99::1"))
    suite.equal(PEER.api.sync("GET", FORWARDS + "/fd99::1")["config"]["target_address"], "fd81::5")
    PEER.api.sync("DELETE", FORWARDS + "/fd99::1")
    PEER.refused(404, "Network forward not found", "DELETE", FORWARDS + "/fd99::1")
    PEER.refused(404, "Network forward not found", "GET", FORWARDS + "/fd99::1")


REFUSED = (
    ({"config": {"foo": "1"}}, 'Invalid option "foo"'),
    ({"config": {"target_address": "x"}}, "Invalid default target address"),
    ({"config": {"target_address": "fd81::5"}},
     "Cannot mix IP versions in listen address and default target address"),
    ({"config": {"target_address": "10.99.0.5"}},
     "Default target address is not within the network subnet"),
)
REFUSED_PORTS = (
    ({"protocol": "icmp"}, "Invalid port protocol in port specification 0, protocol must be one "
                           "of: tcp, udp"),
    ({"listen_port": ""}, "Missing listen port in port specification 0"),
    ({"listen_port": "5-3"}, "Invalid listen port in port specification 0: End port should be "
                             "higher than start port"),
    ({"listen_port": "80,80"}, 'Duplicate listen port 80 for protocol "tcp" in port specification '
                               "0"),
    ({"target_port": "x"}, "Invalid target port in port specification 0"),
    ({"target_port": "81,82"}, "Mismatch of listen port(s) and target port(s) count in port "
                               "specification 0"),
    ({"target_address": ""}, "Invalid target address in port specification 0"),
    ({"target_address": "fd81::5"}, "Cannot mix IP versions in listen address and port "
                                    "specification 0 target address"),
    ({"target_address": "10.99.0.1"}, "Target address is not within the network subnet in port "
                                      "specification 0"),
)


def test_refusals():
    for fields, text in REFUSED:
        found = PEER.api.refusal("POST", FORWARDS, {"listen_address": "198.51.100.2", **fields})
        suite.equal(found[1], "Failed creating forward: " + text)
    for fields, text in REFUSED_PORTS:
        port = {"protocol": "tcp", "listen_port": "80", "target_address": "10.81.0.5", **fields}
        found = PEER.api.refusal("POST", FORWARDS, {"listen_address": "198.51.100.2",
                                                    "ports": [port]})
        suite.equal(found[1], "Failed creating forward: " + text)
    for address in ("", "x", "198.51.100.0/24"):
        suite.contains(PEER.api.refusal("POST", FORWARDS, {"listen_address": address})[1],
                       f'Failed parsing address forward listen address "{address}"')
    for port in ("70000", "x"):
        PEER.api.refusal("POST", FORWARDS, {"listen_address": "198.51.100.2", "ports": [
            {"protocol": "tcp", "listen_port": port, "target_address": "10.81.0.5"}]})
    suite.equal(PEER.api.sync("GET", FORWARDS), [f"{FORWARDS}/{ADDRESS}"])


def test_other_networks():
    PEER.api.sync("POST", NETWORKS, {"name": "brg", "type": "bridge", "config": {
        "ipv4.address": "10.82.0.1/24", "ipv6.address": "none"}})
    for address in (ADDRESS, "10.81.0.5"):
        suite.equal(PEER.api.refusal("POST", NETWORKS + "/brg/forwards",
                                     {"listen_address": address})[1],
                    f'Failed creating forward: Forward listen address "{address}/32" overlaps '
                    "with another network or NIC")
    PEER.api.sync("DELETE", NETWORKS + "/brg")
    suite.contains(PEER.api.refusal("GET", NETWORKS + "/nope/forwards")[1], "Network not found")


INSIDE = OUTSIDE = SERVER = None


def ask(host, address, port):
    command = [sys.executable, "-c", ASK, address, str(port)]
    return (host.run(*command) if host else hosts.run(*command))[1].strip()


def put(**body):
    PEER.api.sync("PUT", f"{FORWARDS}/{ADDRESS}", body)


def port(listen, target="", **fields):
    return {"protocol": "tcp", "listen_port": listen, "target_port": target,
            "target_address": "10.81.0.5", **fields}


def test_hosts():
    global INSIDE, OUTSIDE, SERVER
    INSIDE = hosts.Host("fwd-in", "10.81.0.5/24", "fd81::5/64", bridge="brf")
    INSIDE.run("ip", "route", "add", "default", "via", "10.81.0.1")
    OUTSIDE = hosts.Host("fwd-out", "198.18.0.2/24")
    hosts.run("ip", "address", "add", "198.18.0.1/24", "dev", OUTSIDE.port)
    OUTSIDE.run("ip", "route", "add", "default", "via", "198.18.0.1")
    hosts.run("ip", "route", "add", "default", "via", "198.18.0.2")
    SERVER = subprocess.Popen(["ip", "netns", "exec", "fwd-in", sys.executable, "-c", SERVE, "80",
                               "8080", "9090", "9091"], stdout=subprocess.PIPE)
    SERVER.stdout.readline()
    suite.equal(ask(OUTSIDE, ADDRESS, 80), "no")


def test_default_target():
    put(config={"target_address": "10.81.0.5"})
    suite.equal([ask(OUTSIDE, ADDRESS, p) for p in (80, 8080)], ["80", "8080"])
    suite.equal(ask(None, ADDRESS, 80), "80")  # from the host itself


def test_ports():
    put(ports=[port("80", "8080"), port("90-91", "9090-9091"), port("8080")])
    suite.equal([ask(OUTSIDE, ADDRESS, p) for p in (80, 90, 91, 8080, 9090)],
                ["8080", "9090", "9091", "8080", "no"])
    put(ports=[port("80-85", "9090")])
    suite.equal([ask(OUTSIDE, ADDRESS, p) for p in (80, 85, 86)], ["9090", "9090", "no"])


def test_ports_before_the_default():
    put(config={"target_address": "10.81.0.6"}, ports=[port("80", "9091")])
    suite.equal([ask(OUTSIDE, ADDRESS, p) for p in (80, 8080)], ["9091", "no"])
    INSIDE.run("ip", "address", "add", "10.81.0.6/24", "dev", "eth0")
    suite.equal([ask(OUTSIDE, ADDRESS, p) for p in (80, 8080)], ["9091", "8080"])
    found = PEER.api.refusal("PUT", f"{FORWARDS}/{ADDRESS}", {
        "config": {"target_address": "10.81.0.5"}, "ports": [port("80")]})
    suite.equal(found[1], "Failed updating forward: Target address is same as default target "
                          "address in port specification 0")


def test_many_ports():
    put(ports=[port("1000-2999", "8080"), port("20000-20100", "9000-9100")])
    suite.equal([ask(OUTSIDE, ADDRESS, p) for p in (1000, 2999, 3000, 20090, 20091)],
                ["8080", "8080", "no", "9090", "9091"])


def test_instance_calls_its_own_address():
    put(ports=[port("80")])
    if not daemon.is_lxd():  # which does so when nics come and go
        suite.contains(hosts.run("bridge", "-d", "link", "show", "dev", INSIDE.port)[1],
                       "hairpin on")
        suite.equal(ask(INSIDE, ADDRESS, 80), "80")


def test_ipv6():
    PEER.api.sync("POST", FORWARDS, {"listen_address": "fd99::1", "ports": [
        {"protocol": "tcp", "listen_port": "80", "target_port": "8080",
         "target_address": "fd81::5"}]})
    INSIDE.run("ip", "route", "replace", "default", "via", "fd81::1")
    hosts.run("ip", "route", "add", "local", "fd99::1", "dev", "lo")
    suite.eventually(lambda: ask(None, "fd99::1", 80) == "8080", "the host reaches it", 5)
    hosts.run("ip", "route", "delete", "local", "fd99::1", "dev", "lo")
    PEER.api.sync("DELETE", FORWARDS + "/fd99::1")


def test_back_after_a_restart():
    if daemon.is_lxd():
        raise suite.Skip("the same")
    put(ports=[port("80", "8080")])
    PEER.kill()
    hosts.run("nft", "delete", "table", "inet", "lxd")
    PEER.start()
    suite.eventually(lambda: ask(OUTSIDE, ADDRESS, 80) == "8080", "the forward is back", 5)


def lxc(*words):
    done = subprocess.run(["lxc", *words], env=PEER.environment(), text=True, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    suite.equal((done.returncode, done.stdout if done.returncode else ""), (0, ""), words)
    return done.stdout


def test_unmodified_client():
    lxc("network", "forward", "create", "brf", "198.51.100.7", "target_address=10.81.0.5")
    lxc("network", "forward", "port", "add", "brf", "198.51.100.7", "tcp", "80", "10.81.0.6",
        "9090")
    suite.equal(ask(OUTSIDE, "198.51.100.7", 80), "9090")
    suite.equal(lxc("network", "forward", "show", "brf", "198.51.100.7"),
                'description: ""\nconfig:\n  target_address: 10.81.0.5\nports:\n'
                '- description: ""\n  protocol: tcp\n  listen_port: "80"\n'
                '  target_port: "9090"\n  target_address: 10.81.0.6\n'
                "listen_address: 198.51.100.7\nlocation: none\n")
    lxc("network", "forward", "port", "remove", "brf", "198.51.100.7", "tcp", "80")
    suite.equal(ask(OUTSIDE, "198.51.100.7", 80), "80")
    lxc("network", "forward", "set", "brf", "198.51.100.7", "user.a=1")
    suite.contains(lxc("network", "forward", "list", "brf"), "198.51.100.7")
    lxc("network", "forward", "delete", "brf", "198.51.100.7")


def test_gone_with_the_network():
    SERVER.kill()
    SERVER.wait()
    INSIDE.delete()
    OUTSIDE.delete()
    PEER.api.sync("DELETE", NETWORKS + "/brf")
    suite.true("brf" not in hosts.run("nft", "list", "ruleset")[1], "no chain is left")


if __name__ == "__main__":
    hosts.enter()
    daemon.run_suite(globals(), "network forwards: ")
