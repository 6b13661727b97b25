#!/usr/bin/env python3
"""kill -9 of the daemon at random moments of random storage operations: afterwards every volume is
there and whole, or gone; no subvolume, mount or file is left. BERTH_TEST_OPERATIONS sets how many
operations (60), BERTH_TEST_SEED repeats a run."""
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import api  # noqa: E402
import daemon  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402
import volumetrees  # noqa: E402

PEER = None
POOLS = "/1.0/storage-pools"
DRIVERS = {"dir": {}, "btrfs": {"size": "512MiB"}, "overlay": {}}
OPERATIONS = int(os.environ.get("BERTH_TEST_OPERATIONS", "60"))
SEED = int(os.environ.get("BERTH_TEST_SEED", str(random.randrange(1 << 30))))
AT_ONCE = 3
DICE = random.Random(SEED)


def names(url):
    return [found.rsplit("/", 1)[1] for found in PEER.api.sync("GET", url)
            if "/snapshots/" not in found or url.endswith("/snapshots")]


def volumes(pool):
    return names(f"{POOLS}/{pool}/volumes/custom")


def boxes():
    return names("/1.0/instances")


def copy_volume(pool, fresh):
    return ("POST", f"{POOLS}/{pool}/volumes/custom", {
        "name": fresh, "source": {"type": "copy", "pool": DICE.choice(list(DRIVERS)),
                                  "name": "base"}})


def snapshot_volume(pool, fresh):
    return "POST", f"{POOLS}/{pool}/volumes/custom/{DICE.choice(volumes(pool))}/snapshots", {
        "name": fresh}


def restore_volume(pool, _fresh):
    name = DICE.choice(volumes(pool))
    found = names(f"{POOLS}/{pool}/volumes/custom/{name}/snapshots")
    return found and ("PUT", f"{POOLS}/{pool}/volumes/custom/{name}", {
        "restore": DICE.choice(found)})


def rename_volume(pool, fresh):
    name = DICE.choice(volumes(pool))
    return name != "base" and ("POST", f"{POOLS}/{pool}/volumes/custom/{name}", {"name": fresh})


def delete_volume(pool, _fresh):
    name = DICE.choice(volumes(pool))
    return name != "base" and ("DELETE", f"{POOLS}/{pool}/volumes/custom/{name}", None)


def create_instance(pool, fresh):
    return "POST", "/1.0/instances", {
        "name": PEER.prefix + fresh, "source": {"type": "image", "fingerprint": IMAGE},
        "devices": {"root": {"type": "disk", "path": "/", "pool": pool}}}


def copy_instance(pool, fresh):
    found = boxes()
    return found and ("POST", "/1.0/instances", {
        "name": PEER.prefix + fresh, "source": {"type": "copy", "source": DICE.choice(found)},
        "devices": {"root": {"type": "disk", "path": "/", "pool": pool}}})


def snapshot_instance(_pool, fresh):
    found = boxes()
    return found and ("POST", f"/1.0/instances/{DICE.choice(found)}/snapshots", {"name": fresh})


def restore_instance(_pool, _fresh):
    for name in DICE.sample(boxes(), len(boxes())):
        found = names(f"/1.0/instances/{name}/snapshots")
        if found:
            return "PUT", f"/1.0/instances/{name}", {"restore": DICE.choice(found)}
    return None


def rename_instance(_pool, fresh):
    found = boxes()
    return found and ("POST", f"/1.0/instances/{DICE.choice(found)}", {"name": PEER.prefix + fresh})


def delete_instance(_pool, _fresh):
    found = boxes()
    return len(found) > 3 and ("DELETE", f"/1.0/instances/{DICE.choice(found)}", None)


KINDS = [copy_volume, snapshot_volume, restore_volume, rename_volume, delete_volume,
         create_instance, create_instance, copy_instance, snapshot_instance, restore_instance,
         rename_instance, delete_instance]
IMAGE = None


