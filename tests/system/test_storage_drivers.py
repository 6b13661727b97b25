#!/usr/bin/env python3
"""What every storage driver must keep: each case runs for each driver, on a pool of its own.
docs/reference/storage.md keeps the results as a table."""
import os
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import api  # noqa: E402
import daemon  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402
import volumetrees  # noqa: E402

PEER = None
BOX = None
POOLS = "/1.0/storage-pools"
DRIVERS = {"dir": {}, "btrfs": {"size": "768MiB"}, "overlay": {}}
QUOTAS = ("btrfs",)


def setup():
    global BOX
    if BOX is None:
        BOX = instances.Instances(PEER)
        BOX.image()
    PEER.purge()


class Bench:
    """A pool of the driver, with short names for what is done on it."""

    def __init__(self, driver):
        self.driver, self.name = driver, "p" + driver
        names = PEER.api.sync("GET", POOLS)
        if f"{POOLS}/{self.name}" not in names:
            PEER.api.sync("POST", POOLS, {"name": self.name, "driver": driver,
                                          "config": dict(DRIVERS[driver])})
        self.path = os.path.join(PEER.directory, "storage-pools", self.name)

    def root(self, **extra):
        return {"root": {"type": "disk", "path": "/", "pool": self.name, **extra}}

    def launch(self, name, **fields):
        BOX.launch(name, devices=self.root(), **fields)

    def rootfs(self, name):
        return os.path.join(self.path, "containers", BOX.full(name), "rootfs")

    def volume(self, name, **config):
        PEER.api.sync("POST", f"{POOLS}/{self.name}/volumes/custom", {
            "name": name, "content_type": config.pop("content_type", "filesystem"),
            "config": config})
        return os.path.join(self.path, "custom", "default_" + name)

    def volumes(self, name, rest=""):
        return f"{POOLS}/{self.name}/volumes/custom/{name}{rest}"

    def drop(self, name):
        PEER.api.sync("DELETE", self.volumes(name))

    def on_disk(self):
        """Names of what is there that is no image."""
        found = []
        for kind in ("containers", "containers-snapshots", "custom", "custom-snapshots", ".making"):
            folder = os.path.join(self.path, kind)
            found += [kind + "/" + name for name in os.listdir(folder)]
        return found


def base_of(name):
    """The host id of root inside."""
    return os.stat(f"/proc/{BOX.show(name, 1)['state']['pid']}").st_uid


def seen(bench, name):
    """Owners as the host sees them: mounts of dir and btrfs have the inner ids."""
    return base_of(name) if bench.driver == "overlay" else 0


def same(before, after, what):
    suite.equal(volumetrees.difference(before, after), "", what)


def fill(bench, name):
    """A tree in the running instance, and its manifest."""
    base = seen(bench, name)
    volumetrees.fill(os.path.join(bench.rootfs(name), "tree"), base)
    return volumetrees.manifest(os.path.join(bench.rootfs(name), "tree"), base)


def manifest(bench, name):
    return volumetrees.manifest(os.path.join(bench.rootfs(name), "tree"), seen(bench, name))


def copy(name, to, **fields):
    BOX.create(to, source={"type": "copy", "source": BOX.full("") + name}, **fields)


def snapshot(name, snap):
    PEER.api.operation("POST", BOX.path(name, "/snapshots"), {"name": snap})


def case_launch(bench):
    bench.launch("a")
    suite.equal(BOX.run("a", "echo", "alive")[1], "alive\n")
    suite.equal(os.readlink(os.path.join(PEER.directory, "containers", BOX.full("a"))),
                os.path.dirname(bench.rootfs("a")))
    BOX.delete("a", force=True)
    suite.equal(bench.on_disk(), [], "left on the pool")


