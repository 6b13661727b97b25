#!/usr/bin/env python3
"""Custom volumes: life, config, snapshots, copies, moves, projects, lists, events, refusals."""
import os
import sys
from urllib.parse import quote

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import suite  # noqa: E402

PEER = None
POOLS = "/1.0/storage-pools"
VOLUMES = POOLS + "/default/volumes"
CUSTOM = VOLUMES + "/custom"
NEVER = "0001-01-01T00:00:00Z"


def folder(name, project="default", pool="default", kind="custom"):
    return os.path.join(PEER.directory, "storage-pools", pool, kind, f"{project}_{name}")


def create(name, **fields):
    PEER.api.sync("POST", CUSTOM, {"name": name, **fields})


def write(name, file, text, **place):
    with open(os.path.join(folder(name, **place), file), "w", encoding="ascii") as stream:
        stream.write(text)


def read(name, file, **place):
    with open(os.path.join(folder(name, **place), file), encoding="ascii") as stream:
        return stream.read()


def show(name, rest=""):
    return PEER.api.sync("GET", f"{CUSTOM}/{name}{rest}")


def snapshot(volume, **fields):
    PEER.api.operation("POST", f"{CUSTOM}/{volume}/snapshots", fields)


def copy(name, source, **fields):
    PEER.api.operation("POST", CUSTOM, {"name": name, "source": {
        "type": "copy", "name": source, "pool": "default", **fields}})


def names(path):
    return [url.split("/")[-1] for url in PEER.api.sync("GET", path)]


def purge():
    for pool in PEER.api.sync("GET", POOLS):
        for volume in PEER.api.sync("GET", pool + "/volumes/custom?all-projects=1&recursion=1"):
            if "/" not in volume["name"]:
                PEER.api.sync("DELETE", f"{pool}/volumes/custom/{quote(volume['name'])}"
                                        f"?project={volume['project']}")


def setup():
    purge()


def test_life():
    answer = PEER.api.request("POST", CUSTOM, {"name": "v", "description": "d",
                                               "config": {"user.a": "1"}})
    suite.equal((answer.status, answer.metadata), (200, {}))
    suite.equal(show("v"), {
        "config": {"user.a": "1"}, "description": "d", "name": "v", "type": "custom",
        "used_by": [], "location": "none", "content_type": "filesystem", "project": "default",
        "created_at": NEVER})
    suite.equal(oct(os.stat(folder("v")).st_mode & 0o777), "0o711")
    suite.equal(PEER.api.sync("DELETE", CUSTOM + "/v"), {})
    suite.true(not os.path.exists(folder("v")), "its folder is gone")
    PEER.refused(404, "Storage pool volume not found", "GET", CUSTOM + "/v")
    PEER.refused(404, "Storage pool volume not found", "DELETE", CUSTOM + "/v")


def test_type_in_the_body():
    PEER.api.sync("POST", VOLUMES, {"name": "v", "type": "custom"})
    suite.equal(names(CUSTOM), ["v"])
    PEER.refused(400, "You must provide a storage volume type", "POST", VOLUMES, {"name": "x"})
    PEER.refused(400, "Currently not allowed to create storage volumes of type \"container\"",
                 "POST", VOLUMES, {"name": "x", "type": "container"})
    PEER.refused(400, "Invalid storage volume type name", "GET", VOLUMES + "/nothing")


def test_edit():
    create("v", config={"user.a": "1"})
    PEER.api.sync("PATCH", CUSTOM + "/v", {"config": {"user.b": "2"}})
    suite.equal(show("v")["config"], {"user.a": "1", "user.b": "2"})
    PEER.api.sync("PUT", CUSTOM + "/v", {"config": {"user.c": "3", "snapshots.expiry": "1d"},
                                         "description": "e"})
    suite.equal((show("v")["config"], show("v")["description"]),
                ({"user.c": "3", "snapshots.expiry": "1d"}, "e"))
    PEER.refused(400, "Invalid option for volume \"default_v\" option \"no.such\"", "PUT",
                 CUSTOM + "/v", {"config": {"no.such": "1"}})
    PEER.refused(400, "Invalid value for volume \"default_v\" option \"size\"", "PUT",
                 CUSTOM + "/v", {"config": {"size": "much"}})
    suite.equal(show("v")["config"]["user.c"], "3")


