#!/usr/bin/env python3
"""Networks: bridges and others, their addresses, edits, names, leases, state, users, refusals."""
import os
import re
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import api  # noqa: E402
import daemon  # noqa: E402
import instances  # noqa: E402
import netns  # noqa: E402
import suite  # noqa: E402

PEER = None
PLACE = None
URL = "/1.0/networks"


def get(name, rest=""):
    return PEER.api.sync("GET", f"{URL}/{name}{rest}")


def create(name, kind="bridge", **config):
    config = {key.replace("__", "."): value for key, value in config.items()}
    return PEER.api.sync("POST", URL, {"name": name, "type": kind, "config": config})


def edit(name, **config):
    found = {key.replace("__", "."): value for key, value in config.items()}
    return PEER.api.sync("PATCH", f"{URL}/{name}", {"config": found})


def delete(name):
    return PEER.api.sync("DELETE", f"{URL}/{name}")


def addresses(link):
    return re.findall(r"inet6? (\S+) scope global", PLACE.run("ip", "addr", "show", link))


def file_of(name, rest):
    with open(f"{PEER.directory}/networks/{name}/{rest}", encoding="utf-8") as stream:
        return stream.read()


def test_interfaces():
    listed = {item["name"]: item for item in PEER.api.sync("GET", URL + "?recursion=1")}
    suite.equal({name: item["type"] for name, item in listed.items()},
                {"lo": "loopback", "plain0": "bridge", "x0": "unknown"})
    suite.equal((listed["lo"]["managed"], listed["lo"]["status"]), (False, ""))
    suite.equal(get("plain0")["type"], "bridge")
    state = get("lo", "/state")
    suite.equal((state["type"], state["mtu"], state["hwaddr"], state["state"]),
                ("loopback", 65536, "", "up"))
    PEER.refused(404, "Network not found", "GET", URL + "/nothing")
    PEER.refused(404, 'Network interface "nothing" not found', "GET", URL + "/nothing/state")


def test_automatic_bridge():
    answer = PEER.api.request("POST", URL, {"name": "auto0"})
    suite.equal((answer.status, answer.headers["location"]), (201, URL + "/auto0"))
    found = get("auto0")
    suite.equal((found["type"], found["managed"], found["status"], found["locations"]),
                ("bridge", True, "Created", ["none"]))
    suite.matches(found["config"]["ipv4.address"], r"^10\.\d+\.\d+\.1/24$")
    suite.matches(found["config"]["ipv6.address"], r"^fd42:[0-9a-f:]+::1/64$")
    suite.equal((found["config"]["ipv4.nat"], found["config"]["ipv6.nat"]), ("true", "true"))
    suite.equal(sorted(addresses("auto0")), sorted([found["config"]["ipv4.address"],
                                                    found["config"]["ipv6.address"]]))
    rules = PLACE.run("nft", "list", "ruleset")
    suite.contains(rules, "chain pstrt.auto0")
    suite.contains(rules, "masquerade")


def test_state():
    state = get("auto0", "/state")
    suite.equal((state["type"], state["state"], state["mtu"]), ("broadcast", "up", 1500))
    suite.equal(state["bridge"]["id"], "8000." + state["hwaddr"].replace(":", ""))
    suite.equal((state["bond"], state["vlan"], state["ovn"]), (None, None, None))
    suite.matches(state["hwaddr"], "^00:16:3e:")


def test_server():
    """One dnsmasq, as the record says; killed, it comes back."""
    pid = int(re.search(r"^pid: (\d+)", file_of("auto0", "dnsmasq.pid"), re.M).group(1))
    with open(f"/proc/{pid}/cmdline", encoding="utf-8") as stream:
        suite.contains(stream.read(), "--interface=auto0\0")
    os.kill(pid, 9)

    def again():
        found = int(re.search(r"^pid: (\d+)", file_of("auto0", "dnsmasq.pid"), re.M).group(1))
        return found != pid and daemon.process_lives(found)
    if not daemon.is_lxd():
        suite.eventually(again, "dnsmasq to come back")