def case_everything_in_a_tree(bench):
    """What a file system can hold survives a stop, a snapshot, its restore and a rename."""
    bench.launch("t")
    before = fill(bench, "t")
    BOX.state("t", "stop", force=True)
    snapshot("t", "s")
    BOX.state("t", "start")
    same(before, manifest(bench, "t"), "after a restart")
    subprocess.run(["rm", "-rf", os.path.join(bench.rootfs("t"), "tree")], check=True)
    BOX.run("t", "sh", "-c", "echo new > /new; rm -rf /mnt; mkdir /mnt; mv /srv /srv2")
    BOX.state("t", "stop", force=True)
    PEER.api.operation("PUT", BOX.path("t"), {"restore": "s"})
    PEER.api.operation("POST", BOX.path("t"), {"name": BOX.full("r")})
    BOX.state("r", "start")
    same(before, manifest(bench, "r"), "after the restore")
    suite.equal(BOX.run("r", "ls", "/new")[0], 1, "what was made after the snapshot")
    BOX.delete("r", force=True)
    suite.equal(bench.on_disk(), [], "left on the pool")


def case_snapshot_tree(bench):
    """Snapshots each keep their time, whatever is restored, renamed and deleted."""
    bench.launch("s")
    for number in range(4):
        BOX.run("s", "sh", "-c", f"echo {number} > /n; echo x > /only{number}")
        snapshot("s", f"s{number}")
    BOX.state("s", "stop", force=True)
    link = os.path.join(PEER.directory, "snapshots", BOX.full("s"))
    suite.equal(sorted(os.listdir(link)), ["s0", "s1", "s2", "s3"])
    PEER.api.operation("POST", BOX.path("s", "/snapshots/s1"), {"name": "one"})
    PEER.api.operation("DELETE", BOX.path("s", "/snapshots/s2"))
    for snap, number in (("s0", 0), ("s3", 3), ("one", 1)):
        PEER.api.operation("PUT", BOX.path("s"), {"restore": snap})
        BOX.state("s", "start")
        suite.equal(BOX.run("s", "cat", "/n")[1], f"{number}\n", snap)
        suite.equal(BOX.run("s", "sh", "-c", "ls / | grep -c only")[1], f"{number + 1}\n", snap)
        BOX.state("s", "stop", force=True)
    BOX.delete("s")
    suite.true(not os.path.lexists(link), "the link to the snapshots is gone")
    suite.equal(bench.on_disk(), [], "left on the pool")


def case_running_snapshot(bench):
    bench.launch("l")
    BOX.run("l", "sh", "-c", "echo before > /f")
    snapshot("l", "live")
    BOX.run("l", "sh", "-c", "echo after > /f; chmod 700 /etc; rm /etc/passwd")
    suite.equal(BOX.run("l", "cat", "/f")[1], "after\n")
    PEER.api.operation("PUT", BOX.path("l"), {"restore": "live"})
    if BOX.status("l") != "Running":
        BOX.state("l", "start")
    suite.equal(BOX.run("l", "cat", "/f")[1], "before\n")
    suite.equal(BOX.run("l", "test", "-e", "/etc/passwd")[0], 0)
    BOX.delete("l", force=True)


def case_copies(bench):
    """A copy has everything, its own ids and no ties; of a snapshot what that had."""
    bench.launch("c")
    before = fill(bench, "c")
    snapshot("c", "s")
    BOX.run("c", "rm", "-r", "/tree/folder")
    BOX.state("c", "stop", force=True)
    copy("c", "d", devices=bench.root(), config={"security.idmap.isolated": "true"})
    copy("c/s", "e", devices=bench.root())
    BOX.delete("c")
    BOX.state("d", "start")
    BOX.state("e", "start")
    same(before, manifest(bench, "e"), "the copy of the snapshot")
    suite.equal(BOX.run("d", "ls", "/tree/folder")[0], 1)
    suite.equal(os.listdir(os.path.join(PEER.directory, "snapshots", BOX.full("d"))), ["s"])
    suite.equal(manifest(bench, "d")[b"plain"], before[b"plain"], "a file with the ids of another")
    BOX.run("e", "sh", "-c", "echo > /tree/plain")
    suite.equal(manifest(bench, "d")[b"plain"], before[b"plain"], "after the other one changed")
    for name in ("d", "e"):
        BOX.delete(name, force=True)
    suite.equal(bench.on_disk(), [], "left on the pool")


