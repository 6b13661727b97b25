#!/usr/bin/env python3
"""AppArmor: containers are confined, raw.apparmor is live, nothing stays in the kernel."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402

PEER = None
BOX = None
LOADED = "/sys/kernel/security/apparmor/profiles"


def setup():
    global BOX
    if not os.path.exists(LOADED):
        raise suite.Skip("the kernel has no AppArmor")
    if BOX is None:
        BOX = instances.Instances(PEER)
        BOX.image()


def loaded():
    with open(LOADED, encoding="utf-8") as stream:
        return [line for line in stream if BOX.full("") in line]


def label(name):
    pid = PEER.api.sync("GET", BOX.path(name, "/state"))["pid"]
    with open(f"/proc/{pid}/attr/current", encoding="utf-8") as stream:
        return stream.read()


def test_confined():
    BOX.launch("a")
    suite.contains(label("a"), BOX.full("a"))
    suite.contains(label("a"), "(enforce)")
    code, _, error = BOX.run("a", "sh", "-c", "echo 1 > /proc/sys/kernel/panic")
    suite.true(code != 0 and "ermission denied" in error, error)
    suite.equal(BOX.run("a", "mount", "-t", "tmpfs", "t", "/mnt")[0], 0, "what all may")


def test_rules_of_ones_own():
    PEER.api.sync("PATCH", BOX.path("a"), {"config": {"raw.apparmor": "deny /etc/hostname rw,"}})
    suite.true(BOX.run("a", "cat", "/etc/hostname")[0] != 0, "live")
    PEER.refused(400, "AppArmor profile", "PATCH", BOX.path("a"),
                 {"config": {"raw.apparmor": "no such rule"}})
    suite.true(BOX.run("a", "cat", "/etc/hostname")[0] != 0, "as before")
    PEER.api.sync("PATCH", BOX.path("a"), {"config": {"raw.apparmor": ""}})
    suite.equal(BOX.run("a", "cat", "/etc/hostname")[0], 0, "allowed again")


def test_it_goes_with_the_container():
    suite.equal(len(loaded()), 1, "profiles")
    BOX.state("a", "stop", force=True)
    suite.equal(loaded(), [], "profiles of a stopped one")
    PEER.refused(400, "Parse AppArmor profile", "PATCH", BOX.path("a"),
                 {"config": {"raw.apparmor": "no such rule"}})
    BOX.delete("a")
    folder = os.path.join(PEER.directory, "security/apparmor/profiles")
    suite.equal(os.listdir(folder), [])


def test_privileged_and_nesting():
    for key in ("security.privileged", "security.nesting"):
        BOX.launch("p", config={key: "true"})
        suite.contains(label("p"), BOX.full("p"))
        suite.equal(BOX.run("p", "true")[0], 0)
        BOX.delete("p", force=True)


if __name__ == "__main__":
    daemon.run_suite(globals(), "apparmor: ")