def test_edit():
    config = get("auto0")["config"]
    edit("auto0", ipv4__address="10.13.1.1/24", ipv4__dhcp__ranges="10.13.1.5-10.13.1.9",
         bridge__mtu="1400", ipv4__routes="10.14.0.0/16", dns__domain="example.org",
         dns__search="a.org,b.org", ipv4__dhcp__gateway="10.13.1.2", raw__dnsmasq="log-queries",
         ipv4__dhcp__expiry="2h", bridge__hwaddr="00:16:3e:01:02:03", ipv6__dhcp__stateful="true")
    suite.equal(sorted(addresses("auto0")), sorted(["10.13.1.1/24", config["ipv6.address"]]))
    suite.contains(PLACE.run("ip", "route", "show", "proto", "static"), "10.14.0.0/16 dev auto0")
    state = get("auto0", "/state")
    suite.equal((state["mtu"], state["hwaddr"]), (1400, "00:16:3e:01:02:03"))
    words = file_of("auto0", "dnsmasq.pid")
    for word in ("10.13.1.5,10.13.1.9,2h", "force=3,10.13.1.2", "force=26,1400",
                 "force=119,a.org,b.org", "_gateway.example.org,auto0", "/example.org/"):
        suite.contains(words, word)
    suite.matches(words, r"::2,fd42:[0-9a-f:]+:ffff,64,1h")
    suite.equal(file_of("auto0", "dnsmasq.raw"), "log-queries\n")


def test_failed_edit_changes_nothing():
    create("busy0", ipv4__address="10.15.1.1/24", ipv6__address="none")
    before = get("auto0")
    PEER.refused(500, "exited prematurely", "PATCH", URL + "/auto0",
                 {"config": {"ipv4.address": "10.15.1.1/24"}})
    suite.equal(get("auto0"), before)
    suite.contains(addresses("auto0"), "10.13.1.1/24")
    PEER.refused(500, "exited prematurely", "POST", URL,
                 {"name": "second0", "config": {"ipv4.address": "10.15.1.1/24"}})
    suite.true("second0" not in PLACE.links(), "a failed creation leaves no bridge")
    suite.true(not os.path.exists(f"{PEER.directory}/networks/second0"), "nor a directory")
    delete("busy0")


def test_replace():
    found = get("auto0")
    PEER.api.sync("PUT", URL + "/auto0", {"description": "text", "config": {
        "ipv4.address": "10.13.1.1/24", "ipv6.address": "none", "user.a": "1"}})
    suite.equal(get("auto0")["config"], {"ipv4.address": "10.13.1.1/24", "ipv6.address": "none",
                                         "user.a": "1"})
    suite.equal(get("auto0")["description"], "text")
    suite.equal(addresses("auto0"), ["10.13.1.1/24"])
    suite.equal(get("auto0", "/state")["mtu"], 1500)
    suite.true("masquerade" not in PLACE.run("nft", "list", "ruleset"), "no NAT any more")
    suite.equal(PLACE.run("ip", "route", "show", "proto", "static"), "")
    suite.true(found["config"] != get("auto0")["config"], "replaced")


def test_etag():
    answer = PEER.api.request("GET", URL + "/auto0")
    wrong = PEER.api.request("PATCH", URL + "/auto0", {"config": {"user.b": "2"}},
                             {"If-Match": '"wrong"'})
    suite.equal(wrong.status, 412)
    right = PEER.api.request("PATCH", URL + "/auto0", {"config": {"user.b": "2"}},
                             {"If-Match": answer.headers["etag"]})
    suite.equal(right.status, 200)


def test_rename():
    with open(f"{PEER.directory}/networks/auto0/dnsmasq.leases", "a", encoding="ascii") as leases:
        leases.write("4000000000 00:16:3e:aa:bb:cc 10.13.1.77 guest *\n")
    PEER.api.sync("POST", URL + "/auto0", {"name": "named0"})
    suite.true("auto0" not in PLACE.links() and "named0" in PLACE.links(), "the link is renamed")
    suite.equal(addresses("named0"), ["10.13.1.1/24"])
    PEER.refused(404, "Network not found", "GET", URL + "/auto0")
    suite.true("auto0" not in PLACE.run("nft", "list", "ruleset"), "rules go with it")
    create("other0", ipv4__address="none", ipv6__address="none")
    PEER.refused(409, 'Network "other0" already exists', "POST", URL + "/named0",
                 {"name": "other0"})
    delete("other0")


def test_leases():
    found = {(item["address"], item["type"]): item for item in get("named0", "/leases")}
    suite.equal(found[("10.13.1.1", "gateway")]["hostname"], "named0.gw")
    if not daemon.is_lxd():
        lease = found[("10.13.1.77", "dynamic")]
        suite.equal((lease["hostname"], lease["hwaddr"], lease["location"]),
                    ("guest", "00:16:3e:aa:bb:cc", "none"))
    PEER.refused(404, "Network not found", "GET", URL + "/lo/leases")


def test_restart():
    """The next daemon goes on with what runs, and mends what somebody broke."""
    before = file_of("named0", "dnsmasq.pid")
    PEER.kill()
    PEER.api.close()
    PEER.start()
    if not daemon.is_lxd():
        suite.equal(file_of("named0", "dnsmasq.pid"), before)
    PEER.kill()
    PEER.api.close()
    PLACE.run("ip", "link", "delete", "named0")
    PLACE.run("nft", "flush", "ruleset")
    PEER.start()
    suite.equal(addresses("named0"), ["10.13.1.1/24"])
    suite.contains(PLACE.run("nft", "list", "ruleset"), "chain fwd.named0")