def case_ids_change(bench):
    """Isolated, privileged and back: owners, ACLs and capabilities stay what they are inside."""
    bench.launch("i")
    before = fill(bench, "i")
    for config in ({"security.idmap.isolated": "true"}, {"security.privileged": "true"}, {}):
        BOX.state("i", "stop", force=True)
        shown = BOX.show("i")
        kept = {key: value for key, value in shown["config"].items()
                if not key.startswith("security.")}
        PEER.api.operation("PUT", BOX.path("i"), {**shown, "config": {**kept, **config}})
        BOX.state("i", "start")
        after = manifest(bench, "i")
        if "security.privileged" in config:
            after = volumetrees.manifest(os.path.join(bench.rootfs("i"), "tree"), 0)
        same(before, after, str(config))
    BOX.delete("i", force=True)


def case_image_goes_first(bench):
    """Instances do not need the image they came from; it comes back as another one."""
    bench.launch("g")
    fingerprint = BOX.image()
    PEER.api.operation("DELETE", f"/1.0/images/{fingerprint}")
    suite.true(not os.path.exists(os.path.join(bench.path, "images", fingerprint)), "it is gone")
    BOX.state("g", "restart", force=True)
    suite.equal(BOX.run("g", "echo", "alive")[1], "alive\n")
    snapshot("g", "s")
    bench.launch("h")
    BOX.delete("g", force=True)
    suite.equal(BOX.run("h", "echo", "alive")[1], "alive\n")
    BOX.delete("h", force=True)
    layers = os.path.join(bench.path, "layers")
    suite.equal(os.listdir(layers) if os.path.exists(layers) else [], [], "images nobody needs")