def test_etag():
    create("v")
    tag = PEER.api.request("GET", CUSTOM + "/v").headers["etag"]
    body = {"config": {"user.a": "1"}, "description": ""}
    PEER.api.sync("PUT", CUSTOM + "/v", body, {"If-Match": tag.strip('"')})
    answer = PEER.api.request("PUT", CUSTOM + "/v", body, {"If-Match": tag.strip('"')})
    suite.equal(answer.status, 412)


def test_rename():
    create("v")
    create("taken")
    write("v", "file", "content")
    snapshot("v", name="s")
    answer = PEER.api.request("POST", CUSTOM + "/v", {"name": "w"})
    suite.equal((answer.status, answer.headers["location"]), (201, CUSTOM + "/w"))
    suite.equal((read("w", "file"), read("w/s", "file", kind="custom-snapshots")),
                ("content", "content"))
    suite.equal(names(CUSTOM + "/w/snapshots"), ["s"])
    suite.true(not os.path.exists(folder("v")), "the old folder is gone")
    PEER.refused(409, "Volume by that name already exists", "POST", CUSTOM + "/w",
                 {"name": "taken"})
    PEER.refused(400, "Storage volume names may not contain slashes", "POST", CUSTOM + "/w",
                 {"name": "a/b"})


def test_names():
    for name in ("a b", "x%y", "ä", "a?b", "-n"):
        create(name)
        suite.equal(PEER.api.sync("GET", f"{CUSTOM}/{quote(name, safe='')}")["name"], name)
    PEER.refused(409, "Volume by that name already exists", "POST", CUSTOM, {"name": "a b"})
    PEER.refused(400, "No name provided", "POST", CUSTOM, {})
    PEER.refused(400, "Storage volume names may not contain slashes", "POST", CUSTOM,
                 {"name": "a/b"})
    PEER.refused(404, "Storage pool not found", "POST", POOLS + "/none/volumes/custom",
                 {"name": "a"})


def test_refused_content():
    PEER.refused(400, "Invalid volume content type name", "POST", CUSTOM,
                 {"name": "v", "content_type": "tape"})
    PEER.refused(400, "Invalid option for volume \"default_v\" option \"no.such\"", "POST", CUSTOM,
                 {"name": "v", "config": {"no.such": "1"}})
    PEER.refused(400, "Unknown source type \"tape\"", "POST", CUSTOM,
                 {"name": "v", "source": {"type": "tape"}})
    suite.equal(PEER.api.sync("GET", CUSTOM), [])
    suite.true(not os.path.exists(folder("v")), "no folder")


def test_block():
    create("b", content_type="block", config={"size": "5MiB"})
    image = os.path.join(folder("b"), "root.img")
    suite.equal((show("b")["content_type"], os.stat(image).st_size), ("block", 5 << 20))
    PEER.api.sync("PATCH", CUSTOM + "/b", {"config": {"size": "8MiB"}})
    suite.equal(os.stat(image).st_size, 8 << 20)
    status, _ = PEER.api.refusal("PATCH", CUSTOM + "/b", {"config": {"size": "1MiB"}})
    suite.true(status >= 400, "a block volume does not shrink")
    suite.equal(os.stat(image).st_size, 8 << 20)
    create("huge", content_type="block")
    suite.equal(os.stat(os.path.join(folder("huge"), "root.img")).st_size, 10 << 30)


