#!/usr/bin/env python3
"""security.*, raw.*, linux.*, nvidia.*, environment.*: their effect in running containers."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import images  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402

PEER = None
BOX = None
HOOKS = os.path.join("/tmp", f"berth-hooks-{os.getpid()}")


def setup():
    global BOX
    if BOX is None:
        BOX = instances.Instances(PEER)
        BOX.image()


def init(name):
    return PEER.api.sync("GET", BOX.path(name, "/state"))["pid"]


def status(name, key):
    with open(f"/proc/{init(name)}/status", encoding="ascii") as stream:
        return next(line.split()[1] for line in stream if line.startswith(key + ":"))


def uid_map(name):
    with open(f"/proc/{init(name)}/uid_map", encoding="ascii") as stream:
        return [tuple(map(int, line.split())) for line in stream]


def test_isolated_ranges_do_not_meet():
    for name in ("a", "b"):
        BOX.launch(name, config={"security.idmap.isolated": "true", "security.idmap.size": "70000"})
    (_, first, size), = uid_map("a")
    (_, second, _), = uid_map("b")
    suite.equal(size, 70000)
    suite.true(abs(first - second) >= 70000, f"{first} and {second}")
    # what one gives up the next one gets
    BOX.delete("a", force=True)
    BOX.launch("c", config={"security.idmap.isolated": "true", "security.idmap.size": "70000"})
    suite.equal(uid_map("c")[0][1], first, "the freed range")
    for name in ("b", "c"):
        BOX.delete(name, force=True)


def test_a_base_of_ones_own():
    BOX.launch("a", config={"security.idmap.isolated": "true", "security.idmap.base": "2000000"})
    suite.equal(uid_map("a"), [(0, 2000000, 65536)])
    suite.equal(BOX.run("a", "id", "-u")[1], "0\n")
    BOX.delete("a", force=True)


def test_raw_idmap():
    BOX.launch("r", config={"raw.idmap": "both 1000 1000"})
    suite.true((1000, 1000, 1) in uid_map("r"), f"map {uid_map('r')}")
    shared = os.path.join(PEER.base, "shared")
    os.makedirs(shared)
    os.chown(shared, 1000, 1000)
    PEER.api.sync("PATCH", BOX.path("r"), {"devices": {
        "s": {"type": "disk", "source": shared, "path": "/s"}}})
    suite.equal(BOX.run("r", "stat", "-c", "%u", "/s")[1], "1000\n", "owner of what is shared")
    BOX.delete("r", force=True)


def test_privileged():
    BOX.launch("p", config={"security.privileged": "true"})
    suite.equal(uid_map("p"), [(0, 0, 4294967295)])
    suite.equal(int(status("p", "CapBnd"), 16) >> 16 & 1, 0, "no modules")
    BOX.delete("p", force=True)


def test_protections():
    BOX.create("p", config={"security.protection.delete": "true"})
    PEER.refused(400, "Container is protected", "DELETE", BOX.path("p"))
    PEER.api.sync("PATCH", BOX.path("p"), {"config": {
        "security.protection.delete": "false", "security.protection.start": "true"}})
    if not daemon.is_lxd():
        PEER.refused(400, "protected from being started", "PUT", BOX.path("p", "/state"),
                     {"action": "start", "timeout": 30})
    BOX.delete("p")


def test_system_calls():
    BOX.launch("s", config={"security.syscalls.deny": "mkdir errno 1\nmkdirat errno 1"})
    suite.equal(status("s", "Seccomp"), "2")
    code, _, error = BOX.run("s", "mkdir", "/x")
    suite.true(code != 0 and "not permitted" in error, error)
    BOX.delete("s", force=True)
    BOX.launch("s", config={"security.syscalls.deny_default": "false"})
    suite.equal(status("s", "Seccomp"), "0")
    BOX.delete("s", force=True)
    BOX.launch("s", config={"raw.seccomp": "2\ndenylist\n[all]\nrmdir errno 5\n"})
    code, _, error = BOX.run("s", "sh", "-c", "mkdir /x && rmdir /x")
    suite.true(code != 0 and "Input/output error" in error, error)
    BOX.delete("s", force=True)


def test_what_cannot_stand_together():
    for config, text in (
            ({"raw.seccomp": "2", "security.syscalls.deny": "x"}, "mutually exclusive"),
            ({"security.syscalls.allow": "x", "security.syscalls.deny": "y"}, "mutually exclusive"),
            ({"security.syscalls.allow": "x", "security.syscalls.whitelist": "y"},
             "Mutually exclusive keys"),
            ({"security.privileged": "true", "nvidia.runtime": "true"},
             "nvidia.runtime is incompatible with privileged containers")):
        PEER.refused(400, text, "POST", "/1.0/instances", {
            "name": BOX.full("x"), "source": {"type": "none"}, "config": config})


def test_sysctl_and_environment():
    BOX.launch("e", config={"linux.sysctl.net.ipv4.ip_forward": "1", "environment.WORD": "a b"})
    suite.equal(BOX.run("e", "cat", "/proc/sys/net/ipv4/ip_forward")[1], "1\n")
    suite.equal(BOX.run("e", "sh", "-c", "echo $WORD")[1], "a b\n")
    with open(f"/proc/{init('e')}/environ", "rb") as stream:
        suite.true(b"WORD=a b" in stream.read().split(b"\0"), "the first process has it too")
    PEER.api.sync("PATCH", BOX.path("e"), {"config": {"environment.WORD": "new"}})
    suite.equal(BOX.run("e", "sh", "-c", "echo $WORD")[1], "new\n", "live for commands")
    BOX.delete("e", force=True)


def test_kernel_modules():
    """What is built in or loaded is there; what cannot be had keeps the container down."""
    BOX.launch("k", config={"linux.kernel_modules": "loop, fuse"})
    PEER.refused(400, "Failed to load kernel module 'no-such-module'", "PATCH", BOX.path("k"),
                 {"config": {"linux.kernel_modules": "no-such-module"}})
    BOX.state("k", "stop", force=True)
    PEER.api.sync("PATCH", BOX.path("k"), {"config": {"linux.kernel_modules": "no-such-module"}})
    PEER.refused(400, "Failed to load kernel module 'no-such-module'", "PUT",
                 BOX.path("k", "/state"), {"action": "start", "timeout": 30})
    BOX.delete("k")


def test_raw_lxc():
    BOX.launch("l", config={"raw.lxc": "lxc.environment = RAW=1\nlxc.signal.halt = SIGINT"})
    with open(f"/proc/{init('l')}/environ", "rb") as stream:
        suite.true(b"RAW=1" in stream.read().split(b"\0"), "in the environment of init")
    for line, text in (("lxc.prlimit.nofile = 3", "Process limits should be set via"),
                       ("lxc.ephemeral = 1", "Setting lxc.ephemeral is not allowed"),
                       ("lxc.net.0.type = veth", "Only interface-specific ipv4/ipv6 lxc.net. keys")):
        PEER.refused(400, text, "PATCH", BOX.path("l"), {"config": {"raw.lxc": line}})
    BOX.delete("l", force=True)


def test_nvidia():
    """The hook is asked to run with what the keys say; without it nothing starts."""
    BOX.create("n", config={"nvidia.runtime": "true", "nvidia.require.cuda": ">=9",
                            "nvidia.driver.capabilities": "compute",
                            "nvidia.require.driver": ">=1"})
    PEER.refused(400, "The NVIDIA LXC hook couldn't be found", "PUT", BOX.path("n", "/state"),
                 {"action": "start", "timeout": 30})
    os.makedirs(HOOKS)
    for name in ("nvidia", "nvidia-container-cli"):
        path = os.path.join(HOOKS, name)
        with open(path, "w", encoding="ascii") as stream:
            stream.write(f'#!/bin/sh\necho "$NVIDIA_VISIBLE_DEVICES $NVIDIA_DRIVER_CAPABILITIES'
                         f' $NVIDIA_REQUIRE_CUDA $NVIDIA_REQUIRE_DRIVER" > {PEER.base}/said\n')
        os.chmod(path, 0o755)
    said = os.path.join(PEER.base, "said")
    with open(said, "w", encoding="ascii"):
        os.chmod(said, 0o666)
    BOX.state("n", "start")
    with open(said, encoding="ascii") as stream:
        suite.equal(stream.read(), "none compute >=9 >=1\n")
    BOX.delete("n", force=True)


@daemon.ours
def test_protection_against_shifting():
    """Where the kernel may not map, owners on disk would have to change: not with this key."""
    PEER.extra["LXD_IDMAPPED_MOUNTS_DISABLE"] = "1"
    PEER.restart()
    BOX.create("p", config={"security.protection.shift": "true"})
    PEER.refused(400, "Container is protected against filesystem shifting", "PUT",
                 BOX.path("p", "/state"), {"action": "start", "timeout": 30})
    PEER.api.sync("PATCH", BOX.path("p"), {"config": {"security.protection.shift": "false"}})
    BOX.state("p", "start")
    suite.equal(BOX.run("p", "stat", "-c", "%u", "/etc")[1], "0\n")
    BOX.delete("p", force=True)
    del PEER.extra["LXD_IDMAPPED_MOUNTS_DISABLE"]
    PEER.restart()


INSIDE = """
import os, sys
sys.path.insert(0, "/tests/lib")
import daemon, images, instances
images.made = lambda system, suffix: "/images/" + system + suffix
peer = daemon.Daemon()
box = instances.Instances(peer)
for config in ({}, {"security.privileged": "true"}):
    box.launch("i", config=config)
    print(box.run("i", "sh", "-c", "id -u; read a b c < /proc/self/uid_map; echo $b"))
    box.delete("i", force=True)
