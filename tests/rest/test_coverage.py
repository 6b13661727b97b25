#!/usr/bin/env python3
"""Counted coverage of what LXD 5.0 has for instances (tests/lib/instance_endpoints.tsv and
instance_keys.tsv): the daemon serves every endpoint and takes every key, knows no key that the table
does not have, and each key names the test that shows its effect."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402

PEER = None
BOX = None
LIB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib")
# Later than 5.0, from LXD's newer versions or Incus: asked of nobody, each with its own test.
LATER = {"boot.autorestart", "limits.cpu.nodes", "security.protection.start", "security.csm",
         "security.syscalls.intercept.sysinfo", "volatile.last_state.ready",
         "volatile.uuid.generation", "cloud-init.ssh-keys.KEYNAME"}


def table(name):
    with open(os.path.join(LIB, name), encoding="utf-8") as stream:
        rows = [line.rstrip("\n").split("\t") for line in stream]
    suite.true(len(rows) > 20, f"{name} has rows")
    return rows[1:]


def setup():
    global BOX
    if BOX is None:
        BOX = instances.Instances(PEER)


def test_every_endpoint_is_served():
    """None says that there is no such path or no such method: what they do is tested elsewhere.
    Names of things that are not there give their own text."""
    missing = []
    for method, path in table("instance_endpoints.tsv"):
        url = path.replace("{name}", "none-of-this-name")
        url = re.sub(r"{\w+}", "none", url)
        answer = PEER.api.request(method, url, {} if method in ("POST", "PUT", "PATCH") else None)
        text = answer.error or ""
        if answer.status in (405, 501) or (answer.status == 404 and method != "HEAD" and
                                           "nstance not found" not in text):
            missing.append(f"{method} {path}: {answer.status} {text}")
    suite.equal(missing, [], "not served")


def test_every_key_is_taken():
    """Each alone, on an instance that does not run; it is shown as it was given."""
    BOX.create("k", source={"type": "none"})
    start = BOX.show("k")["config"]
    failed = []
    for key, value, _ in table("instance_keys.tsv"):
        if value == "-":
            continue
        name = key.replace("*", "net.ipv4.ip_forward" if "sysctl" in key else "nofile")
        answer = PEER.api.request("PATCH", BOX.path("k"), {"config": {name: value}})
        shown = BOX.show("k")["config"].get(name)
        if answer.status != 200 or shown != value:
            failed.append(f"{name}={value}: {answer.error} (shown: {shown})")
        PEER.api.operation("PUT", BOX.path("k"), {**BOX.show("k"), "config": {
            key: value for key, value in BOX.show("k")["config"].items()
            if key.startswith("volatile.") or key in start}})
    suite.equal(failed, [], "keys")
    BOX.delete("k")


@daemon.ours
def test_no_key_without_a_row():
    groups = PEER.api.sync("GET", "/1.0/metadata/configuration")["configs"]["instance"]
    known = {name for group in groups.values() for row in group["keys"] for name in row}
    rows = {row[0] for row in table("instance_keys.tsv")}
    suite.equal(sorted(rows - known), [], "in the table and not known")
    unexplained = {name for name in known - rows - LATER
                   if not name.startswith(("volatile.<name>.", "image.")) and
                   not re.search("whitelist|blacklist", name)}
    suite.equal(sorted(unexplained), [], "known and not in the table")


def test_every_key_names_its_test():
    """A file of tests in which the key stands, or why there is none."""
    wrong = []
    for key, _, place in table("instance_keys.tsv"):
        if place.startswith("- "):
            continue
        path = os.path.join(LIB, "..", place)
        with open(path, encoding="utf-8") as stream:
            text = stream.read().replace('KEY + "', '"security.syscalls.intercept.')
        text = re.sub(r"(?<=\w)__(?=\w)", ".", text)
        if key.rstrip("*") not in text:
            wrong.append(f"{key}: not in {place}")
    suite.equal(wrong, [], "names of tests")


if __name__ == "__main__":
    daemon.run_suite(globals(), "coverage: ")
