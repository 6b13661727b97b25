#!/usr/bin/env python3
"""Backups of custom volumes: made, listed, read back, of all contents; hostile ones; the clock."""
import gzip
import io
import os
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import images  # noqa: E402
import suite  # noqa: E402

PEER = None
CUSTOM = "/1.0/storage-pools/default/volumes/custom"
INDEX = """name: {name}
backend: dir
pool: default
{snapshots}optimized: false
optimized_header: false
type: custom
config:
  volume:
    config: {{}}
    description: d
    name: {name}
    type: custom
    used_by: []
    location: none
    content_type: {content}
"""


def folder(name, kind="custom"):
    return os.path.join(PEER.directory, "storage-pools/default", kind, "default_" + name)


def setup():
    for url in PEER.api.sync("GET", CUSTOM):
        if "/snapshots/" not in url:
            PEER.api.sync("DELETE", url)


def create(name, text="content", **fields):
    PEER.api.sync("POST", CUSTOM, {"name": name, **fields})
    if fields.get("content_type") == "block":
        with open(os.path.join(folder(name), "root.img"), "r+b") as stream:
            stream.write(text.encode())
    else:
        with open(os.path.join(folder(name), "file"), "w", encoding="ascii") as stream:
            stream.write(text)


def backup(volume, **fields):
    PEER.api.operation("POST", f"{CUSTOM}/{volume}/backups", fields)


def export(volume, name):
    answer = PEER.api.request("GET", f"{CUSTOM}/{volume}/backups/{name}/export")
    suite.equal((answer.status, answer.headers["content-type"]), (200, "application/octet-stream"))
    return answer.body


def upload(data, name=None, **headers):
    found = {"Content-Type": "application/octet-stream", **headers}
    if name:
        found["X-LXD-name"] = name
    return "POST", CUSTOM, data, found


def tarball(members, name="v", snapshots="", content="filesystem"):
    index = INDEX.format(name=name, snapshots=snapshots, content=content).encode()
    return images.tarball([(images.entry("backup/index.yaml"), index), *members])


def members(data):
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {each.name: each for each in archive.getmembers()}


def test_life():
    create("v")
    backup("v")
    backup("v", name="named", expires_at="2090-01-01T00:00:00Z", volume_only=True)
    suite.equal(PEER.api.sync("GET", CUSTOM + "/v/backups"),
                [CUSTOM + "/v/backups/backup0", CUSTOM + "/v/backups/named"])
    found = PEER.api.sync("GET", CUSTOM + "/v/backups/named")
    suite.true(found.pop("created_at") > "2020", "the time")
    suite.equal(found, {"name": "named", "expires_at": "2090-01-01T00:00:00Z",
                        "volume_only": True, "optimized_storage": False})
    suite.equal(len(PEER.api.sync("GET", CUSTOM + "/v/backups?recursion=1")), 2)
    PEER.api.operation("POST", CUSTOM + "/v/backups/named", {"name": "other"})
    PEER.refused(404, "Storage volume backup not found", "GET", CUSTOM + "/v/backups/named")
    file = os.path.join(PEER.directory, "backups/custom/default/default_v/other")
    suite.true(os.path.exists(file), "the file moved")
    PEER.api.operation("DELETE", CUSTOM + "/v/backups/other")
    suite.true(not os.path.exists(file), "the file is gone")
    PEER.api.sync("DELETE", CUSTOM + "/v")
    suite.true(not os.path.exists(os.path.dirname(file)), "backups go with the volume")


def test_refusals():
    create("v")
    backup("v", name="b")
    PEER.refused(400, "already exists", "POST", CUSTOM + "/v/backups", {"name": "b"})
    PEER.refused(400, "Backup names may not contain slashes", "POST", CUSTOM + "/v/backups",
                 {"name": "a/b"})
    PEER.refused(404, "Storage volume backup not found", "DELETE", CUSTOM + "/v/backups/none")
    PEER.refused(404, "Storage volume backup not found", "GET",
                 CUSTOM + "/v/backups/none/export")
    PEER.refused(404, "Storage pool volume not found", "POST", CUSTOM + "/none/backups", {})


