#!/usr/bin/env python3
"""Backups of instances: make, list, rename, delete, export, import; hostile tarballs; LXD's own."""
import io
import os
import shutil
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402

PEER = None
BOX = None
NEVER = "0001-01-01T00:00:00Z"
BYTES = {"Content-Type": "application/octet-stream"}


def setup():
    global BOX
    if BOX is None:
        PEER.api.sync("POST", "/1.0/storage-pools", {"name": "other", "driver": "dir"})
    BOX = instances.Instances(PEER)
    PEER.purge()


def make(name, backup=None, **fields):
    body = {"name": backup, **fields} if backup else fields
    return PEER.api.operation("POST", BOX.path(name, "/backups"), body)


def names(name):
    return [url.rpartition("/")[2] for url in PEER.api.sync("GET", BOX.path(name, "/backups"))]


def export(name, backup):
    answer = PEER.api.get(BOX.path(name, f"/backups/{backup}/export"))
    suite.equal((answer.status, answer.headers["content-type"]),
                (200, "application/octet-stream"))
    return answer.body


def tarball(name, **fields):
    """The bytes of a backup that is made, read and deleted."""
    make(name, "once", **fields)
    data = export(name, "once")
    PEER.api.operation("DELETE", BOX.path(name, "/backups/once"))
    return data


def take_in(data, name=None, pool=None):
    headers = dict(BYTES)
    if name:
        headers["X-LXD-name"] = BOX.full(name)
    if pool:
        headers["X-LXD-pool"] = pool
    return PEER.api.operation("POST", "/1.0/instances", data, headers)


def members(data):
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return archive.getnames()


def member(data, name):
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return archive.extractfile(name).read().decode()


def root(name, *path):
    return os.path.join(PEER.directory, "containers", BOX.full(name), "rootfs", *path)


def write(path, text):
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)


def read(path):
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def take(name, snapshot):
    PEER.api.operation("POST", BOX.path(name, "/snapshots"), {"name": snapshot})


# -- make and keep -------------------------------------------------------------------------------
def test_make():
    BOX.create("a", source={"type": "none"})
    suite.equal(names("a"), [])
    done = make("a")
    suite.equal((done["description"], done["resources"]["backups"],
                 done["resources"]["instances"]),
                ("Backing up instance", ["/1.0/backups/backup0"], [BOX.path("a")]))
    make("a")
    make("a", "named", expires_at="2101-02-03T04:05:06Z", instance_only=True)
    suite.equal(names("a"), ["backup0", "backup1", "named"])
    found = PEER.api.sync("GET", BOX.path("a", "/backups?recursion=1"))
    suite.equal([{key: one[key] for key in one if key != "created_at"} for one in found[1:]], [
        {"name": "backup1", "expires_at": NEVER, "instance_only": False, "container_only": False,
         "optimized_storage": False},
        {"name": "named", "expires_at": "2101-02-03T04:05:06Z", "instance_only": True,
         "container_only": True, "optimized_storage": False}])
    suite.equal(PEER.api.sync("GET", BOX.path("a", "/backups/named")), found[2])
    suite.equal([one["name"] for one in BOX.show("a", 1)["backups"]],
                ["backup0", "backup1", "named"])
    suite.true(os.path.isfile(os.path.join(PEER.directory, "backups/instances", BOX.full("a"),
                                           "named")), "the file is where it belongs")


def test_rename_and_delete():
    BOX.create("r", source={"type": "none"})
    make("r", "old")
    if not daemon.is_lxd():  # whose renamed backups have no file
        PEER.api.operation("POST", BOX.path("r", "/backups/old"), {"name": "new"})
        suite.equal(names("r"), ["new"])
        export("r", "new")
        PEER.api.operation("DELETE", BOX.path("r", "/backups/new"))
    else:
        PEER.api.operation("DELETE", BOX.path("r", "/backups/old"))
    suite.equal(names("r"), [])
    suite.true(not os.path.exists(os.path.join(PEER.directory, "backups/instances",
                                               BOX.full("r"))), "nothing is left of it")