def test_snapshots():
    create("v", description="d", config={"user.a": "1"})
    write("v", "file", "old")
    snapshot("v")
    snapshot("v", name="named", expires_at="2090-01-01T00:00:00Z")
    snapshot("v")
    suite.equal(PEER.api.sync("GET", CUSTOM + "/v/snapshots"),
                [f"{CUSTOM}/v/snapshots/{name}" for name in ("snap0", "named", "snap1")])
    listed = PEER.api.sync("GET", CUSTOM + "/v/snapshots?recursion=1")
    suite.equal([(each["name"], each["expires_at"]) for each in listed],
                [("v/snap0", None), ("v/named", "2090-01-01T00:00:00Z"), ("v/snap1", None)])
    suite.equal(show("v", "/snapshots/named"), {
        "config": {"user.a": "1"}, "content_type": "filesystem", "created_at": NEVER,
        "description": "d", "expires_at": "2090-01-01T00:00:00Z", "name": "named"})
    suite.equal(read("v/named", "file", kind="custom-snapshots"), "old")
    suite.equal(names(CUSTOM), ["v", "named", "snap0", "snap1"])
    PEER.refused(409, "Snapshot \"named\" already in use", "POST", CUSTOM + "/v/snapshots",
                 {"name": "named"})
    PEER.refused(400, "Storage name cannot contain \"/\"", "POST", CUSTOM + "/v/snapshots",
                 {"name": "a/b"})
    PEER.refused(400, "white space", "POST", CUSTOM + "/v/snapshots", {"name": "a b"})
    PEER.refused(404, "Storage pool volume not found", "POST", CUSTOM + "/no/snapshots", {})
    PEER.refused(404, "Storage pool volume not found", "GET", CUSTOM + "/v/snapshots/no")


def test_snapshot_edit():
    create("v")
    snapshot("v", name="s")
    place = CUSTOM + "/v/snapshots/s"
    PEER.api.sync("PUT", place, {"description": "x", "expires_at": "2091-01-01T00:00:00Z"})
    PEER.api.sync("PATCH", place, {"description": "y"})
    found = PEER.api.sync("GET", place)
    suite.equal((found["description"], found["expires_at"]), ("y", "2091-01-01T00:00:00Z"))
    PEER.api.operation("POST", place, {"name": "t"})
    suite.equal(names(CUSTOM + "/v/snapshots"), ["t"])
    suite.true(os.path.isdir(folder("v/t", kind="custom-snapshots")), "its folder moved")
    snapshot("v", name="other")
    status, _ = PEER.api.refusal("POST", CUSTOM + "/v/snapshots/t", {"name": "other"})
    suite.true(status >= 400, "a taken name")
    PEER.api.operation("DELETE", CUSTOM + "/v/snapshots/t")
    suite.equal(names(CUSTOM + "/v/snapshots"), ["other"])
    suite.true(not os.path.exists(folder("v/t", kind="custom-snapshots")), "its folder is gone")


@daemon.ours
def test_snapshot_pattern_and_expiry():
    create("v", config={"snapshots.pattern": "auto-%d", "snapshots.expiry": "1d"})
    snapshot("v")
    snapshot("v")
    suite.equal(names(CUSTOM + "/v/snapshots"), ["auto-0", "auto-1"])
    suite.true(show("v", "/snapshots/auto-0")["expires_at"] != NEVER, "it expires")


def test_restore():
    create("v")
    write("v", "file", "old")
    snapshot("v", name="s")
    write("v", "file", "new")
    write("v", "more", "more")
    PEER.api.sync("PUT", CUSTOM + "/v", {"restore": "s"})
    suite.equal((read("v", "file"), os.listdir(folder("v"))), ("old", ["file"]))
    PEER.refused(404, "Snapshot not found", "PUT", CUSTOM + "/v", {"restore": "none"})


