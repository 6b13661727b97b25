#!/usr/bin/env python3
"""The daemon is killed while it works on volumes, and the disk fills: nothing half is left."""
import os
import random
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import api  # noqa: E402
import daemon  # noqa: E402
import suite  # noqa: E402

PEER = None
POOLS = "/1.0/storage-pools"
FILES = 60


def custom(pool="default", rest=""):
    return f"{POOLS}/{pool}/volumes/custom{rest}"


def folder(pool, name="", kind="custom"):
    return os.path.join(PEER.directory, "storage-pools", pool, kind, name)


def setup():
    for pool in PEER.api.sync("GET", POOLS):
        for url in PEER.api.sync("GET", pool + "/volumes/custom"):
            if "/snapshots/" not in url:
                PEER.api.sync("DELETE", url)


def fill(pool, name):
    for number in range(FILES):
        with open(os.path.join(folder(pool, "default_" + name), f"f{number}"), "wb") as stream:
            stream.write(b"%d" % number * 1000)


def prepare(pool, snapshots=True):
    PEER.api.sync("POST", custom(pool), {"name": "v"})
    fill(pool, "v")
    if snapshots:
        PEER.api.operation("POST", custom(pool, "/v/snapshots"), {"name": "s"})


def kill_during(action, longest):
    """Kills the daemon at some moment of the action, whose answer may never come."""
    def run():
        try:
            action(api.Api(PEER.socket))
        except (api.ApiError, api.ProtocolError, OSError):
            pass
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    time.sleep(random.uniform(0, longest))
    PEER.kill()
    thread.join(30)
    PEER.api.close()
    PEER.start()


def whole(path):
    """A volume or snapshot has all of its files, or is a new one that has none."""
    found = os.listdir(path)
    suite.true(len(found) in (0, FILES), f"{path} has {len(found)} files")
    for name in found:
        with open(os.path.join(path, name), "rb") as stream:
            suite.equal(stream.read(), b"%d" % int(name[1:]) * 1000, path + "/" + name)


def check(pools):
    """Records and directories say the same; everything can be deleted."""
    for pool in pools:
        rows = [url.split("/volumes/custom/")[1] for url in PEER.api.sync("GET", custom(pool))]
        on_disk = [name.removeprefix("default_") for name in os.listdir(folder(pool))]
        for name in os.listdir(folder(pool, "", "custom-snapshots")):
            inside = folder(pool, name, "custom-snapshots")
            on_disk += [f"{name.removeprefix('default_')}/snapshots/{each}"
                        for each in os.listdir(inside)]
        suite.equal(sorted(on_disk), sorted(rows), f"volumes of {pool}")
        for row in rows:
            volume, _, snapshot = row.partition("/snapshots/")
            whole(folder(pool, f"default_{volume}/{snapshot}",
                         "custom-snapshots" if snapshot else "custom"))
        suite.equal(os.listdir(os.path.join(PEER.directory, "storage-pools", pool, ".making")),
                    [], "half made volumes")
    journal = os.path.join(PEER.directory, "storage-journal")
    suite.equal(os.listdir(journal) if os.path.exists(journal) else [], [], "the journal")
    making = os.path.join(PEER.directory, "backups/.making")
    suite.true(not os.path.exists(making) or not os.listdir(making), "half made backups")
    backups = [os.path.join(top, name) for top, _, names in
               os.walk(os.path.join(PEER.directory, "backups/custom")) for name in names]
    listed = [url for pool in pools for volume in PEER.api.sync("GET", custom(pool))
              if "/snapshots/" not in volume
              for url in PEER.api.sync("GET", volume + "/backups")]
    suite.equal(len(backups), len(listed), "backups")


def rounds(action, longest, pools=("default",), before=None, count=5):
    for _ in range(count):
        setup()
        prepare(pools[0])
        if before:
            before()
        kill_during(action, longest)
        check(pools)
        PEER.api.close()


def test_kill_in_create():
    rounds(lambda peer: [peer.sync("POST", custom(), {"name": f"n{number}"})
                         for number in range(20)], 0.05)


def test_kill_in_copy():
    rounds(lambda peer: peer.operation("POST", custom(), {
        "name": "c", "source": {"type": "copy", "name": "v", "pool": "default"}}), 0.08)


