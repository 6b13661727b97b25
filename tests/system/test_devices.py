#!/usr/bin/env python3
"""Devices in containers that run: nodes, mounts, coming and going, and nothing left behind."""
import os
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402

PEER = None
BOX = None
MONITOR = tempfile.mkdtemp(prefix="berth-devices-")
FUSE = os.makedev(10, 229)


def setup():
    global BOX
    if BOX is None:
        BOX = instances.Instances(PEER)
        BOX.image()
    PEER.purge()
    for name in os.listdir(MONITOR):
        subprocess.run(["rm", "-rf", os.path.join(MONITOR, name)], check=True)


def node(name, number=FUSE, kind=stat.S_IFCHR):
    path = os.path.join(MONITOR, name)
    os.mknod(path, kind | 0o660, number)
    return path


def devices(name, change):
    """Changes the devices of an instance: None removes one."""
    whole = BOX.show(name)
    for device, config in change.items():
        if config is None:
            whole["devices"].pop(device)
        else:
            whole["devices"][device] = config
    PEER.api.operation("PUT", BOX.path(name), whole)


def refused(name, device, config, text):
    local = {**BOX.show(name)["devices"], device: config}
    status, error = PEER.api.refusal("PATCH", BOX.path(name), {"devices": local})
    suite.matches(error, text, f"error for {config}")
    suite.true(status >= 400, "it is refused")


def inside(name, *command):
    code, out, err = BOX.run(name, *command)
    suite.equal(code, 0, f"{command}: {out}{err}")
    return out.strip()


def is_inside(name, path):
    return BOX.run(name, "test", "-e", path)[0] == 0


def entries(name):
    path = os.path.join(PEER.directory, "devices", BOX.full(name))
    return sorted(os.listdir(path)) if os.path.isdir(path) else []


def test_nodes_of_both_types():
    BOX.launch("n")
    for kind, letter, bits in (("unix-char", "c", stat.S_IFCHR), ("unix-block", "b", stat.S_IFBLK)):
        source = node("test-" + letter, kind=bits, number=0)
        described = "%F %a %t %T %u %g"
        word = "character" if letter == "c" else "block"
        devices("n", {"test-dev1": {"type": kind, "source": source, "path": "/tmp/testdev"}})
        suite.equal(inside("n", "stat", "-c", described, "/tmp/testdev"),
                    f"{word} special file 660 0 0 0 0")
        suite.contains(inside("n", "mount"), "/tmp/testdev")
        suite.equal(entries("n"), ["unix.test--dev1.tmp-testdev"])
        # a second one for the same place: its node is made, the first one stays in place
        devices("n", {"test-dev2": {"type": kind, "source": source, "path": "/tmp/testdev",
                                    "major": "1", "minor": "1", "mode": "600", "uid": "5",
                                    "gid": "6"}})
        suite.equal(inside("n", "stat", "-c", described, "/tmp/testdev"),
                    f"{word} special file 660 0 0 0 0")
        suite.equal(len(entries("n")), 2)
        devices("n", {"test-dev2": None})
        suite.true(is_inside("n", "/tmp/testdev"), "the first one stays")
        devices("n", {"test-dev1": None})
        suite.true(not is_inside("n", "/tmp/testdev"), "it is gone")
        suite.equal(entries("n"), [])
        devices("n", {"owned": {"type": kind, "path": "/tmp/owned", "major": "1", "minor": "3",
                                "mode": "0604", "uid": "5", "gid": "6"}})
        BOX.state("n", "stop", force=True)
        suite.equal(entries("n"), [])
        BOX.state("n", "start")
        suite.equal(inside("n", "stat", "-c", described, "/tmp/owned"),
                    f"{word} special file 604 1 3 5 6")
        devices("n", {"owned": None})


def test_node_works():
    BOX.launch("w")
    devices("w", {"z": {"type": "unix-char", "source": "/dev/zero", "path": "/dev/my zero"}})
    suite.equal(inside("w", "sh", "-c", "head -c 4 '/dev/my zero' | od -An -tx1"), "00 00 00 00")


def test_privileged_rules():
    BOX.launch("p", config={"security.privileged": "true"})
    devices("p", {"m": {"type": "unix-char", "source": "/dev/kmsg", "path": "/dev/kmsg2"}})
    group = f"/sys/fs/cgroup/devices/lxc.payload.{BOX.full('p')}/devices.list"
    if os.path.exists(group):
        suite.contains(open(group, encoding="ascii").read(), "c 1:11 rwm")
    devices("p", {"m": None})
    if os.path.exists(group):
        suite.true("c 1:11 rwm" not in open(group, encoding="ascii").read(), "it is denied again")
    devices("p", {"m": {"type": "unix-char", "source": "/dev/kmsg", "path": "/dev/kmsg2"}})
    BOX.state("p", "restart", force=True)
    inside("p", "sh", "-c", "exec 3</dev/kmsg2")


def test_refusals():
    BOX.launch("r")
    source = node("char")
    prefix = 'Failed to start device "x": '
    for config, text in (
            ({"type": "unix-char"}, 'Invalid devices: Device validation failed for "x": Unix device '
                                    'entry is missing the required "source" or "path" property'),
            ({"type": "unix-char", "path": "/tmp/missing"}, prefix + "The required device path "
             "doesn't exist and the major and minor settings are not specified"),
            ({"type": "unix-block", "source": source}, prefix + "Path specified is not a unix-block "
                                                                "device"),
            ({"type": "unix-char", "source": source, "major": "1"},
             prefix + "Both major and minor must be supplied for device: " + source),
            ({"type": "unix-char", "source": source, "mode": "9"}, "Invalid value for an octal "
                                                                   "file mode"),
            ({"type": "unix-char", "source": "/tmp/x", "required": "false"},
             prefix + 'Failed to add "/tmp/x" to watch targets: Path needs to be in ' + MONITOR),
            ({"type": "unix-char", "source": source, "foo": "bar"}, 'Invalid device option "foo"')):
        refused("r", "x", config, text)
    suite.equal(entries("r"), [])
    suite.equal(BOX.show("r")["devices"], {})


if __name__ == "__main__":
    daemon.run_suite(globals(), "devices ", environment={"LXD_DEVMONITOR_DIR": MONITOR})
