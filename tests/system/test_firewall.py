#!/usr/bin/env python3
"""Firewall rules in the kernel, in a network namespace of this suite: what was planned is accepted,
what was cleared is gone, and others' tables stay as they are."""
import glob
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import hosts  # noqa: E402
import suite  # noqa: E402

GOLDEN = os.path.join(daemon.TOP, "tests/golden")
OTHERS = """add table inet filter
add chain inet filter input { type filter hook input priority 0; policy accept; }
add rule inet filter input tcp dport 22 accept
"""


def rules(*command):
    found = json.loads(hosts.run("nft", "-j", *(command or ("list", "ruleset")))[1])["nftables"]
    return [entry for entry in found if "metainfo" not in entry]


def setup():
    hosts.run("nft", "flush", "ruleset")


def test_planned_rules_are_accepted():
    files = sorted(glob.glob(os.path.join(GOLDEN, "nft-*.nft")))
    suite.true(len(files) >= 5, "the golden files are there")
    for path in files:
        hosts.run("nft", "flush", "ruleset")
        for _ in range(2):  # the second time nothing changes
            hosts.run("nft", "-f", path)
            suite.true(any("rule" in entry for entry in rules()), f"{path} makes rules")
            count = len(rules())
        hosts.run("nft", "-f", path)
        suite.equal(len(rules()), count, path)


def test_name_in_server():
    with daemon.Daemon(pool=False) as peer:
        suite.equal(peer.api.sync("GET", "/1.0")["environment"]["firewall"], "nftables")


def test_others_are_left_alone():
    hosts.run("nft", "-f", "-", data=OTHERS)
    before = rules("list", "table", "inet", "filter")
    with daemon.Daemon(pool=False):
        suite.equal(rules("list", "table", "inet", "filter"), before)


if __name__ == "__main__":
    hosts.enter()
    suite.main(globals())