def test_users():
    machines = instances.Instances(PEER)
    machines.create("user", devices={"eth0": {"type": "nic", "network": "named0",
                                              "ipv4.address": "10.13.1.50"}})
    PEER.api.sync("POST", "/1.0/profiles", {"name": "nets", "devices": {
        "eth0": {"type": "nic", "nictype": "bridged", "parent": "named0"}}})
    full = machines.full("user")
    suite.equal(sorted(get("named0")["used_by"]),
                [f"/1.0/instances/{full}", "/1.0/profiles/nets"])
    PEER.refused(400, "currently in use", "DELETE", URL + "/named0")
    PEER.refused(400, "currently in use", "POST", URL + "/named0", {"name": "free0"})
    found = [item for item in get("named0", "/leases") if item["type"] == "static"]
    suite.equal([(item["address"], item["hostname"]) for item in found], [("10.13.1.50", full)])
    hwaddr = machines.show("user")["config"]["volatile.eth0.hwaddr"]
    suite.equal(file_of("named0", f"dnsmasq.hosts/{full}.eth0"),
                f"{hwaddr},10.13.1.50,{full}\n")


def test_nic_refusals():
    machines = instances.Instances(PEER)
    nic = {"type": "nic", "network": "named0"}
    for device, text in (
            ({**nic, "network": "nope"}, 'Failed to load network "nope" for project "default"'),
            ({**nic, "parent": "named0"}, 'Cannot use "parent" property in conjunction'),
            ({**nic, "nictype": "bridged"}, 'Cannot use "nictype" property in conjunction'),
            ({**nic, "mtu": "1400"}, 'Cannot use "mtu" property in conjunction'),
            ({**nic, "ipv4.address": "10.99.1.1"}, 'not within network "named0" subnet'),
            ({**nic, "ipv4.address": "10.13.1.50"}, '"10.13.1.50" already defined on another'),
            ({"type": "nic", "nictype": "bridged", "parent": "plain0",
              "ipv4.address": "10.1.1.1"}, "unmanaged parent bridge")):
        error = suite.raises(Exception, machines.create, "refused", devices={"eth0": device})
        suite.contains(str(error), text)
    error = suite.raises(Exception, machines.create, "twice", devices={"eth0": nic, "eth1": nic})
    suite.matches(str(error), 'Instance DNS name ".*" already used on network')


def test_projects():
    PEER.api.sync("POST", "/1.0/projects", {"name": "own", "config": {
        "features.networks": "true"}})
    PEER.api.sync("POST", "/1.0/projects", {"name": "shared", "config": {}})
    suite.equal(PEER.api.sync("GET", URL + "?project=own"), [])
    suite.contains(PEER.api.sync("GET", URL + "?project=shared"), URL + "/named0")
    PEER.refused(404, "Network not found", "GET", URL + "/named0?project=own")
    PEER.refused(400, "not support|Option \"network\"", "POST", URL + "?project=own",
                 {"name": "own0", "type": "bridge"})
    for name in ("own", "shared"):
        PEER.api.sync("DELETE", f"/1.0/projects/{name}")


def test_refusals():
    for body, text in (
            ({"name": "named0"}, "The network already exists"),
            ({"name": "plain0"}, 'Network interface "plain0" already exists'),
            ({"name": "a"}, "too short"),
            ({"name": "waytoolongname12345"}, "too long"),
            ({"name": "b/x"}, "invalid characters"),
            ({}, "No name provided"),
            ({"name": "bad0", "type": "nope"}, "Unknown driver"),
            ({"name": "bad0", "config": {"foo": "bar"}},
             'Invalid option for network "bad0" option "foo"'),
            ({"name": "bad0", "config": {"ipv4.address": "bogus"}}, "invalid CIDR address"),
            ({"name": "bad0", "config": {"bridge.mtu": "100"}}, "Out of MTU range"),
            ({"name": "bad0", "config": {"bridge.external_interfaces": "x0"}},
             "Only unconfigured network interfaces can be bridged"),
            ({"name": "mac0", "type": "macvlan"},
             'Invalid value for network "mac0" option "parent": Required value')):
        _, error = PEER.api.refusal("POST", URL, body)
        suite.contains(error, text)
    suite.true("bad0" not in PLACE.links(), "nothing is left of a refused one")
    PEER.refused(404, "Failed loading network: Network not found", "DELETE", URL + "/plain0")