def test_content():
    create("v")
    os.link(os.path.join(folder("v"), "file"), os.path.join(folder("v"), "link"))
    os.setxattr(os.path.join(folder("v"), "file"), "user.note", b"n")
    PEER.api.operation("POST", CUSTOM + "/v/snapshots", {"name": "s"})
    backup("v", name="b")
    found = members(export("v", "b"))
    suite.equal(list(found)[0], "backup/index.yaml")
    for name in ("backup/volume", "backup/volume/file", "backup/volume-snapshots/s/file"):
        suite.true(name in found, f"{name} in {list(found)}")
    suite.equal(found["backup/volume/file"].pax_headers.get("SCHILY.xattr.user.note"), "n")
    suite.true(found["backup/volume/link"].islnk(), "a hard link")


def test_there_and_back():
    create("v", description="d", config={"user.a": "1"})
    os.chown(os.path.join(folder("v"), "file"), 5, 6)
    os.setxattr(os.path.join(folder("v"), "file"), "user.note", b"n")
    PEER.api.operation("POST", CUSTOM + "/v/snapshots", {
        "name": "s", "expires_at": "2090-01-01T00:00:00Z"})
    with open(os.path.join(folder("v"), "more"), "w", encoding="ascii") as stream:
        stream.write("more")
    backup("v", name="b")
    data = export("v", "b")
    PEER.api.operation(*upload(data, "w"))
    found = PEER.api.sync("GET", CUSTOM + "/w")
    suite.equal((found["description"], found["config"]), ("d", {"user.a": "1"}))
    suite.equal(sorted(os.listdir(folder("w"))), ["file", "more"])
    suite.equal(os.listdir(folder("w/s", "custom-snapshots")), ["file"])
    file = os.path.join(folder("w"), "file")
    suite.equal((os.stat(file).st_uid, os.stat(file).st_gid), (5, 6))
    suite.equal(os.getxattr(file, "user.note"), b"n")
    suite.equal(PEER.api.sync("GET", CUSTOM + "/w/snapshots/s")["expires_at"],
                "2090-01-01T00:00:00Z")
    PEER.refused(409 if not daemon.is_lxd() else 400, "(?i)already exists|unique",
                 *upload(data, "w"))
    PEER.api.sync("DELETE", CUSTOM + "/v")
    PEER.api.operation(*upload(data))
    suite.equal(PEER.api.sync("GET", CUSTOM + "/v")["name"], "v")


def test_block():
    create("b", text="block content", content_type="block", config={"size": "3MiB"})
    PEER.api.operation("POST", CUSTOM + "/b/snapshots", {"name": "s"})
    backup("b", name="x")
    data = export("b", "x")
    suite.equal(sorted(members(data)), ["backup/index.yaml", "backup/volume-snapshots/s.img",
                                        "backup/volume.img"])
    PEER.api.operation(*upload(data, "c"))
    with open(os.path.join(folder("c"), "root.img"), "rb") as stream:
        content = stream.read()
    suite.equal((len(content), content[:13]), (3 << 20, b"block content"))
    suite.true(os.path.exists(os.path.join(folder("c/s", "custom-snapshots"), "root.img")),
               "its snapshot")


def test_compression():
    create("v")
    starts = {"none": b"backup/index.yaml", "gzip": b"\x1f\x8b", "xz": b"\xfd7zXZ",
              "bzip2": b"BZh"}
    for name, start in starts.items():
        backup("v", name=name, compression_algorithm=name)
        data = export("v", name)
        suite.equal(data[:len(start)], start, name)
        PEER.api.operation(*upload(data, "c-" + name))
        suite.equal(os.listdir(folder("c-" + name)), ["file"])
    status, _ = PEER.api.refusal("POST", CUSTOM + "/v/backups", {"compression_algorithm": "rar"})
    suite.true(status >= 400, "an unknown algorithm")


