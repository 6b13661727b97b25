#!/usr/bin/env python3
"""Custom volumes in running containers: at the start, hot, shared, with the owners they should have."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402

PEER = None
BOX = None
CUSTOM = "/1.0/storage-pools/default/volumes/custom"


def setup():
    global BOX
    if BOX is None:
        BOX = instances.Instances(PEER)
        BOX.image()
    PEER.purge()
    for name in PEER.api.sync("GET", "/1.0/profiles"):
        if not name.endswith("/default"):
            PEER.api.sync("DELETE", name)
    for url in PEER.api.sync("GET", CUSTOM):
        if "/snapshots/" not in url:
            PEER.api.sync("DELETE", url)


def create(name, **config):
    PEER.api.sync("POST", CUSTOM, {"name": name, "config": config})


def folder(name):
    return os.path.join(PEER.directory, "storage-pools/default/custom", "default_" + name)


def disk(volume, path="/mnt/data", **keys):
    return {"type": "disk", "pool": "default", "source": volume, "path": path, **keys}


def attach(name, **devices):
    PEER.api.sync("PATCH", BOX.path(name), {"devices": {**BOX.show(name)["devices"], **devices}})


def detach(name, device):
    found = BOX.show(name)
    del found["devices"][device]
    PEER.api.operation("PUT", BOX.path(name), found)


def run(name, script):
    code, out, errors = BOX.run(name, "sh", "-c", script)
    suite.equal((code, errors), (0, ""), script)
    return out.strip()


def first_id(name):
    """The host's id of the container's root."""
    return int(run(name, "cat /proc/self/uid_map").split()[1])


def test_at_the_start():
    create("v")
    BOX.launch("a", devices={"d": disk("v")})
    run("a", "echo hello >/mnt/data/file; chown 7:8 /mnt/data/file")
    base = first_id("a")
    found = os.stat(os.path.join(folder("v"), "file"))
    suite.equal((found.st_uid, found.st_gid), (base + 7, base + 8))
    suite.equal(os.stat(folder("v")).st_uid, base)
    suite.equal(PEER.api.sync("GET", CUSTOM + "/v")["used_by"], [BOX.path("a")])
    BOX.state("a", "restart", force=True)
    suite.equal(run("a", "cat /mnt/data/file; stat -c %u:%g /mnt/data/file"), "hello\n7:8")


def test_hot():
    create("v")
    BOX.launch("a")
    attach("a", d=disk("v"))
    run("a", "echo hot >/mnt/data/file")
    with open(os.path.join(folder("v"), "file"), encoding="ascii") as stream:
        suite.equal(stream.read(), "hot\n")
    detach("a", "d")
    suite.equal(run("a", "ls -A /mnt/data 2>/dev/null || true"), "")
    PEER.api.sync("DELETE", CUSTOM + "/v")


def test_shared_by_containers_of_the_same_ids():
    create("v")
    BOX.launch("a", devices={"d": disk("v")})
    BOX.launch("b", devices={"d": disk("v", readonly="true")})
    run("a", "echo shared >/mnt/data/file")
    suite.equal(run("b", "cat /mnt/data/file; stat -c %u /mnt/data/file"), "shared\n0")
    suite.true(BOX.run("b", "touch", "/mnt/data/other")[0] != 0, "it is read-only there")
    suite.equal(PEER.api.sync("GET", CUSTOM + "/v")["used_by"], [BOX.path("a"), BOX.path("b")])
    BOX.state("a", "stop", force=True)
    suite.equal(run("b", "cat /mnt/data/file"), "shared")


def test_other_ids():
    create("v")
    BOX.launch("a", devices={"d": disk("v")})
    BOX.create("b", config={"security.idmap.isolated": "true"}, devices={"d": disk("v")})
    status, error = PEER.api.refusal("PUT", BOX.path("b", "/state"), {"action": "start"})
    suite.equal(status, 400)
    suite.matches(error, f"Idmaps of container \"{BOX.full('a')}\" and storage volume \"v\" are "
                         "not identical")
    PEER.refused(400, "Cannot modify shifting with running instances using the volume", "PATCH",
                 CUSTOM + "/v", {"config": {"security.shifted": "true"}})


@daemon.ours
def test_shifted():
    """Debian's LXD does not find idmapped mounts on this kernel."""
    create("v", **{"security.shifted": "true"})
    BOX.launch("a", devices={"d": disk("v")})
    BOX.launch("b", config={"security.idmap.isolated": "true"}, devices={"d": disk("v")})
    BOX.launch("c", config={"security.privileged": "true"}, devices={"d": disk("v")})
    suite.true(first_id("a") != first_id("b"), "the containers have other ids")
    for name in "abc":
        run(name, f"echo {name} >/mnt/data/{name}; chown 5:6 /mnt/data/{name}")
    for name in "abc":
        suite.equal(run(name, "stat -c %u:%g /mnt/data/a /mnt/data/b /mnt/data/c"),
                    "5:6\n5:6\n5:6")
    suite.equal(os.stat(os.path.join(folder("v"), "a")).st_uid, 5)


