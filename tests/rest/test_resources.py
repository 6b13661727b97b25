#!/usr/bin/env python3
"""/1.0/resources: of this host, and of one that is a tree of files."""
import json
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import hosttree  # noqa: E402
import suite  # noqa: E402

HOSTS = os.path.join(daemon.TOP, "tests/golden/hosts")
ROOT = tempfile.mkdtemp(prefix="berth-host-")
PEER = None


def read(path):
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def test_server():
    """What is read from the tree is what is said of it in the file beside it."""
    if daemon.is_lxd():
        raise suite.Skip("only of Berth")
    kernel = os.uname().release
    hosttree.make(ROOT, read(os.path.join(HOSTS, "server.tree")))
    with daemon.Daemon(pool=False, environment={"BERTH_TEST_ROOT": ROOT}) as peer:
        found = peer.api.sync("GET", "/1.0/resources")
    text = json.dumps(found, indent=1, sort_keys=True).replace(kernel, "KERNEL") \
        .replace(f'"architecture": "{os.uname().machine}"', '"architecture": "MACHINE"') + "\n"
    golden = os.path.join(HOSTS, "server.json")
    if os.environ.get("UPDATE_GOLDEN"):
        with open(golden, "w", encoding="utf-8") as stream:
            stream.write(text)
    for number, (line, expected) in enumerate(zip(text.split("\n"), read(golden).split("\n"))):
        suite.equal(line, expected, f"line {number + 1}")
    suite.equal(text, read(golden))


def test_this_host():
    found = PEER.api.sync("GET", "/1.0/resources")
    suite.equal(sorted(found), ["cpu", "gpu", "memory", "network", "pci", "storage", "system",
                                "usb"])
    threads = [thread for socket in found["cpu"]["sockets"] for core in socket["cores"]
               for thread in core["threads"]]
    suite.equal(found["cpu"]["total"], len(threads))
    suite.equal(len([thread for thread in threads if thread["online"]]), os.cpu_count())
    suite.true(found["memory"]["total"] >= found["memory"]["used"] > 0, "memory")
    disks = {name for name in os.listdir("/sys/class/block")
             if os.path.exists(f"/sys/class/block/{name}/device")}
    suite.equal({disk["id"] for disk in found["storage"]["disks"]}, disks)
    cards = {name for name in os.listdir("/sys/class/net")
             if os.path.exists(f"/sys/class/net/{name}/device")}
    suite.equal({port["id"] for card in found["network"]["cards"]
                 for port in card.get("ports", [])}, cards)
    suite.equal(found["pci"]["total"], len(os.listdir("/sys/bus/pci/devices"))
                if os.path.isdir("/sys/bus/pci/devices") else 0)


def test_empty_host():
    """A host of which nothing can be read has resources too."""
    if daemon.is_lxd():
        raise suite.Skip("only of Berth")
    empty = os.path.join(ROOT, "empty")
    os.makedirs(empty)
    with daemon.Daemon(pool=False, environment={"BERTH_TEST_ROOT": empty}) as peer:
        found = peer.api.sync("GET", "/1.0/resources")
    suite.equal(found["cpu"]["sockets"], [])
    suite.equal(found["system"]["firmware"], None)
    suite.equal(found["gpu"], {"cards": [], "total": 0})


if __name__ == "__main__":
    try:
        daemon.run_suite(globals(), "resources ", pool=False)
    finally:
        shutil.rmtree(ROOT)