def test_refused():
    BOX.create("f", source={"type": "none"})
    make("f", "b")
    PEER.refused(400, "may not contain slashes", "POST", BOX.path("f", "/backups"),
                 {"name": "a/b"})
    PEER.refused(400, "(?i)compression algorithm", "POST", BOX.path("f", "/backups"),
                 {"compression_algorithm": "nonsense"})
    status, error = PEER.api.refusal("POST", BOX.path("f", "/backups"), {"name": "b"})
    suite.true(status >= 400, f"status {status}")
    suite.contains(error, f'Backup "{BOX.full("f")}/b" already exists')
    for method, rest in (("GET", ""), ("GET", "/export"), ("DELETE", "")):
        PEER.refused(404, "Load backup from database: Instance backup not found", method,
                     BOX.path("f", "/backups/nothing" + rest))
    PEER.refused(404, "not found", "POST", BOX.path("nobody", "/backups"), {})
    suite.equal(names("f"), ["b"])


def test_they_go_with_the_instance():
    BOX.create("g", source={"type": "none"})
    make("g", "b")
    if not daemon.is_lxd():
        PEER.api.operation("POST", BOX.path("g"), {"name": BOX.full("h")})
        suite.equal(names("h"), ["b"])
        export("h", "b")
        BOX.delete("h")
    else:
        BOX.delete("g")
    suite.equal(os.listdir(os.path.join(PEER.directory, "backups/instances")), [])


@daemon.ours
def test_expiry():
    BOX.create("e", source={"type": "none"})
    make("e", "keep")
    make("e", "later", expires_at="2101-02-03T04:05:06Z")
    make("e", "gone", expires_at="2020-02-03T04:05:06Z")
    PEER.api.sync("POST", "/internal/testing/tasks/backups-prune")
    suite.equal(names("e"), ["keep", "later"])


def test_events():
    BOX.create("v", source={"type": "none"})
    events = PEER.api.websocket("/1.0/events?type=lifecycle")
    make("v", "b")
    export("v", "b")
    PEER.api.operation("DELETE", BOX.path("v", "/backups/b"))
    found = [events.receive_json()["metadata"] for _ in range(3)]
    events.close()
    suite.equal([(event["action"], event["source"]) for event in found],
                [(f"instance-backup-{what}", BOX.path("v", "/backups/b"))
                 for what in ("created", "retrieved", "deleted")])


@daemon.ours
def test_project_that_forbids_them():
    PEER.api.sync("POST", "/1.0/projects", {"name": "strict", "config": {
        "features.images": "false", "features.profiles": "false", "restricted": "true"}})
    try:
        PEER.api.operation("POST", "/1.0/instances?project=strict", {
            "name": BOX.full("p"), "source": {"type": "none"}})
        path = BOX.path("p", "/backups?project=strict")
        PEER.refused(403, "doesn't allow for backup creation", "POST", path, {})
        PEER.api.sync("PATCH", "/1.0/projects/strict",
                      {"config": {"restricted.backups": "allow"}})
        PEER.api.operation("POST", path, {})
        suite.equal(PEER.api.sync("GET", path), [BOX.path("p", "/backups/backup0?project=strict")])
    finally:
        PEER.purge()
        PEER.api.sync("DELETE", "/1.0/projects/strict")


# -- what is in them -----------------------------------------------------------------------------
def test_layout():
    BOX.create("l", config={"user.a": "1"})
    write(root("l", "file"), "text")
    take("l", "s")
    data = tarball("l", compression_algorithm="none")
    found = members(data)
    suite.equal(found[0], "backup/index.yaml")
    for name in ("backup/container", "backup/container/backup.yaml",
                 "backup/container/metadata.yaml", "backup/container/rootfs/file",
                 "backup/snapshots/s/rootfs/file", "backup/snapshots/s/metadata.yaml"):
        suite.true(name in found, f"{name} is not in the tarball")
    index = member(data, "backup/index.yaml")
    for line in (f"name: {BOX.full('l')}", "backend: dir", "pool: default", "snapshots:", "- s",
                 "optimized: false", "type: container", "  container:", "      user.a: \"1\"",
                 "  volume_snapshots:"):
        suite.true(line in index.split("\n"), f"{line} is not in {index}")
    only = members(tarball("l", compression_algorithm="none", instance_only=True))
    suite.true(not any("snapshots" in name for name in only), "without snapshots")