def test_shifted_later():
    create("v")
    BOX.launch("a", devices={"d": disk("v")})
    run("a", "touch /mnt/data/file; chown 5 /mnt/data/file")
    base = first_id("a")
    suite.equal(os.stat(os.path.join(folder("v"), "file")).st_uid, base + 5)
    BOX.state("a", "stop", force=True)
    PEER.api.sync("PATCH", BOX.path("a"), {"config": {"security.privileged": "true"}})
    BOX.state("a", "start")
    suite.equal(run("a", "stat -c %u /mnt/data/file"), "5")
    suite.equal(os.stat(os.path.join(folder("v"), "file")).st_uid, 5)


def test_unmapped():
    create("v", **{"security.unmapped": "true"})
    os.chmod(folder("v"), 0o777)
    BOX.launch("a", devices={"d": disk("v")})
    suite.equal(run("a", "stat -c %u /mnt/data"), "65534")
    run("a", "touch /mnt/data/file")
    suite.equal(os.stat(folder("v")).st_uid, 0)


def test_by_a_profile():
    create("v")
    PEER.api.sync("POST", "/1.0/profiles", {"name": "p", "devices": {"d": disk("v", "/srv/p")}})
    BOX.launch("a", profiles=["default", "p"])
    run("a", "echo x >/srv/p/file")
    suite.true(os.path.exists(os.path.join(folder("v"), "file")), "it is on the volume")
    suite.contains(PEER.api.sync("GET", CUSTOM + "/v")["used_by"], "/1.0/profiles/p")
    PEER.refused(400, "Volume is still in use by running instances", "POST", CUSTOM + "/v",
                 {"name": "w"})


def test_in_use():
    create("v")
    BOX.launch("a", devices={"d": disk("v")})
    PEER.api.operation("POST", CUSTOM + "/v/snapshots", {"name": "s"})
    PEER.refused(400, "The storage volume is still in use", "DELETE", CUSTOM + "/v")
    PEER.refused(400, "Volume is still in use by running instances", "POST", CUSTOM + "/v",
                 {"name": "w"})
    PEER.refused(400, "Cannot restore custom volume used by running instances", "PUT",
                 CUSTOM + "/v", {"restore": "s"})
    PEER.api.operation("POST", CUSTOM + "/v/snapshots", {"name": "t"})
    run("a", "echo x >/mnt/data/file")
    BOX.state("a", "stop", force=True)
    PEER.api.sync("PUT", CUSTOM + "/v", {"restore": "s"})
    PEER.api.sync("POST", CUSTOM + "/v", {"name": "w"})
    suite.equal(BOX.show("a")["devices"]["d"]["source"], "w")
    BOX.state("a", "start")
    suite.equal(run("a", "ls -A /mnt/data; stat -c %u /mnt/data"), "0")


def test_refused_devices():
    create("v")
    PEER.api.sync("POST", CUSTOM, {"name": "b", "content_type": "block",
                                   "config": {"size": "1MiB"}})
    BOX.create("a")
    for status, device, text in (
            (404, {"source": "none"}, "Failed loading custom volume: Storage volume not found"),
            (400, {"source": "b"}, "Custom block volumes cannot be used on containers"),
            (400, {"source": "/v"}, "cannot be specified as absolute paths"),
            (404, {"pool": "none"}, "(?i)not found|doesn't exist")):
        PEER.refused(status, text, "PATCH", BOX.path("a"), {
            "devices": {**BOX.show("a")["devices"], "d": {**disk("v"), **device}}})


def test_project():
    PEER.api.sync("POST", "/1.0/projects", {"name": "own", "config": {
        "features.images": "false", "features.profiles": "false"}})
    create("v")
    PEER.api.sync("POST", CUSTOM + "?project=own", {"name": "v"})
    PEER.api.operation("POST", "/1.0/instances?project=own", {
        "name": BOX.full("a"), "source": {"type": "image", "fingerprint": BOX.image()},
        "devices": {"d": disk("v")}})
    suite.equal(PEER.api.sync("GET", CUSTOM + "/v?project=own")["used_by"],
                [BOX.path("a", "?project=own")])
    suite.equal(PEER.api.sync("GET", CUSTOM + "/v")["used_by"], [])
    PEER.api.operation("PUT", BOX.path("a", "/state?project=own"), {"action": "start"})
    own = os.path.join(os.path.dirname(folder("v")), "own_v")
    suite.true(os.stat(own).st_uid > 0, "the volume of the project was taken")
    suite.equal(os.stat(folder("v")).st_uid, 0)
    PEER.purge()
    PEER.api.sync("DELETE", CUSTOM + "/v?project=own")
    PEER.api.sync("DELETE", "/1.0/projects/own")


if __name__ == "__main__":
    daemon.run_suite(globals(), "volumes: ")
