#!/usr/bin/env python3
"""More than fits: a full disk, many connections, many containers at once, slow and dying clients."""
import os
import resource
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import api  # noqa: E402
import daemon  # noqa: E402
import images  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402

PEER = None
BOX = None
OCTETS = {"Content-Type": "application/octet-stream"}


def setup():
    global BOX
    if BOX is None:
        BOX = instances.Instances(PEER)
        BOX.image()
    PEER.purge()


def test_full_disk_while_unpacking():
    """A pool of 16 MiB and an image that unpacks to 64."""
    folder = os.path.join(PEER.base, "little")
    os.makedirs(folder)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=711", "little", folder], check=True)
    PEER.api.sync("POST", "/1.0/storage-pools", {
        "name": "little", "driver": "dir", "config": {"source": folder}})
    done = PEER.api.operation("POST", "/1.0/images", images.bomb(64), OCTETS)
    fingerprint = done["metadata"]["fingerprint"]
    status, error = PEER.api.refusal("POST", "/1.0/instances", {
        "name": BOX.full("f"), "source": {"type": "image", "fingerprint": fingerprint},
        "devices": {"root": {"type": "disk", "path": "/", "pool": "little"}}})
    suite.true(status >= 400, "the disk is too small")
    suite.matches(error, "(?i)no space left|disk space", "error")
    suite.equal(PEER.api.sync("GET", "/1.0/instances"), [])
    suite.equal(os.listdir(os.path.join(folder, "containers")), [], "nothing is left on the pool")
    PEER.api.operation("DELETE", f"/1.0/images/{fingerprint}")
    PEER.api.sync("DELETE", "/1.0/storage-pools/little")
    subprocess.run(["umount", folder], check=True)


@daemon.ours
def test_ten_thousand_connections():
    """The daemon goes on serving, or refuses politely, and comes back to normal."""
    count = 10000
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 200), hard))
    held = []
    try:
        for _ in range(min(count, hard - 200)):
            try:
                held.append(api.connect(PEER.socket, 5))
            except OSError:
                break  # refused: as good as served
        suite.true(len(held) > 500, f"only {len(held)} connections")
        suite.true(PEER.is_running(), "the daemon lives")
    finally:
        for connection in held:
            connection.close()
    PEER.api.close()
    suite.eventually(lambda: answers(), "it answers again", 20)


def answers():
    try:
        return PEER.api.get("/1.0").status == 200
    except (OSError, api.ProtocolError):
        PEER.api.close()
        return False


@daemon.ours
def test_uploads_do_not_starve_short_requests():
    head = (b"POST /1.0/images HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\n"
            b"Content-Length: 1000000\r\n\r\n")
    held = []
    for _ in range(256):
        connection = api.connect(PEER.socket, 5)
        connection.sendall(head + b"x" * 100)
        held.append(connection)
    before = time.monotonic()
    suite.equal(PEER.api.get("/1.0").status, 200)
    took = time.monotonic() - before
    for connection in held:
        connection.close()
    suite.true(took < 2, f"GET /1.0 took {took:.1f} s behind 256 uploads")
    suite.eventually(lambda: len(os.listdir(os.path.join(PEER.directory, "images"))) <= 1,
                     "the half uploads are gone")


def test_two_gibibyte_header():
    """Sent as far as the daemon wants to read it."""
    sent = 0
    with api.connect(PEER.socket, 20) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
        block = b"a" * (1 << 20)
        try:
            while sent < 2 << 30:
                connection.sendall(block)
                sent += len(block)
        except OSError:
            pass
    suite.true(sent < 64 << 20, f"it read {sent >> 20} MiB of one header")
    suite.eventually(answers, "it answers")


def memory():
    with open(f"/proc/{PEER.pid}/smaps_rollup", encoding="ascii") as stream:
        for line in stream:
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


@daemon.ours
def test_memory_does_not_grow():
    def work():
        for _ in range(300):
            PEER.api.get("/1.0")
            PEER.api.get("/1.0/instances?recursion=2")
            PEER.api.sync("PATCH", "/1.0", {"config": {"user.x": "1" * 1000}})
    # threads, caches and the sanitizer's own tables grow at first
    sizes = []
    for _ in range(4):
        work()
        sizes.append(memory())
    suite.true(min(after - before for before, after in zip(sizes, sizes[1:])) < 2048,
               f"kB after each round: {sizes}")


@daemon.ours
def test_files_do_not_stay_open():
    def count():
        return len(os.listdir(f"/proc/{PEER.pid}/fd"))
    BOX.launch("o")
    before = count()
    for _ in range(5):
        BOX.run("o", "true")
        PEER.api.get(BOX.path("o", "/files?path=/etc/passwd"))
        BOX.state("o", "restart", force=True)
    suite.eventually(lambda: count() <= before + 5, f"{before} open files became {count()}", 10)
    BOX.delete("o", force=True)


def test_many_at_once():
    names = [f"m{number}" for number in range(8)]
    failures = []
    def life(name):
        box = instances.Instances(Second(PEER))
        try:
            box.launch(name)
            if box.run(name, "echo", name)[1] != name + "\n":
                failures.append(f"{name} says something else")
            box.delete(name, force=True)
        except Exception as error:  # is reported below
            failures.append(f"{name}: {error}")
    threads = [threading.Thread(target=life, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    suite.equal(failures, [], "failures")
    suite.equal(PEER.api.sync("GET", "/1.0/instances"), [])


class Second:
    """A connection of its own for a thread."""

    def __init__(self, peer):
        self.prefix = peer.prefix
        self.api = api.Api(peer.socket)


def test_one_name_many_times_at_once():
    results = []
    def create():
        box = instances.Instances(Second(PEER))
        results.append(box.api.refusal("POST", "/1.0/instances", {
            "name": box.full("same"), "source": {"type": "none"}})[0])
    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    suite.equal(results.count(200), 1, f"successes in {sorted(results)}")
    suite.equal(PEER.api.sync("GET", "/1.0/instances"), [BOX.path("same")])


def test_idmaps_do_not_overlap_when_isolated():
    for name in ("i", "j"):
        BOX.create(name, config={"security.idmap.isolated": "true"})
    bases = [int(BOX.show(name)["config"]["volatile.idmap.base"]) for name in ("i", "j")]
    suite.true(abs(bases[0] - bases[1]) >= 65536, f"bases {bases}")


if __name__ == "__main__":
    # freed memory that the address sanitizer keeps for a while is no growth of ours
    quarantine = "quarantine_size_mb=2:thread_local_quarantine_size_kb=16"
    daemon.run_suite(globals(), "limits: ", environment={"ASAN_OPTIONS": ":".join(
        filter(None, [os.environ.get("ASAN_OPTIONS"), quarantine]))})