def case_many_at_once(bench):
    """The image is unpacked once; nothing of eight lives is left."""
    errors = []

    def live(number):
        box = instances.Instances(PEER)
        box.api = api.Api(PEER.socket)
        try:
            box.create(f"m{number}", devices=bench.root())
            box.delete(f"m{number}")
        except Exception as error:  # the thread's end is not the test's
            errors.append(error)

    fingerprint = BOX.image()
    threads = [threading.Thread(target=live, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    suite.equal(errors, [])
    suite.equal(os.listdir(os.path.join(bench.path, "images")), [fingerprint])
    suite.equal(bench.on_disk(), [], "left on the pool")


def case_custom_volume(bench):
    path = bench.volume("v")
    volumetrees.fill(os.path.join(path, "tree"))
    before = volumetrees.manifest(os.path.join(path, "tree"))
    PEER.api.operation("POST", bench.volumes("v", "/snapshots"), {"name": "s"})
    subprocess.run(["rm", "-rf", os.path.join(path, "tree")], check=True)
    PEER.api.sync("PUT", bench.volumes("v"), {"restore": "s"})
    same(before, volumetrees.manifest(os.path.join(path, "tree")), "after the restore")
    PEER.api.operation("POST", f"{POOLS}/{bench.name}/volumes/custom", {
        "name": "w", "source": {"type": "copy", "pool": bench.name, "name": "v"}})
    other = os.path.join(bench.path, "custom/default_w")
    same(before, volumetrees.manifest(os.path.join(other, "tree")), "the copy")
    suite.equal(os.listdir(os.path.join(bench.path, "custom-snapshots/default_w")), ["s"])
    bench.drop("v")
    bench.drop("w")
    suite.equal(bench.on_disk(), [], "left on the pool")


def case_across_pools(bench):
    """To a pool of every driver and back: everything is kept."""
    path = bench.volume("x")
    volumetrees.fill(os.path.join(path, "tree"))
    before = volumetrees.manifest(os.path.join(path, "tree"))
    PEER.api.operation("POST", bench.volumes("x", "/snapshots"), {"name": "s"})
    for driver in DRIVERS:
        other = Bench(driver)
        if driver == bench.driver:
            continue
        PEER.api.operation("POST", f"{POOLS}/{other.name}/volumes/custom", {
            "name": "y", "source": {"type": "copy", "pool": bench.name, "name": "x"}})
        for place in ("custom/default_y", "custom-snapshots/default_y/s"):
            same(before, volumetrees.manifest(os.path.join(other.path, place, "tree")),
                 f"{driver} {place}")
        other.drop("y")
    bench.drop("x")
    suite.equal(bench.on_disk(), [], "left on the pool")


def case_block_volume(bench):
    path = bench.volume("b", content_type="block", size="4MiB")
    image = os.path.join(path, "root.img")
    suite.equal(os.stat(image).st_size, 4 << 20)
    with open(image, "r+b") as stream:
        stream.write(b"first")
    PEER.api.operation("POST", bench.volumes("b", "/snapshots"), {"name": "s"})
    with open(image, "r+b") as stream:
        stream.write(b"other")
    PEER.api.sync("PUT", bench.volumes("b"), {"restore": "s"})
    with open(image, "rb") as stream:
        suite.equal(stream.read(5), b"first")
    PEER.api.sync("PATCH", bench.volumes("b"), {"config": {"size": "8MiB"}})
    suite.equal(os.stat(image).st_size, 8 << 20)
    bench.drop("b")


def case_size(bench):
    """A limit holds for root too, can be raised while it is reached, and never hinders a delete."""
    if bench.driver not in QUOTAS:
        raise suite.Skip("the driver has no sizes")
    BOX.launch("q", devices=bench.root(size="24MiB"))
    fill_up = "dd if=/dev/zero of=/big bs=65536 count=640; sync"
    suite.true(BOX.run("q", "sh", "-c", fill_up)[0] != 0 or
               os.path.getsize(os.path.join(bench.rootfs("q"), "big")) < 24 << 20, "over the size")
    shown = BOX.show("q")
    shown["devices"]["root"]["size"] = "200MiB"
    PEER.api.operation("PUT", BOX.path("q"), shown)
    suite.equal(BOX.run("q", "sh", "-c", fill_up)[0], 0, "after it was raised")
    shown["devices"]["root"]["size"] = "24MiB"
    PEER.api.operation("PUT", BOX.path("q"), shown)
    BOX.state("q", "restart", force=True)
    BOX.delete("q", force=True)
    suite.equal(bench.on_disk(), [], "left on the pool")


def case_longest_names(bench):
    long = "n" * (63 - len(PEER.prefix))
    bench.launch(long)
    snapshot(long, "s" * 63)
    BOX.delete(long, force=True)
    path = bench.volume("v" * 63)
    suite.true(os.path.isdir(path), path)
    bench.drop("v" * 63)


def case_usage(bench):
    if bench.driver not in QUOTAS:
        raise suite.Skip("the driver does not count")
    BOX.launch("u", devices=bench.root(size="100MiB"))
    BOX.run("u", "sh", "-c", "dd if=/dev/urandom of=/big bs=1048576 count=8; sync")
    subprocess.run(["sync", "-f", bench.path], check=True)
    disk = BOX.show("u", 1)["state"]["disk"] or {}
    suite.true(disk.get("root", {}).get("usage", 0) >= 8 << 20, f"usage in {disk}")
    BOX.delete("u", force=True)


def case_killed_in_the_middle(bench):
    """kill -9 while it works: what has a record is whole, nothing else is left."""
    path = bench.volume("k")
    for number in range(400):
        volumetrees.write(os.path.join(path, f"f{number}"), os.urandom(20000))
    before = volumetrees.manifest(path, times=False)

    def make(name, request, body):
        try:
            PEER.api.start("POST", request, {"name": name, **body})
        except (OSError, api.ApiError, api.ProtocolError):
            pass

    for number in range(4):
        source = {"source": {"type": "copy", "pool": bench.name, "name": "k"}}
        if number % 2:
            make(f"s{number}", bench.volumes("k", "/snapshots"), {})
        else:
            make(f"c{number}", f"{POOLS}/{bench.name}/volumes/custom", source)
        threading.Event().wait(0.004 * (number + 1))
        PEER.kill()
        PEER.api.close()
        PEER.start()
    known = {url.rsplit("/", 1)[1] for url in PEER.api.sync(
        "GET", f"{POOLS}/{bench.name}/volumes/custom") if "/snapshots/" not in url}
    snaps = {url.rsplit("/", 1)[1] for url in PEER.api.sync(
        "GET", bench.volumes("k", "/snapshots"))}
    found = bench.on_disk()
    suite.equal({name[15:] for name in found if name.startswith("custom/")}, known)
    for name in known:
        same(before, volumetrees.manifest(os.path.join(bench.path, "custom/default_" + name),
                                    times=False), name)
    folder = os.path.join(bench.path, "custom-snapshots/default_k")
    suite.equal(set(os.listdir(folder)) if os.path.exists(folder) else set(), snaps)
    for name in snaps:
        same(before, volumetrees.manifest(os.path.join(folder, name), times=False), name)
    for name in known:
        bench.drop(name)
    suite.equal(bench.on_disk(), [], "left on the pool")


def case_full_pool(bench):
    """No space: an error, nothing half made, and everything works again afterwards."""
    folder = os.path.join(PEER.base, "small-" + bench.driver)
    config = {"size": "128MiB"}
    if bench.driver != "btrfs":
        os.makedirs(folder)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", folder], check=True)
        config = {"source": folder}
    name = "full" + bench.driver
    PEER.api.sync("POST", POOLS, {"name": name, "driver": bench.driver, "config": config})
    path = os.path.join(PEER.directory, "storage-pools", name)
    try:
        PEER.api.sync("POST", f"{POOLS}/{name}/volumes/custom", {"name": "v"})
        file = os.path.join(path, "custom/default_v/big")
        size = 15 << 20 if bench.driver != "btrfs" else 200 << 20
        try:
            with open(file, "wb") as stream:
                while stream.tell() < size:
                    stream.write(os.urandom(1 << 20))
        except OSError:
            pass
        if bench.driver == "btrfs":
            return
        snapshots = f"{POOLS}/{name}/volumes/custom/v/snapshots"
        status, error = PEER.api.refusal("POST", snapshots, {"name": "s"})
        suite.matches(error, "(?i)no space", f"a snapshot on a full pool ({status})")
        suite.true(not os.path.exists(os.path.join(path, "custom-snapshots/default_v/s")),
                   "the half made snapshot")
        os.truncate(file, 1 << 20)
        PEER.api.operation("POST", snapshots, {"name": "s"})
    finally:
        PEER.api.sync("DELETE", f"{POOLS}/{name}/volumes/custom/v")
        PEER.api.sync("DELETE", f"{POOLS}/{name}")
        if bench.driver != "btrfs":
            subprocess.run(["umount", folder], check=True)


CASES = [name for name in list(globals()) if name.startswith("case_")]


def add(driver, case):
    def test():
        globals()[case](Bench(driver))
    globals()[f"test_{driver}_{case[5:]}"] = test


for each in DRIVERS:
    for one in CASES:
        add(each, one)


def test_pools_go():
    PEER.purge_images()
    for driver in DRIVERS:
        PEER.api.sync("DELETE", f"{POOLS}/p{driver}")
    suite.equal(PEER.api.sync("GET", POOLS), [POOLS + "/default"])


if __name__ == "__main__":
    daemon.run_suite(globals(), "storage drivers: ")