def test_compression():
    BOX.create("c", source={"type": "none"})
    for algorithm, magic in (("gzip", b"\x1f\x8b"), ("bzip2", b"BZh"), ("xz", b"\xfd7zXZ"),
                             ("zstd", b"\x28\xb5\x2f\xfd"), ("none", b"backup/index.yaml")):
        data = tarball("c", compression_algorithm=algorithm)
        suite.equal(data[:len(magic)], magic, algorithm)
    PEER.api.sync("PATCH", "/1.0", {"config": {"backups.compression_algorithm": "xz"}})
    data = tarball("c")
    PEER.api.sync("PATCH", "/1.0", {"config": {"backups.compression_algorithm": ""}})
    suite.equal(data[:5], b"\xfd7zXZ", "what the server says")


# -- import --------------------------------------------------------------------------------------
def test_import():
    BOX.create("i", config={"user.a": "1"}, description="text", devices={"d": {"type": "none"}})
    write(root("i", "file"), "first")
    PEER.api.operation("POST", BOX.path("i", "/snapshots"),
                       {"name": "s", "expires_at": "2101-02-03T04:05:06Z"})
    write(root("i", "file"), "second")
    before, snapshot = BOX.show("i"), PEER.api.sync("GET", BOX.path("i", "/snapshots/s"))
    data = tarball("i")
    BOX.delete("i")
    done = take_in(data)
    suite.equal((done["description"], done["resources"]["instances"]),
                ("Restoring backup", [BOX.path("i")]))
    after = BOX.show("i")
    for key in ("config", "devices", "profiles", "description", "ephemeral", "architecture",
                "created_at", "expanded_devices"):
        if not (daemon.is_lxd() and key in ("devices", "description")):
            suite.equal(after[key], before[key], key)
    suite.equal(read(root("i", "file")), "second")
    found = PEER.api.sync("GET", BOX.path("i", "/snapshots/s"))
    for key in ("config", "created_at", "expires_at"):
        if not (daemon.is_lxd() and key == "expires_at"):
            suite.equal(found[key], snapshot[key], f"{key} of the snapshot")
    PEER.api.operation("PUT", BOX.path("i"), {"restore": "s"})
    suite.equal(read(root("i", "file")), "first")
    BOX.state("i", "start")
    suite.equal(BOX.run("i", "stat", "-c", "%u", "/file")[1], "0\n")


def test_import_of_what_ran():
    BOX.launch("w")
    BOX.run("w", "sh", "-c", "echo text >/root/file; chown 33:33 /root/file; mkfifo /root/pipe")
    data = tarball("w")
    BOX.delete("w", force=True)
    take_in(data)
    suite.equal(BOX.status("w"), "Stopped")
    BOX.state("w", "start")
    suite.equal(BOX.run("w", "cat", "/root/file")[1], "text\n")
    suite.equal(BOX.run("w", "stat", "-c", "%u:%g", "/root/file")[1], "33:33\n")
    suite.equal(BOX.run("w", "stat", "-c", "%F", "/root/pipe")[1], "fifo\n")


def test_other_name_and_pool():
    BOX.create("o")
    write(root("o", "file"), "text")
    take("o", "s")
    data = tarball("o")
    take_in(data, "p", "other")
    found = BOX.show("p")
    suite.equal((found["expanded_devices"]["root"]["pool"], read(root("p", "file"))),
                ("other", "text"))
    if not daemon.is_lxd():  # which forgets the snapshots of what has another name
        suite.equal(PEER.api.sync("GET", BOX.path("p", "/snapshots")),
                    [BOX.path("p", "/snapshots/s")])
        PEER.api.operation("PUT", BOX.path("p"), {"restore": "s"})
    BOX.state("p", "start")


def test_pool_that_is_not_there():
    PEER.api.sync("POST", "/1.0/storage-pools", {"name": "gone", "driver": "dir"})
    BOX.create("g", source={"type": "none"},
               devices={"root": {"type": "disk", "path": "/", "pool": "gone"}})
    data = tarball("g")
    BOX.delete("g")
    PEER.api.sync("DELETE", "/1.0/storage-pools/gone")
    take_in(data)
    suite.equal(BOX.show("g")["expanded_devices"]["root"]["pool"], "default")
    PEER.refused(404, "Storage pool not found", "POST", "/1.0/instances", data,
                 {**BYTES, "X-LXD-name": BOX.full("h"), "X-LXD-pool": "gone"})


