#!/usr/bin/env python3
"""limits.* in running containers: in the control groups, at the start and live, and inside."""
import os
import shutil
import socket
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402

PEER = None
BOX = None
CPUS = os.cpu_count()
FOLDER = tempfile.mkdtemp(prefix="berth-cpus-")
NEWS = os.path.join(FOLDER, "uevents")
PAIRS = {"limits.memory": ("memory", "memory.limit_in_bytes", "memory.max"),
         "limits.processes": ("pids", "pids.max", "pids.max"),
         "limits.cpu": ("cpuset", "cpuset.cpus", "cpuset.cpus")}


def setup():
    global BOX
    if BOX is None:
        BOX = instances.Instances(PEER)
        BOX.image()


def directory(name, controller):
    """The container's group of a controller (v1 or v2)."""
    pid = BOX.peer.api.sync("GET", BOX.path(name, "/state"))["pid"]
    with open(f"/proc/{pid}/cgroup", encoding="ascii") as stream:
        lines = [line.rstrip("\n").split(":", 2) for line in stream]
    found = {part: path for _, parts, path in lines for part in parts.split(",")}
    path = found.get(controller)
    top = f"/sys/fs/cgroup/{controller}" if path else "/sys/fs/cgroup"
    head, mark, tail = (path or found[""]).partition("lxc.payload.")
    return top + head + mark + tail.partition("/")[0], bool(path)


def value(name, controller, *files):
    """What the first of the files that is there holds; None when none is."""
    folder, _ = directory(name, controller)
    for file in files:
        path = os.path.join(folder, file)
        if os.path.exists(path):
            with open(path, encoding="ascii") as stream:
                return stream.read().strip()
    return None


def change(name, **keys):
    config = {key.replace("__", "."): text for key, text in keys.items()}
    PEER.api.sync("PATCH", BOX.path(name), {"config": config})


