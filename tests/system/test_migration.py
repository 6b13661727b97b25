#!/usr/bin/env python3
"""Instances that go from host to host: two daemons on loopback, and Debian's LXD as a third where
it is installed. Every way of `lxc copy`; afterwards the trees are equal."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402
import tls  # noqa: E402
import trees  # noqa: E402

PEER = None
HOSTS = {}
STATE = {}


def lxc(*arguments, check=True, program="lxc"):
    """(exit code, output) of a client that knows all hosts as remotes."""
    if program == "berth":
        program = os.path.join(daemon.build_directory(), "berth")
    conf = os.path.join(PEER.base, "clients")
    os.makedirs(conf, exist_ok=True)
    environment = {**PEER.environment(), "BERTH_CONF": conf, "LXD_CONF": conf}
    done = subprocess.run([program, *arguments], env=environment, stdin=subprocess.DEVNULL,
                          text=True, capture_output=True, timeout=40, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"{program} {arguments}: {done.stdout}{done.stderr}")
    return done.returncode, done.stdout + done.stderr


def root_of(host, name):
    return os.path.join(HOSTS[host].directory, "storage-pools/default/containers", name, "rootfs")


def add_host(name, peer):
    HOSTS[name] = peer
    address = f"127.0.0.1:{tls.free_port()}"
    peer.api.sync("PATCH", "/1.0", {"config": {"core.https_address": address,
                                               "core.trust_password": "sesame"}})
    lxc("remote", "add", name, address, "--accept-certificate", "--password", "sesame")


def full(name):
    return PEER.prefix + name


def test_hosts():
    add_host("a", PEER)
    add_host("b", daemon.Daemon())
    if shutil.which("lxd"):
        add_host("l", daemon.Daemon(run="lxd"))
    STATE["a"] = instances.Instances(PEER)
    STATE["a"].create("c1")
    trees.fill(root_of("a", full("c1")))


def pairs():
    return [("a", "b"), ("b", "a")] + ([("a", "l"), ("l", "a")] if "l" in HOSTS else [])


def compare(source, target, name):
    exact = "l" not in (source, target)
    options = {"acls": exact, "hard_links": exact}
    found = trees.describe(root_of(target, name), **options)
    expected = trees.describe(root_of(source, full("c1")), **options)
    suite.equal([line for line in found if line not in expected],
                [line for line in expected if line not in found], f"{source} -> {target}")


def check_way(mode):
    for source, target in pairs():
        if source != "a":
            lxc("copy", f"a:{full('c1')}", f"{source}:{full('c1')}")
        name = full(f"from-{source}")
        lxc("copy", f"{source}:{full('c1')}", f"{target}:{name}", "--mode", mode)
        compare(source, target, name)
        lxc("delete", f"{target}:{name}")
        if source != "a":
            lxc("delete", f"{source}:{full('c1')}")


def test_pull():
    check_way("pull")


def test_push():
    check_way("push")


def test_relay():
    check_way("relay")


def test_client():
    """`berth` goes all the ways too, and finds one by itself."""
    for options in ([], ["--mode", "push"], ["--mode", "relay"]):
        name = full("ours")
        lxc("copy", f"a:{full('c1')}", f"b:{name}", *options, program="berth")
        compare("a", "b", name)
        lxc("delete", f"b:{name}", program="berth")


def test_move():
    for program in ("lxc", "berth"):
        STATE["a"].create("mover")
        before = STATE["a"].show("mover")["config"]
        lxc("move", f"a:{full('mover')}", "b:", program=program)
        suite.equal(PEER.api.get(STATE["a"].path("mover")).status, 404)
        after = HOSTS["b"].api.sync("GET", STATE["a"].path("mover"))["config"]
        for key in ("volatile.uuid", "volatile.base_image"):
            suite.equal(after[key], before[key], key)
        suite.equal(after["volatile.apply_template"], "copy")
        lxc("delete", f"b:{full('mover')}")


def stop_hosts():
    problems = []
    for name, peer in HOSTS.items():
        if name != "a":
            try:
                peer.stop()
            except daemon.Leftovers as error:
                problems.append(str(error))
    if problems:
        raise daemon.Leftovers("\n".join(problems))


def test_nothing_is_left_on_the_others():
    stop_hosts()


if __name__ == "__main__":
    daemon.run_suite(globals(), "migration: ")
