#!/usr/bin/env python3
"""Storage pools on directories: create, show, edit, use, resources, delete, refusals."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402

PEER = None
POOLS = "/1.0/storage-pools"


def test_default_pool():
    found = PEER.api.sync("GET", POOLS + "/default")
    suite.equal((found["name"], found["driver"], found["status"], found["locations"]),
                ("default", "dir", "Created", ["none"]))
    suite.equal(found["config"]["source"], os.path.join(PEER.directory, "storage-pools/default"))
    suite.equal(found["used_by"], ["/1.0/profiles/default"])
    suite.equal(PEER.api.sync("GET", POOLS), [POOLS + "/default"])


def test_create_elsewhere():
    folder = os.path.join(PEER.base, "pool")
    os.makedirs(folder)
    answer = PEER.api.request("POST", POOLS, {"name": "else", "driver": "dir", "description": "d",
                                              "config": {"source": folder}})
    suite.equal((answer.status, answer.headers["location"]), (201, POOLS + "/else"))
    suite.equal(PEER.api.sync("GET", POOLS + "/else")["config"]["source"], folder)


def test_resources():
    found = PEER.api.sync("GET", POOLS + "/else/resources")
    place = os.statvfs(PEER.base)
    suite.equal(found["space"]["total"], place.f_blocks * place.f_frsize)
    suite.true(0 < found["space"]["used"] <= found["space"]["total"], "used space")
    suite.true(found["inodes"]["total"] > 0, "inodes")


def test_edit():
    PEER.api.sync("PATCH", POOLS + "/else", {"description": "e", "config": {"user.a": "1"}})
    found = PEER.api.sync("GET", POOLS + "/else")
    suite.equal((found["description"], found["config"]["user.a"]), ("e", "1"))
    PEER.api.sync("PUT", POOLS + "/else", {"description": "f", "config": {
        "source": found["config"]["source"]}})
    suite.true("user.a" not in PEER.api.sync("GET", POOLS + "/else")["config"], "PUT replaces")


def test_instance_on_a_pool():
    box = instances.Instances(PEER)
    box.create("p", devices={"root": {"type": "disk", "path": "/", "pool": "else"}})
    suite.equal(os.readlink(os.path.join(PEER.directory, "containers", box.full("p"))),
                os.path.join(PEER.directory, "storage-pools/else/containers", box.full("p")))
    suite.contains(PEER.api.sync("GET", POOLS + "/else")["used_by"], box.path("p"))
    PEER.refused(400, "(?i)in use", "DELETE", POOLS + "/else")
    # the unpacked image that it was copied from may be there too
    volumes = [url for url in PEER.api.sync("GET", POOLS + "/else/volumes")
               if "/volumes/image/" not in url]
    suite.equal(volumes, [POOLS + f"/else/volumes/container/{box.full('p')}"])
    box.delete("p")


def test_delete():
    folder = PEER.api.sync("GET", POOLS + "/else")["config"]["source"]
    PEER.api.sync("DELETE", POOLS + "/else")
    suite.equal(PEER.api.refusal("GET", POOLS + "/else")[0], 404)
    suite.true(not os.path.exists(folder) or os.listdir(folder) == [], "its folders are gone")


def test_refusals():
    PEER.refused(409, "(?i)already exists|already in use", "POST", POOLS,
                 {"name": "default", "driver": "dir"})
    PEER.refused(400, "(?i)in use", "DELETE", POOLS + "/default")
    PEER.refused(400, "(?i)driver", "POST", POOLS, {"name": "x"})
    status, error = PEER.api.refusal("POST", POOLS, {"name": "x", "driver": "tape"})
    suite.true(status in (400, 404, 500), f"unknown driver: {status} {error}")
    PEER.refused(400, "(?i)no.such", "POST", POOLS,
                 {"name": "x", "driver": "dir", "config": {"no.such": "1"}})
    for name in ("", "a/b", "."):
        PEER.refused(400, "(?i)name|invalid|exists", "POST", POOLS, {"name": name, "driver": "dir"})
    status, error = PEER.api.refusal("POST", POOLS, {
        "name": "x", "driver": "dir", "config": {"source": "/no/such/folder"}})
    suite.true(status >= 400, "a source that is not there")
    suite.equal(PEER.api.sync("GET", POOLS), [POOLS + "/default"], "pools after the refusals")
    suite.true(not os.path.exists(os.path.join(PEER.directory, "storage-pools/x")), "no folder")


if __name__ == "__main__":
    daemon.run_suite(globals(), "storage: ")