def test_copy():
    create("v", description="d", config={"user.a": "1"})
    write("v", "file", "one")
    snapshot("v", name="s")
    write("v", "file", "two")
    copy("whole", "v")
    suite.equal((show("whole")["config"], show("whole")["description"]), ({"user.a": "1"}, "d"))
    suite.equal((read("whole", "file"), names(CUSTOM + "/whole/snapshots")), ("two", ["s"]))
    suite.equal(read("whole/s", "file", kind="custom-snapshots"), "one")
    copy("alone", "v", volume_only=True)
    suite.equal((read("alone", "file"), names(CUSTOM + "/alone/snapshots")), ("two", []))
    copy("past", "v/s")
    suite.equal((read("past", "file"), names(CUSTOM + "/past/snapshots")), ("one", []))
    PEER.refused(409, "Volume by that name already exists", "POST", CUSTOM, {
        "name": "past", "source": {"type": "copy", "name": "v", "pool": "default"}})
    PEER.refused(400, "(?i)volume not found", "POST", CUSTOM, {
        "name": "x", "source": {"type": "copy", "name": "none", "pool": "default"}})
    PEER.refused(400, "(?i)pool not found", "POST", CUSTOM, {
        "name": "x", "source": {"type": "copy", "name": "v", "pool": "none"}})
    suite.equal(PEER.api.refusal("GET", CUSTOM + "/x")[0], 404)


def test_refresh():
    create("v")
    write("v", "file", "one")
    snapshot("v", name="a")
    copy("c", "v", refresh=True)
    write("v", "file", "two")
    snapshot("v", name="b")
    PEER.api.operation("DELETE", CUSTOM + "/v/snapshots/a")
    copy("c", "v", refresh=True)
    suite.equal((read("c", "file"), names(CUSTOM + "/c/snapshots")), ("two", ["b"]))
    suite.equal(read("c/b", "file", kind="custom-snapshots"), "two")


def test_move_to_a_pool():
    PEER.api.sync("POST", POOLS, {"name": "second", "driver": "dir"})
    create("v", config={"user.a": "1"})
    write("v", "file", "one")
    snapshot("v", name="s")
    PEER.api.operation("POST", CUSTOM + "/v", {"name": "w", "pool": "second"})
    found = PEER.api.sync("GET", POOLS + "/second/volumes/custom/w")
    suite.equal(found["config"], {"user.a": "1"})
    suite.equal((read("w", "file", pool="second"),
                 read("w/s", "file", pool="second", kind="custom-snapshots")), ("one", "one"))
    suite.true(not os.path.exists(folder("v")), "the old folder is gone")
    PEER.refused(404, "Storage pool not found", "POST", POOLS + "/second/volumes/custom/w",
                 {"name": "w", "pool": "none"})
    PEER.api.operation("POST", POOLS + "/default/volumes", {
        "name": "back", "type": "custom",
        "source": {"type": "copy", "name": "w", "pool": "second"}})
    suite.equal(read("back/s", "file", kind="custom-snapshots"), "one")
    purge()
    PEER.api.sync("DELETE", POOLS + "/second")


def test_projects():
    base = {"features.images": "false", "features.profiles": "false"}
    PEER.api.sync("POST", "/1.0/projects", {"name": "own", "config": base})
    PEER.api.sync("POST", "/1.0/projects", {"name": "shared", "config": {
        **base, "features.storage.volumes": "false"}})
    create("v")
    PEER.api.sync("POST", CUSTOM + "?project=own", {"name": "v"})
    PEER.api.sync("POST", CUSTOM + "?project=shared", {"name": "w"})
    suite.true(os.path.isdir(folder("v", "own")) and os.path.isdir(folder("w")), "the folders")
    suite.equal(PEER.api.sync("GET", CUSTOM + "?project=own"), [CUSTOM + "/v?project=own"])
    suite.equal(PEER.api.sync("GET", CUSTOM + "?project=shared"), [CUSTOM + "/v", CUSTOM + "/w"])
    suite.equal(PEER.api.sync("GET", VOLUMES + "?all-projects=true"),
                [CUSTOM + "/v", CUSTOM + "/v?project=own", CUSTOM + "/w"])
    suite.equal(PEER.api.sync("GET", CUSTOM + "/v?project=own")["project"], "own")
    write("w", "file", "content")
    PEER.api.operation("POST", CUSTOM + "/w", {"name": "w", "pool": "default", "project": "own"})
    suite.equal(read("w", "file", project="own"), "content")
    PEER.api.operation("POST", CUSTOM, {"name": "again", "source": {
        "type": "copy", "name": "w", "pool": "default", "project": "own"}})
    suite.equal(read("again", "file"), "content")
    PEER.refused(409, "Volume by that name already exists", "POST", CUSTOM + "/v",
                 {"name": "v", "pool": "default", "project": "own"})
    purge()
    for name in ("own", "shared"):
        PEER.api.sync("DELETE", "/1.0/projects/" + name)


