#!/usr/bin/env python3
"""Storage pools on directories: create, show, edit, use, resources, delete, refusals."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import api  # noqa: E402
import daemon  # noqa: E402
import images  # noqa: E402
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


def refused_creation(text, **config):
    status, error = PEER.api.refusal("POST", POOLS, {"name": "b", "driver": "btrfs",
                                                     "config": config})
    suite.matches(error, text, f"{config}: {status}")
    suite.true(not os.path.exists(os.path.join(PEER.directory, "storage-pools/b")), "no folder")
    suite.true(not os.path.exists(os.path.join(PEER.directory, "disks/b.img")), "no file")


def test_btrfs_in_a_file():
    image = os.path.join(PEER.directory, "disks/b.img")
    refused_creation("(?i)too small|minimum", size="10MiB")
    PEER.api.sync("POST", POOLS, {"name": "b", "driver": "btrfs", "config": {"size": "256MiB"}})
    suite.equal(PEER.api.sync("GET", POOLS + "/b")["config"],
                {"size": "256MiB", "source": image})
    suite.equal(os.stat(image).st_size, 256 << 20)
    found = PEER.api.sync("GET", POOLS + "/b/resources")
    suite.equal(found["space"]["total"], 256 << 20)
    drivers = PEER.api.sync("GET", "/1.0")["environment"]["storage"].split(" | ")
    suite.equal(sorted(drivers), ["btrfs", "dir"])


@daemon.ours
def test_btrfs_grows():
    PEER.api.sync("PATCH", POOLS + "/b", {"config": {"size": "384MiB"}})
    suite.equal(PEER.api.sync("GET", POOLS + "/b/resources")["space"]["total"], 384 << 20)
    PEER.refused(400, "(?i)shrink", "PATCH", POOLS + "/b", {"config": {"size": "256MiB"}})
    suite.equal(PEER.api.sync("GET", POOLS + "/b")["config"]["size"], "384MiB")
    PEER.api.sync("PATCH", POOLS + "/b", {"config": {"btrfs.mount_options": "noatime,compress=lzo"}})
    with open("/proc/mounts", encoding="utf-8") as stream:
        options = [line.split()[3] for line in stream if "/storage-pools/b " in line]
    suite.contains(options[0], "noatime")
    suite.contains(options[0], "compress=lzo")
    PEER.restart()
    suite.equal(PEER.api.sync("GET", POOLS + "/b")["status"], "Created")
    PEER.refused(400, "(?i)cannot be changed", "PATCH", POOLS + "/b", {"config": {"source": "/x"}})


def test_btrfs_goes():
    PEER.api.sync("DELETE", POOLS + "/b")
    suite.equal(os.listdir(os.path.join(PEER.directory, "disks")), [])


@daemon.ours
def test_btrfs_on_a_device_and_in_a_subvolume():
    file = os.path.join(PEER.base, "disk")
    with open(file, "wb") as stream:
        stream.truncate(256 << 20)
    device = subprocess.run(["losetup", "-f", "--show", file], check=True, text=True,
                            stdout=subprocess.PIPE).stdout.strip()
    place = os.path.join(PEER.base, "place")
    os.mkdir(place)
    try:
        PEER.api.sync("POST", POOLS, {"name": "b", "driver": "btrfs", "config": {"source": device}})
        found = PEER.api.sync("GET", POOLS + "/b")["config"]
        suite.equal(found["volatile.initial_source"], device)
        PEER.refused(400, "(?i)loop file", "PATCH", POOLS + "/b", {"config": {"size": "1GiB"}})
        PEER.api.sync("DELETE", POOLS + "/b")
        refused_creation("(?i)existing filesystem|force", source=device)
        PEER.api.sync("POST", POOLS, {"name": "b", "driver": "btrfs", "config": {
            "source": device, "source.wipe": "true"}})
        PEER.api.sync("DELETE", POOLS + "/b")
        subprocess.run(["mount", device, place], check=True)
        os.mkdir(place + "/folder")
        refused_creation("(?i)exist", source=place + "/folder")
        refused_creation("(?i)not empty", source=place)
        subprocess.run(["btrfs", "-q", "subvolume", "create", place + "/kept"], check=True)
        os.mkdir(place + "/kept/data")
        refused_creation("(?i)not empty", source=place + "/kept")
        suite.equal(os.listdir(place + "/kept"), ["data"], "what somebody else has")
        subprocess.run(["btrfs", "-q", "subvolume", "delete", place + "/kept"], check=True)
        refused_creation("(?i)not reside on a btrfs", source=PEER.base + "/none")
        refused_creation("(?i)source", source="relative")
        PEER.api.sync("POST", POOLS, {"name": "b", "driver": "btrfs", "config": {
            "source": place + "/new"}})
        PEER.api.sync("POST", POOLS + "/b/volumes/custom", {"name": "v"})
        suite.equal(os.listdir(place + "/new/custom"), ["default_v"])
        PEER.api.sync("DELETE", POOLS + "/b/volumes/custom/v")
        PEER.api.sync("DELETE", POOLS + "/b")
        suite.equal(os.listdir(place), ["folder"])
    finally:
        subprocess.run(["umount", place], check=False, stderr=subprocess.DEVNULL)
        subprocess.run(["losetup", "-d", device], check=True)


@daemon.ours
def test_missing_backend():
    """The daemon starts without it, says so, and takes it up when it is back."""
    folder, away = os.path.join(PEER.base, "comes"), os.path.join(PEER.base, "goes")
    os.makedirs(folder)
    PEER.api.sync("POST", POOLS, {"name": "m", "driver": "dir", "config": {"source": folder}})
    PEER.api.sync("POST", POOLS + "/m/volumes/custom", {"name": "v"})
    PEER.terminate()
    subprocess.run(["umount", os.path.join(PEER.directory, "storage-pools/m")], check=True)
    os.rename(folder, away)
    PEER.start()
    suite.equal([PEER.api.sync("GET", f"{POOLS}/{name}")["status"] for name in ("default", "m")],
                ["Created", "Unavailable"])
    PEER.refused(503, "Storage pool is unavailable on this server", "POST",
                 POOLS + "/m/volumes/custom", {"name": "w"})
    PEER.refused(503, "Storage pool is unavailable", "DELETE", POOLS + "/m/volumes/custom/v")
    PEER.refused(503, "Storage pool is unavailable", "GET", POOLS + "/m/resources")
    PEER.api.sync("POST", POOLS + "/default/volumes/custom", {"name": "w"})
    PEER.api.sync("DELETE", POOLS + "/default/volumes/custom/w")

    def warnings():
        return [(found["type"], found["status"], found["entity_url"])
                for found in PEER.api.sync("GET", "/1.0/warnings?recursion=1")
                if found["entity_url"] == POOLS + "/m"]

    suite.equal(warnings(), [("Storage pool unavailable", "new", POOLS + "/m")])
    PEER.api.sync("POST", "/internal/testing/tasks/storage-pools-retry")
    suite.equal(PEER.api.sync("GET", POOLS + "/m")["status"], "Unavailable")
    os.rename(away, folder)
    PEER.api.sync("POST", "/internal/testing/tasks/storage-pools-retry")
    suite.equal(PEER.api.sync("GET", POOLS + "/m")["status"], "Created")
    suite.equal([status for _, status, _ in warnings()], ["resolved"])
    PEER.api.sync("DELETE", POOLS + "/m/volumes/custom/v")
    PEER.api.sync("DELETE", POOLS + "/m")


@daemon.ours
def test_squashfs_image_stays_as_it_is():
    kind, body = api.multipart([("metadata", "meta.tar", images.split("squashed")[0]),
                                ("rootfs", "root", images.squashfs_root())])
    done = PEER.api.operation("POST", "/1.0/images", body, kind)
    fingerprint = done["metadata"]["fingerprint"]
    PEER.api.sync("POST", POOLS, {"name": "o", "driver": "overlay"})
    box = instances.Instances(PEER)
    box.create("q", devices={"root": {"type": "disk", "path": "/", "pool": "o"}},
               source={"type": "image", "fingerprint": fingerprint})
    answer = PEER.api.request("GET", box.path("q", "/files?path=/etc/motd"))
    suite.equal((answer.body, answer.headers["x-lxd-uid"]), (b"hello\n", "1000"))
    image = os.path.join(PEER.directory, "storage-pools/o/images", fingerprint)
    suite.equal(os.statvfs(image + "/rootfs").f_bfree, 0, "the image is mounted, not unpacked")
    PEER.api.sync("POST", box.path("q", "/files?path=/etc/motd"), b"changed",
                  {"X-LXD-type": "file", "X-LXD-uid": "0"})
    answer = PEER.api.request("GET", box.path("q", "/files?path=/etc/motd"))
    suite.equal(answer.body, b"changed")
    box.delete("q")
    PEER.api.operation("DELETE", "/1.0/images/" + fingerprint)
    PEER.api.sync("DELETE", POOLS + "/o")


if __name__ == "__main__":
    daemon.run_suite(globals(), "storage: ")