def test_import_is_refused():
    BOX.create("r", source={"type": "none"})
    data = tarball("r", compression_algorithm="none")
    status, error = PEER.api.refusal("POST", "/1.0/instances", data, BYTES)
    suite.true(status >= 400, f"status {status}")
    suite.matches(error, "(?i)exists")
    named = {**BYTES, "X-LXD-name": BOX.full("n")}
    for body in (b"garbage" * 1000, data[:data.rindex(b"container:")], data[:700]):
        status, _ = PEER.api.refusal("POST", "/1.0/instances", body, named)
        suite.true(status >= 400, f"status {status}")
    if not daemon.is_lxd():
        PEER.refused(400, "(?i)name", "POST", "/1.0/instances", data,
                     {**BYTES, "X-LXD-name": "bad name"})
    suite.equal(PEER.api.sync("GET", "/1.0/instances"), [BOX.path("r")])
    suite.equal(os.listdir(os.path.join(PEER.directory, "storage-pools/default/containers")),
                [BOX.full("r")])


def rebuilt(data, change):
    """The tarball with other members: change(archive, member, content) adds what it wants."""
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(data)) as old, \
            tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as new:
        for info in old:
            change(new, info, old.extractfile(info) if info.isfile() else None)
    return out.getvalue()


def add(archive, name, content=b"", **fields):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in fields.items():
        setattr(info, key, value)
    archive.addfile(info, io.BytesIO(content))


@daemon.ours
def test_hostile_tarballs():
    """What a tarball says can neither leave the volume nor name what is not a name."""
    BOX.create("h")
    data = tarball("h", compression_algorithm="none", instance_only=True)
    outside = os.path.join(PEER.base, "outside")
    os.mkdir(outside, 0o777)

    def escape(archive, info, content):
        archive.addfile(info, content)
        if info.name == "backup/container":
            add(archive, "backup/container/door", type=tarfile.SYMTYPE, linkname=outside)
            add(archive, "backup/container/door/file", b"x")
            add(archive, "backup/container/../../../../outside/file", b"x")
            add(archive, "backup/container/hard", type=tarfile.LNKTYPE, linkname="/etc/passwd")
    PEER.api.refusal("POST", "/1.0/instances", rebuilt(data, escape),
                     {**BYTES, "X-LXD-name": BOX.full("x")})
    suite.equal(os.listdir(outside), [], "nothing is written outside")
    os.rmdir(outside)

    BOX.delete("h")

    def rename(pattern, to):
        def change(archive, info, content):
            if info.name == "backup/index.yaml":
                text = content.read().replace(pattern, to, 1)
                return add(archive, info.name, text)
            return archive.addfile(info, content)
        return rebuilt(data, change)
    for pattern, to, text in (
            (b"\nsnapshots: []", b"\nsnapshots: ['../../x']", "(?i)invalid"),
            (b"\nsnapshots: []", b"\nsnapshots: [nothing]", "does not describe"),
            (b"type: container", b"type: custom", "only containers"),
            (b"name: ", b"name: a/b-", "(?i)invalid|reserved"),
            (b"optimized: false", b"optimized: true", "(?i)optimized"),
            (b"name: ", b"{broken: [", "(?i)invalid|missing")):
        status, error = PEER.api.refusal("POST", "/1.0/instances", rename(pattern, to), BYTES)
        suite.equal(status, 400, f"status for {to}: {error}")
        suite.matches(error, text)
    PEER.purge()
    suite.equal(os.listdir(os.path.join(PEER.directory, "storage-pools/default/containers")), [])


@daemon.ours
def test_lxd_reads_ours_and_we_lxds():
    if shutil.which("lxd") is None:
        raise suite.Skip("LXD is not installed")
    BOX.create("l")
    write(root("l", "file"), "first")
    take("l", "s")
    write(root("l", "file"), "second")
    data = tarball("l")
    with daemon.Daemon(run="lxd") as other:
        path = f"/1.0/instances/{BOX.full('l')}"
        other.api.operation("POST", "/1.0/instances", data, BYTES)
        suite.equal(other.api.sync("GET", path + "/snapshots"), [path + "/snapshots/s"])
        found = other.api.get(path + "/files?path=/file")
        suite.equal(found.body, b"second")
        other.api.operation("POST", path + "/backups", {"name": "b"})
        theirs = other.api.get(path + "/backups/b/export").body
        other.api.operation("DELETE", path)
    take_in(theirs, "m")
    suite.equal(read(root("m", "file")), "second")
    PEER.api.operation("PUT", BOX.path("m"), {"restore": "s"})
    suite.equal(read(root("m", "file")), "first")
    BOX.state("m", "start")


if __name__ == "__main__":
    daemon.run_suite(globals(), "backups: ")