def test_filter():
    create("one", config={"user.kind": "x"})
    create("two")
    suite.equal(PEER.api.sync("GET", CUSTOM + "?filter=name+eq+one"), [CUSTOM + "/one"])
    suite.equal(PEER.api.sync("GET", CUSTOM + "?filter=config.user.kind+eq+x"), [CUSTOM + "/one"])
    suite.equal(PEER.api.sync("GET", CUSTOM + "?filter=name+eq+none"), [])


def test_used_by():
    create("v")
    device = {"type": "disk", "pool": "default", "source": "v", "path": "/mnt"}
    PEER.api.sync("POST", "/1.0/profiles", {"name": "p", "devices": {"d": device}})
    suite.equal(show("v")["used_by"], ["/1.0/profiles/p"])
    PEER.refused(400, "The storage volume is still in use", "DELETE", CUSTOM + "/v")
    PEER.api.sync("POST", CUSTOM + "/v", {"name": "w"})
    suite.equal(PEER.api.sync("GET", "/1.0/profiles/p")["devices"]["d"]["source"], "w")
    PEER.api.sync("DELETE", "/1.0/profiles/p")


def test_events():
    listener = PEER.api.websocket("/1.0/events?type=lifecycle")
    create("v")
    snapshot("v", name="s")
    PEER.api.sync("PATCH", CUSTOM + "/v", {"description": "d"})
    PEER.api.sync("PUT", CUSTOM + "/v", {"restore": "s"})
    PEER.api.sync("POST", CUSTOM + "/v", {"name": "w"})
    PEER.api.sync("DELETE", CUSTOM + "/w")
    found = []
    while not found or found[-1] != "storage-volume-deleted":
        message = listener.receive_json()["metadata"]
        if message["action"] == "storage-volume-renamed":
            suite.equal(message["context"], {"old_name": "v"})
        found.append(message["action"])
    listener.close()
    suite.equal(found, ["storage-volume-created", "storage-volume-snapshot-created",
                        "storage-volume-updated", "storage-volume-restored",
                        "storage-volume-renamed", "storage-volume-snapshot-deleted",
                        "storage-volume-deleted"])


def test_users_of_the_pool():
    create("v v")
    PEER.api.operation("POST", CUSTOM + "/v%20v/snapshots", {"name": "s"})
    found = [url for url in PEER.api.sync("GET", POOLS + "/default")["used_by"] if "custom" in url]
    # LXD escapes the blank twice
    suite.equal([url.replace("%2520", "%20") for url in found],
                [CUSTOM + "/v%20v", CUSTOM + "/v%20v/snapshots/s"])


@daemon.ours
def test_state():
    create("v", config={"size": "1GiB"})
    write("v", "file", "x" * 100000)
    usage = show("v", "/state")["usage"]
    suite.true(100000 <= usage["used"] < 200000, f"used {usage}")
    suite.equal(usage["total"], 1 << 30)


def test_other_types():
    PEER.refused(404, "Storage pool volume not found", "GET", VOLUMES + "/container/none")
    PEER.refused(404, "Storage pool volume not found", "DELETE", VOLUMES + "/image/none")


@daemon.ours
def test_pool_defaults():
    PEER.api.sync("PATCH", POOLS + "/default", {"config": {"volume.snapshots.expiry": "2d",
                                                          "volume.user.x": "y"}})
    create("v", config={"user.a": "1"})
    suite.equal(show("v")["config"], {"snapshots.expiry": "2d", "user.a": "1", "user.x": "y"})
    config = PEER.api.sync("GET", POOLS + "/default")["config"]
    PEER.api.sync("PUT", POOLS + "/default", {"config": {"source": config["source"]}})


if __name__ == "__main__":
    daemon.run_suite(globals(), "volumes: ")