def test_kill_in_snapshot():
    rounds(lambda peer: [peer.operation("POST", custom(rest="/v/snapshots"), {"name": f"n{number}"})
                         for number in range(3)], 0.1)


def test_kill_in_delete():
    rounds(lambda peer: peer.sync("DELETE", custom(rest="/v")), 0.03,
           before=lambda: PEER.api.operation("POST", custom(rest="/v/backups"), {"name": "b"}))


def test_kill_in_restore():
    rounds(lambda peer: peer.sync("PUT", custom(rest="/v"), {"restore": "s"}), 0.05)


def test_kill_in_rename():
    rounds(lambda peer: [peer.sync("POST", custom(rest=f"/{old}"), {"name": new})
                         for old, new in (("v", "w"), ("w", "x"), ("x", "v"))], 0.03,
           before=lambda: PEER.api.operation("POST", custom(rest="/v/backups"), {"name": "b"}))


def test_kill_in_backup_and_import():
    def action(peer):
        peer.operation("POST", custom(rest="/v/backups"), {"name": "b"})
        data = peer.request("GET", custom(rest="/v/backups/b/export")).body
        peer.operation("POST", custom(), data, {"Content-Type": "application/octet-stream",
                                                "X-LXD-name": "w"})
    rounds(action, 0.15, count=8)


def test_kill_in_move():
    PEER.api.sync("POST", POOLS, {"name": "second", "driver": "dir"})
    try:
        rounds(lambda peer: peer.operation("POST", custom(rest="/v"),
                                           {"name": "v", "pool": "second"}),
               0.1, ("default", "second"))
        setup()
    finally:
        PEER.api.sync("DELETE", POOLS + "/second")


def test_kill_on_btrfs():
    PEER.api.sync("POST", POOLS, {"name": "bt", "driver": "btrfs", "config": {"size": "300MiB"}})

    def action(peer):
        peer.operation("POST", custom("bt"), {
            "name": "c", "source": {"type": "copy", "name": "v", "pool": "bt"}})
        peer.sync("PUT", custom("bt", "/v"), {"restore": "s"})
        peer.sync("DELETE", custom("bt", "/c"))
    rounds(action, 0.15, ("bt",), count=6)
    setup()
    PEER.api.sync("DELETE", POOLS + "/bt")
    suite.eventually(lambda: PEER.loop_devices() == [], "the pool's loop device goes")


def test_full_disk():
    """A copy, an import and a snapshot that do not fit leave nothing."""
    place = os.path.join(PEER.base, "small")
    image = place + ".img"
    os.makedirs(place)
    with open(image, "wb") as stream:
        stream.truncate(40 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, place], check=True)
    try:
        os.makedirs(place + "/pool")
        PEER.api.sync("POST", POOLS, {"name": "small", "driver": "dir",
                                      "config": {"source": place + "/pool"}})
        PEER.api.sync("POST", custom("small"), {"name": "v"})
        with open(os.path.join(folder("small", "default_v"), "big"), "wb") as stream:
            stream.write(os.urandom(22 << 20))
        for request in (("POST", custom("small"), {"name": "c", "source": {
                            "type": "copy", "name": "v", "pool": "small"}}),
                        ("POST", custom("small", "/v/snapshots"), {"name": "s"})):
            status, error = PEER.api.refusal(*request)
            suite.true(status >= 400, f"{request} succeeded")
            suite.matches(error, "(?i)no space|full", "the error")
        PEER.api.operation("POST", custom("small", "/v/backups"), {"name": "b",
                                                                   "compression_algorithm": "none"})
        data = PEER.api.request("GET", custom("small", "/v/backups/b/export")).body
        status, error = PEER.api.refusal("POST", custom("small"), data, {
            "Content-Type": "application/octet-stream", "X-LXD-name": "w"})
        suite.matches(error, "(?i)no space|full", f"the error {status}")
        suite.equal(os.listdir(folder("small")), ["default_v"])
        suite.equal(PEER.api.sync("GET", custom("small")), [custom("small", "/v")])
        PEER.api.sync("DELETE", custom("small", "/v"))
        PEER.api.sync("DELETE", POOLS + "/small")
    finally:
        subprocess.run(["umount", "-l", place], check=True)
        suite.eventually(lambda: PEER.loop_devices() == [], "the loop device goes")


if __name__ == "__main__":
    daemon.run_suite(globals(), "volumes: ")
