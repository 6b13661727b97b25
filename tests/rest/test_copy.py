#!/usr/bin/env python3
"""Copies and moves on one host: what comes along, what does not, between pools and projects."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import api  # noqa: E402
import daemon  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402

PEER = None
BOX = None


def setup():
    global BOX
    if BOX is None:
        PEER.api.sync("POST", "/1.0/storage-pools", {"name": "other", "driver": "dir"})
        PEER.api.sync("POST", "/1.0/projects", {"name": "side", "config": {
            "features.images": "false", "features.profiles": "false"}})
    BOX = instances.Instances(PEER)
    PEER.purge()


def copy(origin, name, project=None, **fields):
    """`origin`: NAME or NAME/SNAPSHOT. The profiles are said as every client does: LXD forgets
    their devices otherwise."""
    inner = {"type": "copy", "source": BOX.full(origin), **fields.pop("source", {})}
    query = f"?project={project}" if project else ""
    return PEER.api.operation("POST", "/1.0/instances" + query, {
        "name": BOX.full(name), "profiles": ["default"], "source": inner, **fields})


def move(name, **fields):
    project = fields.pop("from_project", None)
    path = BOX.path(name, f"?project={project}" if project else "")
    return PEER.api.operation("POST", path, {"name": BOX.full(name), "migration": True,
                                             "live": False, **fields})


def take(name, snapshot):
    PEER.api.operation("POST", BOX.path(name, "/snapshots"), {"name": snapshot})


def snapshots(name, project="default"):
    urls = PEER.api.sync("GET", BOX.path(name, f"/snapshots?project={project}"))
    return [url.partition("?")[0].rpartition("/")[2] for url in urls]


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


def pool_of(name):
    return BOX.show(name)["expanded_devices"]["root"]["pool"]


# -- copies --------------------------------------------------------------------------------------
def test_copy():
    BOX.create("a", config={"user.a": "1", "limits.processes": "100"}, description="text",
               devices={"d": {"type": "none"}})
    write(root("a", "file"), "first")
    take("a", "s")
    write(root("a", "file"), "second")
    done = copy("a", "b", config={"user.a": "2"})
    suite.equal(done["resources"]["instances"], [BOX.path("b"), BOX.path("a")])
    old, new = BOX.show("a"), BOX.show("b")
    suite.equal([new["config"][key] for key in ("user.a", "limits.processes", "image.os",
                                                "volatile.base_image",
                                                "volatile.last_state.idmap",
                                                "volatile.apply_template")],
                ["2", "100", "busybox", old["config"]["volatile.base_image"],
                 old["config"]["volatile.last_state.idmap"], "copy"])
    for key in ("volatile.uuid", "volatile.cloud-init.instance-id"):
        suite.true(new["config"][key] != old["config"][key], f"{key} is its own")
    suite.equal((new["devices"], new["profiles"], new["description"], new["ephemeral"]),
                (old["devices"], ["default"], "", False))
    suite.equal((read(root("b", "file")), read(snapshot_root("b", "s", "file"))),
                ("second", "first"))


def test_copy_is_independent():
    BOX.create("a")
    write(root("a", "file"), "one")
    take("a", "s")
    copy("a", "b")
    write(root("a", "file"), "changed")
    PEER.api.operation("DELETE", BOX.path("a", "/snapshots/s"))
    BOX.delete("a")
    suite.equal((read(root("b", "file")), read(snapshot_root("b", "s", "file"))), ("one", "one"))
    PEER.api.operation("PUT", BOX.path("b"), {"restore": "s"})
    BOX.state("b", "start")


def test_snapshots_are_the_same():
    BOX.create("a", config={"user.a": "1"})
    PEER.api.operation("POST", BOX.path("a", "/snapshots"),
                       {"name": "s", "expires_at": "2101-02-03T04:05:06Z"})
    copy("a", "b")
    first, second = (PEER.api.sync("GET", BOX.path(name, "/snapshots/s")) for name in "ab")
    suite.equal(first, second)


def test_instance_only():
    BOX.create("a", source={"type": "none"})
    take("a", "s")
    copy("a", "b", source={"instance_only": True})
    copy("a", "c", source={"container_only": True})
    suite.equal([snapshots("b"), snapshots("c")], [[], []])


def test_copy_of_a_snapshot():
    BOX.create("a", config={"user.a": "1"})
    write(root("a", "file"), "before")
    take("a", "s")
    write(root("a", "file"), "after")
    PEER.api.sync("PATCH", BOX.path("a"), {"config": {"user.a": "2"}})
    copy("a/s", "b")
    suite.equal((BOX.show("b")["config"]["user.a"], read(root("b", "file")), snapshots("b")),
                ("1", "before", []))


def test_copy_of_what_runs():
    BOX.launch("a")
    BOX.run("a", "sh", "-c", "echo text >/root/file")
    copy("a", "b")
    suite.equal(BOX.status("b"), "Stopped")
    suite.true(not any("host_name" in key for key in BOX.show("b")["config"]), "no links")
    BOX.state("b", "start")
    suite.equal(BOX.run("b", "cat", "/root/file")[1], "text\n")
    suite.equal(BOX.run("b", "stat", "-c", "%u", "/root/file")[1], "0\n")
    suite.equal(BOX.run("b", "hostname")[1].strip(), BOX.full("b"))
    suite.equal(BOX.run("a", "echo", "alive")[1], "alive\n")


@daemon.ours
def test_start_in_one_call():
    """LXD 5.0 does not look at "start"."""
    BOX.create("a")
    copy("a", "b", start=True, ephemeral=True)
    suite.equal((BOX.status("b"), BOX.show("b")["ephemeral"]), ("Running", True))


def test_to_another_pool():
    BOX.create("a")
    write(root("a", "file"), "one")
    take("a", "s")
    copy("a", "b", devices={"root": {"type": "disk", "path": "/", "pool": "other"}})
    suite.equal((pool_of("b"), read(root("b", "file")), snapshots("b")), ("other", "one", ["s"]))
    found = PEER.api.sync("GET", BOX.path("b", "/snapshots/s"))
    suite.equal(found["expanded_devices"]["root"]["pool"], "other")
    PEER.api.operation("PUT", BOX.path("b"), {"restore": "s"})
    suite.equal(pool_of("b"), "other")


def test_to_another_project():
    BOX.create("a", source={"type": "none"})
    take("a", "s")
    copy("a", "a", project="side", source={"project": "default"})
    suite.equal(snapshots("a", "side"), ["s"])
    suite.equal(PEER.api.sync("GET", BOX.path("a", "?project=side"))["project"], "side")
    PEER.api.operation("DELETE", BOX.path("a", "?project=side"))
    suite.equal(BOX.status("a"), "Stopped")


@daemon.ours
def test_profiles_of_the_source():
    PEER.api.sync("POST", "/1.0/profiles", {"name": "extra", "config": {"user.p": "1"}})
    BOX.create("a", source={"type": "none"}, profiles=["default", "extra"])
    PEER.api.operation("POST", "/1.0/instances", {
        "name": BOX.full("b"), "source": {"type": "copy", "source": BOX.full("a")}})
    suite.equal(BOX.show("b")["profiles"], ["default", "extra"])
    PEER.purge()
    PEER.api.sync("DELETE", "/1.0/profiles/extra")


def test_refused_copies():
    BOX.create("a", source={"type": "none"})
    BOX.create("b", source={"type": "none"})
    def attempt(source, name="c"):
        return ("POST", "/1.0/instances", {
            "name": BOX.full(name), "profiles": ["default"],
            "source": {"type": "copy", "source": source}})
    PEER.refused(404, "not found", *attempt(BOX.full("nobody")))
    PEER.refused(404, "not found", *attempt(BOX.full("a") + "/nothing"))
    PEER.refused(400, "Must specify a source instance", *attempt(""))
    status, error = PEER.api.refusal(*attempt(BOX.full("a"), "b"))
    suite.true(status >= 400, f"status {status}")
    suite.contains(error, "already exists")
    PEER.refused(400, "(?i)name", *attempt(BOX.full("a"), "bad name"))
    suite.equal(len(PEER.api.sync("GET", "/1.0/instances")), 2)


# -- refresh -------------------------------------------------------------------------------------
def test_refresh():
    BOX.create("a")
    write(root("a", "file"), "one")
    for name in ("kept", "gone", "again"):
        take("a", name)
    copy("a", "b", config={"user.own": "1"})
    write(root("a", "file"), "two")
    write(root("a", "new"), "new")
    write(root("b", "extra"), "extra")
    for name in ("gone", "again"):
        PEER.api.operation("DELETE", BOX.path("a", "/snapshots/" + name))
    for name in ("again", "new"):
        take("a", name)
    take("b", "foreign")
    before = BOX.show("b")
    copy("a", "b", source={"refresh": True})
    suite.equal((read(root("b", "file")), read(root("b", "new"))), ("two", "new"))
    suite.true(not os.path.exists(root("b", "extra")), "what the source has not is gone")
    suite.equal(sorted(snapshots("b")), ["again", "kept", "new"])
    suite.equal([read(snapshot_root("b", name, "file")) for name in ("kept", "again", "new")],
                ["one", "two", "two"])
    suite.equal(BOX.show("b")["config"]["volatile.uuid"], before["config"]["volatile.uuid"])
    suite.equal(BOX.show("b")["config"]["user.own"], "1")
    BOX.state("b", "start")


def test_refresh_makes_what_is_missing():
    BOX.create("a", source={"type": "none"})
    copy("a", "b", source={"refresh": True})
    suite.equal(BOX.status("b"), "Stopped")


def test_refresh_of_what_runs():
    BOX.create("a")
    BOX.launch("b")
    status, error = PEER.api.refusal("POST", "/1.0/instances", {
        "name": BOX.full("b"), "profiles": ["default"],
        "source": {"type": "copy", "source": BOX.full("a"), "refresh": True}})
    suite.true(status >= 400, f"status {status}")
    suite.contains(error, "Instance is running")
    suite.equal(BOX.run("b", "echo", "alive")[1], "alive\n")


@daemon.ours
def test_refresh_in_circles():
    """Two that are refreshed from each other at once do not wait for each other."""
    BOX.create("a", source={"type": "none"})
    BOX.create("b", source={"type": "none"})
    connections = [api.Api(PEER.socket) for _ in range(2)]
    for _ in range(5):
        started = [one.start("POST", "/1.0/instances", {
            "name": BOX.full(to), "source": {"type": "copy", "source": BOX.full(source),
                                             "refresh": True}})
                   for one, source, to in zip(connections, "ab", "ba")]
        for one in started:
            PEER.api.wait(one, 30)
    for one in connections:
        one.close()


# -- moves ---------------------------------------------------------------------------------------
def test_move_to_another_pool():
    BOX.create("a", config={"user.a": "1"}, description="text")
    write(root("a", "file"), "one")
    take("a", "s")
    write(root("a", "file"), "second")
    before = BOX.show("a")
    done = move("a", pool="other")
    suite.equal(done["description"], "Migrating instance")
    after = BOX.show("a")
    suite.equal(pool_of("a"), "other")
    for key in ("user.a", "volatile.uuid", "volatile.apply_template"):
        suite.equal(after["config"][key], before["config"][key], key)
    suite.equal((after["description"], snapshots("a")), ("text", ["s"]))
    suite.equal((read(root("a", "file")), read(snapshot_root("a", "s", "file"))), ("second", "one"))
    for folder in ("containers", "containers-snapshots"):
        suite.equal(os.listdir(os.path.join(PEER.directory, "storage-pools/default", folder)), [],
                    "the old place")
    PEER.api.operation("PUT", BOX.path("a"), {"restore": "s"})
    suite.equal(pool_of("a"), "other")
    BOX.state("a", "start")


def test_move_and_rename():
    BOX.create("a", source={"type": "none"})
    take("a", "s")
    PEER.api.operation("POST", BOX.path("a"), {
        "name": BOX.full("b"), "migration": True, "pool": "other", "live": False})
    suite.equal((pool_of("b"), snapshots("b")), ("other", ["s"]))
    suite.equal(PEER.api.get(BOX.path("a")).status, 404)


def test_move_without_snapshots():
    BOX.create("a")
    take("a", "s")
    move("a", pool="other", instance_only=True)
    suite.equal(snapshots("a"), [])
    suite.equal([name for name in os.listdir(os.path.join(
        PEER.directory, "storage-pools/other/containers-snapshots"))], [])


def test_move_to_another_project():
    BOX.create("a")
    take("a", "s")
    move("a", project="side")
    suite.equal(PEER.api.get(BOX.path("a")).status, 404)
    suite.equal(snapshots("a", "side"), ["s"])
    move("a", project="default", from_project="side")
    suite.equal((BOX.status("a"), snapshots("a")), ("Stopped", ["s"]))
    BOX.state("a", "start")


@daemon.ours
def test_move_with_changes():
    BOX.create("a", source={"type": "none"}, config={"user.a": "1"})
    move("a", pool="other", config={"user.b": "2"}, devices={"d": {"type": "none"}})
    found = BOX.show("a")
    suite.equal((found["config"]["user.a"], found["config"]["user.b"], sorted(found["devices"])),
                ("1", "2", ["d", "root"]))


def test_refused_moves():
    BOX.launch("a")
    for target, text in (({"pool": "other"}, "between pools"), ({"project": "side"},
                                                                "between projects")):
        status, error = PEER.api.refusal("POST", BOX.path("a"), {
            "name": BOX.full("a"), "migration": True, "live": False, **target})
        suite.true(status >= 400, f"status {status}")
        suite.contains(error, f"Instance must be stopped to move {text}")
    status, error = PEER.api.refusal("POST", BOX.path("a"), {
        "name": BOX.full("a"), "migration": True, "pool": "other"})
    suite.contains(error, "Unable to perform container live migration")
    BOX.state("a", "stop", force=True)
    BOX.create("b", source={"type": "none"})
    for body in ({"name": BOX.full("a"), "pool": "nothing"}, {"name": BOX.full("b"),
                                                              "pool": "other"}):
        status, error = PEER.api.refusal("POST", BOX.path("a"),
                                         {"migration": True, "live": False, **body})
        suite.true(status >= 400, f"status {status}")
    suite.equal((pool_of("a"), len(PEER.api.sync("GET", "/1.0/instances"))), ("default", 2))


if __name__ == "__main__":
    daemon.run_suite(globals(), "copy: ")
