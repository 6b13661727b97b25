#!/usr/bin/env python3
"""Snapshots: create, names, list, expiry, rename, delete, restore, schedules, events."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import api  # noqa: E402
import daemon  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402

PEER = None
BOX = None
NEVER = "0001-01-01T00:00:00Z"


def setup():
    global BOX
    BOX = instances.Instances(PEER)
    PEER.purge()


def take(name, snapshot=None, **fields):
    body = {"name": snapshot, **fields} if snapshot else fields
    return PEER.api.operation("POST", BOX.path(name, "/snapshots"), body)


def names(name):
    return [url.rpartition("/")[2] for url in PEER.api.sync("GET", BOX.path(name, "/snapshots"))]


def restore(name, snapshot):
    return PEER.api.operation("PUT", BOX.path(name), {"restore": snapshot})


def root(name, *path):
    return os.path.join(PEER.directory, "containers", BOX.full(name), "rootfs", *path)


def snapshot_root(name, snapshot, *path):
    return os.path.join(PEER.directory, "snapshots", BOX.full(name), snapshot, "rootfs", *path)


def write(path, text):
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)


def read(path):
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def set_config(name, **config):
    PEER.api.sync("PATCH", BOX.path(name), {
        "config": {key.replace("__", "."): value for key, value in config.items()}})


# -- create --------------------------------------------------------------------------------------
def test_create():
    BOX.create("c", config={"user.a": "1"}, description="text")
    done = take("c")
    suite.equal((done["description"], done["resources"]["instances"]),
                ("Snapshotting instance", [BOX.path("c")]))
    take("c")
    take("c", "named")
    suite.equal(PEER.api.sync("GET", BOX.path("c", "/snapshots")),
                [BOX.path("c", "/snapshots/" + name) for name in ("snap0", "snap1", "named")])
    instance = BOX.show("c")
    found = PEER.api.sync("GET", BOX.path("c", "/snapshots/snap0"))
    suite.equal(sorted(found), sorted([
        "architecture", "config", "created_at", "devices", "ephemeral", "expanded_config",
        "expanded_devices", "expires_at", "last_used_at", "name", "profiles", "size",
        "stateful"]))
    suite.equal((found["name"], found["profiles"], found["ephemeral"], found["stateful"],
                 found["expires_at"], found["last_used_at"], found["architecture"]),
                ("snap0", ["default"], False, False, NEVER, NEVER, instance["architecture"]))
    for key in ("config", "devices", "expanded_config", "expanded_devices"):
        suite.equal(found[key], instance[key], key)
    suite.equal(PEER.api.sync("GET", BOX.path("c", "/snapshots?recursion=1"))[0], found)


def test_lists_of_instances_have_them():
    for name in ("a", "b", "c"):
        BOX.create(name, source={"type": "none"})
    take("a", "one")
    take("c", "two")
    take("c", "three")
    listed = PEER.api.sync("GET", "/1.0/instances?recursion=2")
    suite.equal([[found["name"] for found in item["snapshots"] or []] for item in listed],
                [["one"], [], ["two", "three"]])
    suite.equal(BOX.show("b", 1)["snapshots"], None)
    suite.equal([found["name"] for found in BOX.show("c", 1)["snapshots"]], ["two", "three"])


def test_volume_records():
    BOX.create("v", source={"type": "none"})
    take("v", "s", expires_at="2101-02-03T04:05:06Z")
    urls = PEER.api.sync("GET", "/1.0/storage-pools/default/volumes/container")
    suite.contains(urls, "/1.0/storage-pools/default/volumes/container/"
                         f"{BOX.full('v')}/snapshots/s")
    PEER.api.operation("DELETE", BOX.path("v", "/snapshots/s"))
    suite.equal([url for url in PEER.api.sync("GET", "/1.0/storage-pools/default/volumes/container")
                 if url.endswith("/s")], [])


def test_bad_names():
    BOX.create("n", source={"type": "none"})
    for name, text in (("a/b", 'Cannot contain "/"'), ("a?b", r'Cannot contain "\?"'),
                       ("a b", "Cannot contain space or / characters"), ("x" * 300, "long")):
        PEER.refused(400, text, "POST", BOX.path("n", "/snapshots"), {"name": name})
    suite.equal(names("n"), [])


@daemon.ours
def test_names_that_lead_elsewhere():
    """LXD takes these, and a snapshot then lies in another place than its own."""
    BOX.create("n", source={"type": "none"})
    for name in (".", ".."):
        PEER.refused(400, "Invalid instance snapshot name", "POST", BOX.path("n", "/snapshots"),
                     {"name": name})


def test_same_name_twice():
    BOX.create("t", source={"type": "none"})
    take("t", "s")
    status, error = PEER.api.refusal("POST", BOX.path("t", "/snapshots"), {"name": "s"})
    suite.true(status >= 400, f"status {status}")
    suite.contains(error, "already exists")
    suite.equal(names("t"), ["s"])


def test_stateful_is_refused():
    BOX.create("f", source={"type": "none"})
    status, error = PEER.api.refusal("POST", BOX.path("f", "/snapshots"), {"stateful": True})
    suite.true(status >= 400, f"status {status}")
    suite.contains(error, "The instance isn't running")


def test_unknown():
    BOX.create("u", source={"type": "none"})
    for path in ("/snapshots/nothing",):
        for method in ("GET", "DELETE"):
            PEER.refused(404, "not found", method, BOX.path("u", path))
    PEER.refused(404, "not found", "POST", BOX.path("nobody", "/snapshots"), {})
    PEER.refused(404, "not found", "GET", BOX.path("nobody", "/snapshots"))


# -- names ---------------------------------------------------------------------------------------
def test_pattern():
    BOX.create("p", source={"type": "none"}, config={"snapshots.pattern": "auto%d-x"})
    take("p")
    take("p", "auto7-x")
    take("p")
    suite.equal(names("p"), ["auto0-x", "auto7-x", "auto8-x"])
    set_config("p", snapshots__pattern="{{ creation_date|date:'2006' }}")
    take("p")
    take("p")
    year = time.strftime("%Y")
    suite.equal(names("p")[3:], [year, year + "-0"])


def test_expiry():
    BOX.create("e", source={"type": "none"}, config={"snapshots.expiry": "1H 30M"})
    take("e", "by-config")
    take("e", "by-request", expires_at="2101-02-03T04:05:06Z")
    found = PEER.api.sync("GET", BOX.path("e", "/snapshots/by-config"))
    def seconds(text):
        return time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))
    suite.equal(round(seconds(found["expires_at"]) - seconds(found["created_at"])), 5400)
    found = PEER.api.sync("GET", BOX.path("e", "/snapshots/by-request"))
    suite.equal(found["expires_at"], "2101-02-03T04:05:06Z")


# -- change --------------------------------------------------------------------------------------
def test_update():
    BOX.create("u", source={"type": "none"})
    take("u", "s")
    path = BOX.path("u", "/snapshots/s")
    PEER.api.operation("PUT", path, {"expires_at": "2101-02-03T04:05:06Z"})
    answer = PEER.api.get(path)
    suite.equal(answer.metadata["expires_at"], "2101-02-03T04:05:06Z")
    PEER.api.operation("PATCH", path, {"config": {"user.a": "ignored"}})
    suite.equal(PEER.api.sync("GET", path)["expires_at"], "2101-02-03T04:05:06Z")
    etag = answer.headers["etag"].strip('"')
    PEER.api.operation("PUT", path, {"expires_at": NEVER}, {"If-Match": etag})
    PEER.refused(412, "(?i)etag", "PUT", path, {"expires_at": NEVER}, {"If-Match": etag})
    suite.equal(PEER.api.sync("GET", path)["expires_at"], NEVER)


def test_rename():
    BOX.create("r")
    take("r", "old")
    take("r", "other")
    path = BOX.path("r", "/snapshots/old")
    PEER.refused(409, "already in use", "POST", path, {"name": "other"})
    PEER.refused(400, 'Cannot contain "/"', "POST", path, {"name": "a/b"})
    PEER.refused(400, "name", "POST", path, {})
    PEER.api.operation("POST", path, {"name": "new"})
    suite.equal(sorted(names("r")), ["new", "other"])
    suite.true(os.path.isdir(snapshot_root("r", "new")), "the files follow")
    suite.true(not os.path.exists(snapshot_root("r", "old")), "the old place is free")


def test_delete():
    BOX.create("d")
    take("d", "one")
    take("d", "two")
    PEER.api.operation("DELETE", BOX.path("d", "/snapshots/one"))
    suite.equal(names("d"), ["two"])
    suite.true(not os.path.exists(snapshot_root("d", "one")), "its files are gone")
    BOX.delete("d")
    suite.true(not os.path.lexists(os.path.join(PEER.directory, "snapshots", BOX.full("d"))),
               "the link goes with the instance")
    suite.equal(os.listdir(os.path.join(PEER.directory,
                                        "storage-pools/default/containers-snapshots")), [])


def test_instance_is_renamed():
    BOX.create("a")
    take("a", "s")
    PEER.api.operation("POST", BOX.path("a"), {"name": BOX.full("b")})
    suite.equal(names("b"), ["s"])
    suite.true(os.path.isdir(snapshot_root("b", "s")), "the snapshot's files follow")
    restore("b", "s")


# -- restore -------------------------------------------------------------------------------------
def test_restore():
    BOX.create("r", config={"user.a": "1"}, devices={"d": {"type": "none"}})
    write(root("r", "file"), "before")
    take("r", "s")
    write(root("r", "file"), "after")
    write(root("r", "new"), "")
    PEER.api.sync("PATCH", BOX.path("r"), {"config": {"user.a": "2", "user.b": "3"},
                                           "devices": {"e": {"type": "none"}}})
    suite.equal(read(snapshot_root("r", "s", "file")), "before")
    done = restore("r", "s")
    suite.equal(done["description"], "Restoring snapshot")
    found = BOX.show("r")
    suite.equal((found["config"]["user.a"], "user.b" in found["config"], list(found["devices"])),
                ("1", False, ["d"]))
    suite.equal((read(root("r", "file")), os.path.exists(root("r", "new"))), ("before", False))
    suite.equal(names("r"), ["s"])
    restore("r", BOX.full("r") + "/s")


def test_restore_what_runs():
    BOX.launch("w")
    BOX.run("w", "sh", "-c", "echo before >/root/file")
    take("w", "s")
    BOX.run("w", "sh", "-c", "echo after >/root/file")
    before = BOX.show("w", 1)["state"]["pid"]
    restore("w", "s")
    suite.equal(BOX.status("w"), "Running")
    suite.true(BOX.show("w", 1)["state"]["pid"] != before, "it was started again")
    suite.equal(BOX.run("w", "cat", "/root/file")[1], "before\n")
    suite.equal(BOX.run("w", "stat", "-c", "%u", "/root/file")[1], "0\n")


def test_restore_in_another_state():
    """What was running when it was taken comes back into a stopped instance, and starts."""
    BOX.launch("o")
    BOX.run("o", "sh", "-c", "echo before >/root/file")
    take("o", "s")
    BOX.state("o", "stop", force=True)
    restore("o", "s")
    suite.equal(BOX.status("o"), "Stopped")
    suite.true(not any("host_name" in key for key in BOX.show("o")["config"]), "no links of then")
    BOX.state("o", "start")
    suite.equal(BOX.run("o", "cat", "/root/file")[1], "before\n")


def test_restore_what_is_ephemeral():
    BOX.launch("e", ephemeral=True)
    take("e", "s")
    restore("e", "s")
    suite.equal((BOX.status("e"), BOX.show("e")["ephemeral"]), ("Running", True))


def test_restore_nothing():
    BOX.create("n", source={"type": "none"})
    status, error = PEER.api.refusal("PUT", BOX.path("n"), {"restore": "nothing"})
    suite.true(status >= 400, f"status {status}")
    suite.contains(error, f"Snapshot {BOX.full('n')}/nothing does not exist")
    take("n", "s")
    _, error = PEER.api.refusal("PUT", BOX.path("n"), {"restore": "s", "stateful": True})
    suite.contains(error, "Stateful snapshot restore requested")


# -- by the clock --------------------------------------------------------------------------------
def tick(name):
    PEER.api.sync("POST", f"/internal/testing/tasks/snapshots-{name}")


@daemon.ours
def test_schedule():
    BOX.launch("r", config={"snapshots.schedule": "* * * * *", "snapshots.pattern": "at%d"})
    BOX.create("s", source={"type": "none"}, config={"snapshots.schedule": "* * * * *"})
    BOX.create("t", source={"type": "none"}, config={
        "snapshots.schedule": "* * * * *", "snapshots.schedule.stopped": "true"})
    BOX.create("u", source={"type": "none"}, config={
        "snapshots.schedule": "@never", "snapshots.schedule.stopped": "true"})
    PEER.restart()  # its own clock may have looked at this minute before they were made
    tick("take")
    suite.equal([names(name) for name in "rstu"], [["at0"], [], ["snap0"], []])
    PEER.restart()
    tick("take")
    tick("take")
    suite.true(len(names("t")) <= 2, "one a minute")


def test_startup():
    BOX.create("s", config={"snapshots.schedule": "@startup"})
    suite.equal(names("s"), [])
    BOX.state("s", "start")
    suite.equal(names("s"), ["snap0"])
    BOX.state("s", "restart", force=True)
    suite.equal(names("s"), ["snap0", "snap1"])


@daemon.ours
def test_prune():
    BOX.create("p")
    take("p", "keep")
    take("p", "later", expires_at="2101-02-03T04:05:06Z")
    take("p", "gone", expires_at="2020-02-03T04:05:06Z")
    suite.equal(names("p"), ["keep", "later", "gone"])
    tick("prune")
    suite.equal(names("p"), ["keep", "later"])
    suite.true(not os.path.exists(snapshot_root("p", "gone")), "its files are gone")


def test_bad_schedules():
    BOX.create("b", source={"type": "none"})
    for key, value in (("snapshots.schedule", "61 * * * *"), ("snapshots.schedule", "* *"),
                       ("snapshots.schedule", "@sometimes"), ("snapshots.expiry", "5x"),
                       ("snapshots.schedule.stopped", "maybe")):
        PEER.refused(400, "(?i)invalid|must|pars|end of range|form", "PATCH", BOX.path("b"),
                     {"config": {key: value}})


# -- around --------------------------------------------------------------------------------------
def test_events():
    BOX.create("e", source={"type": "none"})
    events = PEER.api.websocket("/1.0/events?type=lifecycle")
    take("e", "a")
    PEER.api.operation("POST", BOX.path("e", "/snapshots/a"), {"name": "b"})
    restore("e", "b")
    PEER.api.operation("DELETE", BOX.path("e", "/snapshots/b"))
    found = [events.receive_json()["metadata"] for _ in range(4)]
    events.close()
    url = BOX.path("e", "/snapshots/")
    suite.equal([(event["action"], event["source"]) for event in found],
                [("instance-snapshot-created", url + "a"), ("instance-snapshot-renamed", url + "b"),
                 ("instance-restored", BOX.path("e")), ("instance-snapshot-deleted", url + "b")])
    suite.equal([found[1]["context"], found[2]["context"]],
                [{"old_name": BOX.full("e") + "/a"}, {"snapshot": BOX.full("e") + "/b"}])


def test_image_of_a_snapshot():
    BOX.create("i")
    write(root("i", "file"), "before")
    take("i", "s")
    write(root("i", "file"), "after")
    done = PEER.api.operation("POST", "/1.0/images", {
        "source": {"type": "snapshot", "name": BOX.full("i") + "/s"}})
    fingerprint = done["metadata"]["fingerprint"]
    BOX.create("j", source={"type": "image", "fingerprint": fingerprint})
    suite.equal(read(root("j", "file")), "before")
    PEER.api.operation("DELETE", "/1.0/images/" + fingerprint)


@daemon.ours
def test_project_that_forbids_them():
    PEER.api.sync("POST", "/1.0/projects", {"name": "strict", "config": {
        "features.images": "false", "features.profiles": "false", "restricted": "true"}})
    try:
        PEER.api.operation("POST", "/1.0/instances?project=strict", {
            "name": BOX.full("p"), "source": {"type": "none"}})
        path = BOX.path("p", "/snapshots?project=strict")
        PEER.refused(403, "doesn't allow for snapshot creation", "POST", path, {})
        PEER.api.sync("PATCH", "/1.0/projects/strict",
                      {"config": {"restricted.snapshots": "allow"}})
        PEER.api.operation("POST", path, {})
        suite.equal(PEER.api.sync("GET", path),
                    [BOX.path("p", "/snapshots/snap0?project=strict")])
    finally:
        PEER.purge()
        PEER.api.sync("DELETE", "/1.0/projects/strict")


def test_many_at_once():
    """Clients that take, restore and delete at once: all succeed or are refused, nothing is lost."""
    BOX.create("m")
    connections = [api.Api(PEER.socket) for _ in range(4)]
    started = [one.start("POST", BOX.path("m", "/snapshots"), {}) for one in connections]
    results = [PEER.api.sync("GET", f"/1.0/operations/{one['id']}/wait")["status_code"]
               for one in started]
    suite.equal(len(names("m")), results.count(200), f"of {results}")
    suite.true(results.count(200) >= 1, str(results))
    for one in connections:
        one.close()


def test_backup_file():
    """What it takes to know the instance lies in its volume."""
    BOX.create("y", config={"user.a": "1"})
    take("y", "s")
    text = read(os.path.join(PEER.directory, "containers", BOX.full("y"), "backup.yaml"))
    for line in ("container:", "    user.a: \"1\"", "snapshots:", "volume_snapshots:",
                 f"  name: {BOX.full('y')}"):
        suite.true(line in text.split("\n"), f"{line} is missing in {text}")


if __name__ == "__main__":
    daemon.run_suite(globals(), "snapshots: ")
