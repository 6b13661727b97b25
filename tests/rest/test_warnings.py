#!/usr/bin/env python3
"""/1.0/warnings: what the daemon found wrong, acknowledged and deleted."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402

PEER = None
WARNINGS = "/1.0/warnings"


def listed(query=""):
    return PEER.api.sync("GET", f"{WARNINGS}?recursion=1{query}")


@daemon.ours
def test_a_failed_autostart_is_a_warning():
    box = instances.Instances(PEER)
    box.create("w", source={"type": "none"}, config={"boot.autostart": "true"})
    PEER.restart()
    found = suite.eventually(
        lambda: [w for w in listed() if w["type"] == "Failed to autostart instance"], "a warning")
    warning = found[0]
    suite.equal((warning["status"], warning["severity"], warning["count"], warning["project"],
                 warning["entity_url"], warning["location"]),
                ("new", "low", 1, "default", box.path("w"), "none"))
    PEER.restart()
    suite.eventually(lambda: PEER.api.sync("GET", f"{WARNINGS}/{warning['uuid']}")["count"] == 2,
                     "the same warning again")


def test_acknowledge_and_reset():
    warning = listed()[0]
    url = f"{WARNINGS}/{warning['uuid']}"
    for status in ("acknowledged", "new"):
        for method in ("PUT", "PATCH"):
            PEER.api.sync(method, url, {"status": status})
            suite.equal(PEER.api.sync("GET", url)["status"], status)
    PEER.refused(403, "Status may only be set to", "PUT", url, {"status": "resolved"})


def test_filter_and_project():
    some = listed()[0]
    suite.equal([w["uuid"] for w in listed(f"&filter=uuid+eq+{some['uuid']}")], [some["uuid"]])
    suite.true(f"{WARNINGS}/{some['uuid']}" in PEER.api.sync("GET", WARNINGS), "listed")


def test_delete():
    url = f"{WARNINGS}/{listed()[0]['uuid']}"
    PEER.api.sync("DELETE", url)
    PEER.refused(404, "Warning not found", "GET", url)
    PEER.refused(404, "Warning not found", "DELETE", url)


if __name__ == "__main__":
    daemon.run_suite(globals(), "warnings: ")