def test_broken_uploads():
    file = (images.entry("backup/volume/file"), b"x")
    folder_entry = (images.entry("backup/volume", tarfile.DIRTYPE), None)
    PEER.refused(400, "(?i)unsupported compression", *upload(b"garbage", "g"))
    PEER.refused(400, "(?i)index.yaml", *upload(images.tarball([folder_entry, file]), "g"))
    whole = gzip.compress(tarball([folder_entry, file] * 2000))
    status, _ = PEER.api.refusal(*upload(whole[:len(whole) // 2], "g"))
    suite.true(status >= 400, "a file that is cut off")
    suite.equal(PEER.api.sync("GET", CUSTOM), [])
    suite.true(not os.path.exists(folder("g")), "no folder")


@daemon.ours
def test_hostile_uploads():
    outside = os.path.join(PEER.base, "outside")
    os.makedirs(outside, exist_ok=True)
    directory = images.entry("backup/volume", tarfile.DIRTYPE)
    link = images.entry("backup/volume/l", tarfile.SYMTYPE, linkname=outside)
    cases = {
        "up": [(directory, None), (images.entry("backup/volume/../../../x"), b"x")],
        "link": [(directory, None), (link, None), (images.entry("backup/volume/l/x"), b"x")],
        "root": [(images.entry("backup/volume", tarfile.SYMTYPE, linkname=outside), None)],
        "root-file": [(images.entry("backup/volume"), b"x")],
        "hard": [(directory, None), (images.entry("backup/volume/h", tarfile.LNKTYPE,
                                                  linkname="../../../../etc/passwd"), None)],
    }
    for name, found in cases.items():
        status, error = PEER.api.refusal(*upload(tarball(found), name))
        if status == 200:  # a link is replaced by the directory that comes behind it
            suite.equal((name, os.listdir(folder(name) + "/l")), ("link", ["x"]), error)
        else:
            suite.true(not os.path.lexists(folder(name)), f"{name} left a folder")
    suite.equal(os.listdir(outside), [])
    for snapshots in ("snapshots:\n- ../../x\n", "snapshots:\n- a\n- a\n"):
        status, _ = PEER.api.refusal(*upload(tarball([(directory, None)], snapshots=snapshots),
                                             "s"))
        suite.true(status >= 400, snapshots)
    device = images.entry("backup/volume/d", tarfile.BLKTYPE, devmajor=8, devminor=0)
    PEER.api.operation(*upload(tarball([(directory, None), (device, None)]), "device"))
    suite.equal(os.listdir(folder("device")), [], "device nodes stay out")


@daemon.ours
def test_iso():
    data = b"\0" * 32768 + b"\1CD001" + b"\0" * 70000
    PEER.api.operation(*upload(data, "disc", **{"X-LXD-type": "iso"}))
    found = PEER.api.sync("GET", CUSTOM + "/disc")
    suite.equal((found["content_type"], found["config"]), ("iso", {"size": str(len(data))}))
    with open(os.path.join(folder("disc"), "root.img"), "rb") as stream:
        suite.equal(stream.read(), data)
    PEER.refused(400, "(?i)name is required", *upload(data, None, **{"X-LXD-type": "iso"}))
    PEER.refused(400, "made by importing", "POST", CUSTOM, {"name": "x", "content_type": "iso"})


def run_task(name):
    PEER.api.sync("POST", "/internal/testing/tasks/" + name)


@daemon.ours
def test_clock():
    create("v", config={"snapshots.schedule": "* * * * *", "snapshots.pattern": "tick%d",
                        "snapshots.expiry": "1d"})
    create("idle")
    run_task("volume-snapshots-take")
    found = PEER.api.sync("GET", CUSTOM + "/v/snapshots")
    suite.true(found[0].endswith("/tick0"), f"snapshots: {found}")
    suite.equal(PEER.api.sync("GET", CUSTOM + "/idle/snapshots"), [])
    PEER.api.sync("PATCH", found[0], {"expires_at": "2020-01-01T00:00:00Z"})
    backup("v", name="old", expires_at="2020-01-01T00:00:00Z")
    backup("v", name="new", expires_at="2090-01-01T00:00:00Z")
    run_task("volumes-prune")
    suite.true(found[0] not in PEER.api.sync("GET", CUSTOM + "/v/snapshots"), "it expired")
    suite.equal(PEER.api.sync("GET", CUSTOM + "/v/backups"), [CUSTOM + "/v/backups/new"])


def config(**keys):
    PEER.api.sync("PATCH", "/1.0", {"config": {f"storage.{key}_volume": value
                                               for key, value in keys.items()}})


def test_the_daemons_own_files_on_volumes():
    done = PEER.api.operation("POST", "/1.0/images", images.small("on a volume"),
                              {"Content-Type": "application/octet-stream"})
    image = done["metadata"]["fingerprint"]
    for name in ("b", "i", "v"):
        PEER.api.sync("POST", CUSTOM, {"name": name})
    backup("v", name="before")
    config(backups="default/b", images="default/i")
    suite.equal(os.readlink(os.path.join(PEER.directory, "backups")), folder("b"))
    suite.equal(os.listdir(folder("i")), [image])
    suite.equal(PEER.api.sync("GET", CUSTOM + "/b")["used_by"], ["/1.0"])
    backup("v", name="after")
    suite.equal(sorted(os.listdir(os.path.join(folder("b"), "custom/default/default_v"))),
                ["after", "before"])
    PEER.refused(400, "The storage volume is still in use", "DELETE", CUSTOM + "/b")
    PEER.refused(400, "is used by LXD itself", "POST", CUSTOM + "/b", {"name": "c"})
    PEER.refused(400, "Volumes used by LXD itself cannot have snapshots", "POST",
                 CUSTOM + "/b/snapshots", {})
    PEER.restart()
    suite.true(len(export("v", "after")) > 0, "read after a restart")
    answer = PEER.api.request("GET", f"/1.0/images/{image}/export")
    suite.true(answer.status == 200 and answer.body, "the image can be read")
    config(backups="", images="")
    suite.true(not os.path.islink(os.path.join(PEER.directory, "backups")), "a directory again")
    suite.equal(os.listdir(folder("i")), [])
    suite.true(len(export("v", "before")) > 0, "read at home")
    PEER.api.operation("DELETE", f"/1.0/images/{image}")


def test_wrong_volumes_for_the_daemon():
    create("full")
    PEER.api.sync("POST", CUSTOM, {"name": "block", "content_type": "block",
                                   "config": {"size": "1MiB"}})
    PEER.api.sync("POST", CUSTOM, {"name": "snapped"})
    PEER.api.operation("POST", CUSTOM + "/snapped/snapshots", {"name": "s"})
    for value, status, text in (
            ("none", 400, "must be <pool>/<volume>"), ("none/v", 404, "Storage pool not found"),
            ("default/none", 404, "Storage volume not found"), ("default/full", 400, "isn't empty"),
            ("default/block", 400, "is not filesystem content type"),
            ("default/snapped", 400, "cannot have snapshots")):
        found, error = PEER.api.refusal("PATCH", "/1.0", {"config": {
            "storage.backups_volume": value}})
        suite.matches(error, text)
        suite.true(found in (status, 400, 500 if daemon.is_lxd() else 400), f"{value}: {found}")
    suite.true("storage.backups_volume" not in PEER.api.sync("GET", "/1.0")["config"], "unset")


def test_nothing_stays_of_uploads():
    making = os.path.join(PEER.directory, "backups/.making")
    suite.eventually(lambda: not os.path.exists(making) or os.listdir(making) == [],
                     "uploads are removed", 10)


if __name__ == "__main__":
    daemon.run_suite(globals(), "volume backups: ")