peer.stop()
"""


@daemon.ours
def test_a_daemon_inside():
    """The host's programs on a container's files: the same daemon, its containers, all the way."""
    images.made("busybox", ".tar.gz")
    sources = {"/usr": "/usr", "/build": daemon.build_directory(),
               "/tests": os.path.join(daemon.TOP, "tests"), "/images": images.FOLDER}
    BOX.launch("outer", config={"security.nesting": "true"}, devices={
        path.strip("/"): {"type": "disk", "source": source, "path": path, "readonly": "true"}
        for path, source in sources.items()})
    PEER.api.request("POST", BOX.path("outer", "/files?path=/inside.py"), INSIDE.encode())
    code, out, error = BOX.run(
        "outer", "sh", "-c", "ln -s usr/lib /lib; ln -s usr/lib64 /lib64; mkdir -p /root /tmp;"
        " PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root BERTH_BUILD=/build python3 -B /inside.py 2>&1")
    suite.equal(code, 0, f"exit code ({out}{error})")
    unprivileged, privileged = out.strip().split("\n")
    suite.contains(unprivileged, "0\\n65536\\n")
    suite.matches(privileged, r"0\\n\d+\\n")
    BOX.delete("outer", force=True)


if __name__ == "__main__":
    try:
        daemon.run_suite(globals(), "security: ", environment={
            "LXD_LXC_HOOK": HOOKS, "PATH": os.environ["PATH"] + ":" + HOOKS})
    finally:
        subprocess.run(["rm", "-rf", HOOKS], check=False)