def test_other_types():
    create("mac0", "macvlan", parent="x0", mtu="1400")
    create("virt0", "sriov", parent="x0")
    PEER.refused(400, 'Parent interface "x0" in use by another network', "POST", URL,
                 {"name": "up0", "type": "physical", "config": {"parent": "x0"}})
    suite.equal(get("mac0")["type"], "macvlan")
    suite.equal(sorted(get("x0")["used_by"]), [URL + "/mac0", URL + "/virt0"])
    if not daemon.is_lxd():
        suite.equal(get("mac0", "/state")["hwaddr"], get("x0", "/state")["hwaddr"])
    for name in ("mac0", "virt0"):
        delete(name)
    create("up0", "physical", parent="x0")
    suite.equal(get("up0")["status"], "Created")
    delete("up0")
    suite.contains(PLACE.links(), "x0")


def test_delete():
    machines = instances.Instances(PEER)
    machines.delete("user")
    suite.equal(os.listdir(f"{PEER.directory}/networks/named0/dnsmasq.hosts"), [])
    PEER.api.sync("DELETE", "/1.0/profiles/nets")
    delete("named0")
    suite.equal(sorted(PLACE.links()), ["lo", "plain0", "vethx0", "x0"])
    suite.equal(os.listdir(f"{PEER.directory}/networks"), [])
    suite.true("named0" not in PLACE.run("nft", "list", "ruleset"), "rules are gone")


def descriptors():
    return len(os.listdir(f"/proc/{PEER.pid}/fd"))


def test_many():
    """Made and deleted again and again, nothing stays: links, rules, files, servers, descriptors."""
    rules = PLACE.run("nft", "list", "ruleset")
    before = descriptors()
    for _ in range(3):
        for number in range(8):
            create(f"many{number}", ipv6__address="none")
        for number in range(8):
            delete(f"many{number}")
    suite.equal(sorted(PLACE.links()), ["lo", "plain0", "vethx0", "x0"])
    suite.equal(os.listdir(f"{PEER.directory}/networks"), [])
    suite.equal(PLACE.run("nft", "list", "ruleset"), rules)
    suite.eventually(lambda: descriptors() <= before + 2, "descriptors to be closed")


@daemon.ours
def test_killed_in_each_verb():
    """Whatever moment the daemon is killed at, the next one has a whole network or none."""
    url = f"{URL}/kill0"
    config = {"ipv4.address": "10.16.0.1/24", "ipv6.address": "none"}
    verbs = (("POST", URL, {"name": "kill0", "config": config}),
             ("PATCH", url, {"config": {"ipv4.address": "10.16.1.1/24"}}),
             ("POST", url, {"name": "kill1"}), ("DELETE", url, None))
    for verb in verbs:
        for pause in (0.0, 0.004, 0.02, 0.05):
            prepare_kill(verb is not verbs[0], config)
            asked = threading.Thread(target=attempt, args=verb)
            asked.start()
            time.sleep(pause)
            PEER.kill()
            asked.join()
            PEER.api.close()
            PEER.start()
            check_whole()
    for name in [item.rpartition("/")[2] for item in PEER.api.sync("GET", URL)]:
        if name.startswith("kill"):
            delete(name)


def attempt(*request):
    client = api.Api(PEER.socket)
    try:
        client.request(*request)
    except Exception:  # the daemon is killed meanwhile
        pass


def prepare_kill(wanted, config):
    names = [item.rpartition("/")[2] for item in PEER.api.sync("GET", URL)]
    for name in names:
        if name.startswith("kill"):
            delete(name)
    if wanted:
        PEER.api.sync("POST", URL, {"name": "kill0", "config": config})


def check_whole():
    """What is recorded is there, with one server; what is not recorded is nowhere."""
    records = {item["name"]: item for item in PEER.api.sync("GET", URL + "?recursion=1")
               if item["managed"]}
    links = [name for name in PLACE.links() if name.startswith("kill")]
    suite.equal(sorted(links), sorted(records), "links")
    suite.equal(sorted(os.listdir(f"{PEER.directory}/networks")), sorted(records), "directories")
    for name, item in records.items():
        suite.equal(item["status"], "Created")
        suite.equal(addresses(name), [item["config"]["ipv4.address"]])
    servers = [text for _, text in PEER.processes() if "dnsmasq" in text]
    suite.equal(len(servers), len(records), "servers")


def main():
    global PLACE
    with netns.Namespace() as PLACE:
        PLACE.run("ip", "link", "add", "plain0", "type", "bridge")
        PLACE.run("ip", "link", "add", "x0", "type", "veth", "peer", "name", "vethx0")
        PLACE.run("ip", "addr", "add", "192.0.2.1/24", "dev", "x0")
        daemon.run_suite(globals(), "networks: ", namespace=PLACE)


if __name__ == "__main__":
    main()