def fire(number):
    """Begins a random operation and does not wait for it."""
    kind, pool = DICE.choice(KINDS), DICE.choice(list(DRIVERS))
    try:
        request = kind(pool, f"n{number}")
    except api.ApiError:  # what it looked at has gone meanwhile
        return
    if not request:
        return
    line = api.Api(PEER.socket)
    try:
        line.request(*request)
    except (OSError, api.ProtocolError):
        pass
    line.close()


def check_volumes(pool, whole):
    path = os.path.join(PEER.directory, "storage-pools", pool)
    known = volumes(pool)
    suite.equal(sorted(os.listdir(path + "/custom")), sorted("default_" + name for name in known),
                f"volumes on {pool}, seed {SEED}")
    for name in known:
        snaps = names(f"{POOLS}/{pool}/volumes/custom/{name}/snapshots")
        folder = f"{path}/custom-snapshots/default_{name}"
        suite.equal(sorted(os.listdir(folder)) if os.path.exists(folder) else [], sorted(snaps),
                    f"snapshots of {name} on {pool}, seed {SEED}")
        for place in [f"{path}/custom/default_{name}"] + [f"{folder}/{snap}" for snap in snaps]:
            suite.equal(volumetrees.difference(whole, volumetrees.manifest(place)), "", f"{place}, seed {SEED}")


def check_instances():
    found = PEER.api.sync("GET", "/1.0/instances?recursion=1")
    for pool in DRIVERS:
        path = os.path.join(PEER.directory, "storage-pools", pool)
        known = [box["name"] for box in found if box["devices"]["root"]["pool"] == pool]
        suite.equal(sorted(os.listdir(path + "/containers")), sorted(known),
                    f"instances on {pool}, seed {SEED}")
        suite.equal(os.listdir(path + "/.making"), [], f"{pool}, seed {SEED}")
    for box in found:
        for file in ("/etc/passwd", "/bin/busybox"):
            answer = PEER.api.request("GET", f"/1.0/instances/{box['name']}/files?path={file}")
            suite.equal(answer.status, 200, f"{file} of {box['name']}, seed {SEED}")
        suite.equal(os.readlink(os.path.join(PEER.directory, "containers", box["name"])),
                    os.path.join(PEER.directory, "storage-pools", box["devices"]["root"]["pool"],
                                 "containers", box["name"]), f"link, seed {SEED}")
    suite.equal(sorted(os.listdir(os.path.join(PEER.directory, "containers"))),
                sorted(box["name"] for box in found), f"links, seed {SEED}")


def test_kills():
    global IMAGE
    IMAGE = instances.Instances(PEER).image()
    for driver, config in DRIVERS.items():
        PEER.api.sync("POST", POOLS, {"name": driver, "driver": driver, "config": config})
        PEER.api.sync("POST", f"{POOLS}/{driver}/volumes/custom", {"name": "base"})
        path = os.path.join(PEER.directory, "storage-pools", driver, "custom/default_base")
        os.chmod(path, 0o711)
        for number in range(120):
            data = random.Random(number).randbytes(number * 97 % 9000)
            volumetrees.write(os.path.join(path, f"f{number}"), data)
            os.utime(os.path.join(path, f"f{number}"), ns=(1, number))
        os.utime(path, ns=(1, 1))
    whole = volumetrees.manifest(path)
    for number in range(0, OPERATIONS, AT_ONCE):
        for step in range(AT_ONCE):
            fire(number + step)
        time.sleep(DICE.random() ** 3 * 0.25)
        PEER.kill()
        PEER.api.close()
        PEER.start()
    for pool in DRIVERS:
        check_volumes(pool, whole)
    check_instances()


def test_everything_can_be_deleted():
    PEER.purge()
    PEER.purge_images()
    for pool in DRIVERS:
        for name in volumes(pool):
            PEER.api.sync("DELETE", f"{POOLS}/{pool}/volumes/custom/{name}")
        PEER.api.sync("DELETE", f"{POOLS}/{pool}")


if __name__ == "__main__":
    daemon.run_suite(globals(), "storage kills: ")