def test_memory_is_limited_and_changed_live():
    BOX.launch("m", config={"limits.memory": "64MiB", "limits.memory.swap.priority": "3"})
    files = ("memory.limit_in_bytes", "memory.max")
    suite.equal(value("m", "memory", *files), str(64 << 20))
    # v1 limits both together, v2 swap alone
    suite.true(value("m", "memory", "memory.memsw.limit_in_bytes", "memory.swap.max")
               in (str(64 << 20), "0"), "no swap beyond the limit")
    suite.true(value("m", "memory", "memory.swappiness") in ("67", None), "swappiness")
    change("m", limits__memory="128MiB")
    suite.equal(value("m", "memory", *files), str(128 << 20))
    change("m", limits__memory="48MiB")
    suite.equal(value("m", "memory", *files), str(48 << 20))
    change("m", limits__memory="10%")
    with open("/proc/meminfo", encoding="ascii") as stream:
        total = int(stream.readline().split()[1]) * 1024
    suite.true(abs(int(value("m", "memory", *files)) - total // 10) < 1 << 20, "a tenth")


def unlimited(*files):
    text = value("m", "memory", *files)
    return text == "max" or int(text) > 1 << 50


def test_soft_memory():
    change("m", limits__memory="50MiB", limits__memory__enforce="soft")
    suite.true(unlimited("memory.limit_in_bytes", "memory.max"), "no hard limit")
    suite.equal(value("m", "memory", "memory.soft_limit_in_bytes", "memory.low"), str(50 << 20))
    change("m", limits__memory__enforce="", limits__memory__swap="false")
    suite.equal(value("m", "memory", "memory.swappiness", "memory.swap.max"), "0")


def test_memory_kills():
    """Beyond a hard limit the kernel ends what asked for it."""
    change("m", limits__memory="24MiB", limits__memory__swap="")
    code, _, _ = BOX.run("m", "sh", "-c", "x=$(head -c 60000000 /dev/zero | tr '\\0' a); echo ${#x}")
    suite.true(code != 0, "60 MB do not fit into 24 MiB")


def test_state_follows():
    state = PEER.api.sync("GET", BOX.path("m", "/state"))
    suite.true(0 < state["memory"]["usage"] <= 24 << 20, f"usage {state['memory']}")
    suite.true(state["memory"]["usage_peak"] >= state["memory"]["usage"], "peak")
    suite.true(state["cpu"]["usage"] > 0, "processor time")
    before = state["processes"]
    started = PEER.api.start("POST", BOX.path("m", "/exec"), {
        "command": ["sh", "-c", "for i in 1 2 3 4 5 6; do sleep 60 & done; wait"],
        "wait-for-websocket": False, "interactive": False, "environment": {}})
    suite.eventually(lambda: PEER.api.sync("GET", BOX.path("m", "/state"))["processes"] > before + 3,
                     "more processes")
    BOX.run("m", "killall", "sleep")
    PEER.api.sync("GET", f"/1.0/operations/{started['id']}/wait?timeout=20")


def test_processes():
    change("m", limits__processes="24")
    suite.equal(value("m", "pids", "pids.max"), "24")
    code, _, error = BOX.run("m", "sh", "-c", "for i in $(seq 40); do sleep 3 & done")
    suite.true(code != 0 or "fork" in error, "more than there may be")
    suite.eventually(lambda: int(value("m", "pids", "pids.current")) < 10, "they have ended")
    change("m", limits__processes="")
    suite.equal(value("m", "pids", "pids.max"), "max")


def test_processor_shares():
    change("m", limits__cpu__allowance="40%", limits__cpu__priority="5")
    suite.true(value("m", "cpu", "cpu.shares", "cpu.weight") in ("404", "35"), "shares")
    change("m", limits__cpu__allowance="20ms/200ms", limits__cpu__priority="")
    found = value("m", "cpu", "cpu.max") or " ".join(
        value("m", "cpu", file) for file in ("cpu.cfs_quota_us", "cpu.cfs_period_us"))
    suite.equal(found, "20000 200000")
    change("m", limits__cpu__allowance="")
    found = value("m", "cpu", "cpu.max") or value("m", "cpu", "cpu.cfs_quota_us")
    suite.true(found in ("-1", "max 100000"), "no quota")


def test_disk_priority():
    files = ("blkio.weight", "blkio.bfq.weight", "io.weight", "io.bfq.weight")
    if value("m", "blkio", *files) is None:
        raise suite.Skip("the kernel has no weights for disks")
    change("m", limits__disk__priority="3")
    suite.contains(value("m", "blkio", *files), "300")
    change("m", limits__disk__priority="0")
    suite.contains(value("m", "blkio", *files), "10")
    change("m", limits__disk__priority="")
    suite.true("10" in value("m", "blkio", *files) or "500" in value("m", "blkio", *files), "default")
    BOX.delete("m", force=True)


def cpus(name):
    text = value(name, "cpuset", "cpuset.cpus")
    found = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def test_processors_are_shared_out():
    """Counted claims spread, and spread anew when others come and go."""
    if CPUS < 2:
        raise suite.Skip("one processor")
    for name in ("a", "b"):
        BOX.launch(name, config={"limits.cpu": "1"})
    suite.equal(len(cpus("a")), 1)
    suite.true(cpus("a") != cpus("b"), f"both have {cpus('a')}")
    suite.equal(BOX.run("a", "nproc")[1], "1\n")
    change("b", limits__cpu="0")
    change("b", limits__cpu="")
    suite.equal(cpus("b"), set(range(CPUS)), "without a limit")
    taken = cpus("a")
    # who is pinned to another's processor makes that one move
    change("b", limits__cpu=f"{min(taken)}-{min(taken)}")
    suite.equal(cpus("b"), taken, "pinned")
    suite.true(cpus("a").isdisjoint(taken), "the counted one has moved")
    BOX.state("b", "stop", force=True)
    suite.equal(len(cpus("a")), 1)


@daemon.ours
def test_processors_after_a_restart_of_the_daemon():
    if CPUS < 2:
        raise suite.Skip("one processor")
    before = cpus("a")
    PEER.restart()
    suite.equal(cpus("a"), before, "it keeps its place")
    change("b", limits__cpu="1")
    BOX.state("b", "start")
    suite.true(cpus("a") != cpus("b"), "the new one goes elsewhere")
    for name in ("a", "b"):
        BOX.delete(name, force=True)


def online(text, action):
    """What the kernel says when a processor goes or comes."""
    with open(os.path.join(FOLDER, "online"), "w", encoding="ascii") as stream:
        stream.write(text + "\n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as news:
        news.connect(NEWS)
        news.send(f"{action}@/devices/system/cpu/cpu1\0ACTION={action}\0SUBSYSTEM=cpu\0".encode())


@daemon.ours
def test_processors_come_and_go():
    if CPUS < 2:
        raise suite.Skip("one processor")
    for name, config in (("a", {"limits.cpu": "1"}), ("b", {"limits.cpu": "1"}), ("c", {})):
        BOX.launch(name, config=config)
    suite.equal(cpus("a") | cpus("b"), {0, 1})
    online("0", "offline")
    suite.eventually(lambda: cpus("a") == cpus("b") == cpus("c") == {0}, "all have what is left")
    online("0-1", "online")
    suite.eventually(lambda: cpus("a") | cpus("b") == cpus("c") == {0, 1}, "all is given back")
    for name in ("a", "b", "c"):
        BOX.delete(name, force=True)


def test_kernel_limits():
    BOX.launch("k", config={"limits.kernel.nofile": "200:300", "limits.kernel.core": "0"})
    suite.equal(BOX.run("k", "sh", "-c", "ulimit -n; ulimit -Hn")[1], "200\n300\n")
    with open(f"/proc/{PEER.api.sync('GET', BOX.path('k', '/state'))['pid']}/limits",
              encoding="ascii") as stream:
        suite.matches(stream.read(), r"Max open files\s+200\s+300")
    BOX.delete("k", force=True)


def test_every_kernel_limit():
    names = {"limits.kernel.as": "Max address space", "limits.kernel.core": "Max core file size",
             "limits.kernel.cpu": "Max cpu time", "limits.kernel.data": "Max data size",
             "limits.kernel.fsize": "Max file size", "limits.kernel.locks": "Max file locks",
             "limits.kernel.memlock": "Max locked memory", "limits.kernel.nice": "Max nice priority",
             "limits.kernel.nproc": "Max processes", "limits.kernel.rtprio": "Max realtime priority",
             "limits.kernel.sigpending": "Max pending signals"}
    large, small = "800000000", {"limits.kernel.nice": "0", "limits.kernel.rtprio": "0",
                                 "limits.kernel.nproc": "90000", "limits.kernel.memlock": "1000000",
                                 "limits.kernel.sigpending": "900",
                                 # the daemon's own sanitizers need room
                                 "limits.kernel.as": "unlimited", "limits.kernel.data": "unlimited"}
    BOX.launch("k", config={key: small.get(key, large) for key in names})
    with open(f"/proc/{PEER.api.sync('GET', BOX.path('k', '/state'))['pid']}/limits",
              encoding="ascii") as stream:
        text = stream.read()
    for key, name in names.items():
        suite.matches(text, rf"{name} +{small.get(key, large)} +{small.get(key, large)} ", key)
    BOX.delete("k", force=True)


def test_a_percentage_of_a_profile():
    """A limit that comes from a profile follows the profile, live."""
    PEER.api.sync("POST", "/1.0/profiles", {"name": "small", "config": {"limits.memory": "32MiB"}})
    BOX.launch("p", profiles=["default", "small"])
    files = ("memory.limit_in_bytes", "memory.max")
    suite.equal(value("p", "memory", *files), str(32 << 20))
    PEER.api.sync("PATCH", "/1.0/profiles/small", {"config": {"limits.memory": "40MiB"}})
    suite.equal(value("p", "memory", *files), str(40 << 20))
    BOX.delete("p", force=True)
    PEER.api.sync("DELETE", "/1.0/profiles/small")


if __name__ == "__main__":
    with open(os.path.join(FOLDER, "online"), "w", encoding="ascii") as start:
        start.write(f"0-{CPUS - 1}\n")
    try:
        daemon.run_suite(globals(), "resources: ", environment={
            "BERTH_TEST_CPUS": FOLDER, "BERTH_TEST_UEVENTS": NEWS})
    finally:
        shutil.rmtree(FOLDER)
