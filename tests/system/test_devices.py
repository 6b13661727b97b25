#!/usr/bin/env python3
"""Devices in containers that run: nodes, mounts, coming and going, and nothing left behind."""
import atexit
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import hosttree  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402

PEER = None
BOX = None
MONITOR = tempfile.mkdtemp(prefix="berth-devices-")
ROOT = os.path.join(MONITOR, "root")
NEWS = os.path.join(MONITOR, "news")
FUSE = os.makedev(10, 229)


def prepare():
    os.chmod(MONITOR, 0o700)
    if daemon.is_lxd():  # it wants a mount there
        subprocess.run(["mount", "-t", "tmpfs", "devices", MONITOR], check=True)
    atexit.register(clean_up)


def clean_up():
    if daemon.is_lxd():
        subprocess.run(["umount", "-l", MONITOR], check=False)
    shutil.rmtree(MONITOR, ignore_errors=True)


def setup():
    global BOX
    if BOX is None:
        BOX = instances.Instances(PEER)
        BOX.image()
    PEER.purge()
    for name in os.listdir(MONITOR):
        if name == "news":
            continue
        subprocess.run(["rm", "-rf", os.path.join(MONITOR, name)], check=True)


def tell(event):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as news:
        news.sendto(event, NEWS)


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
    zero = node("zero", os.makedev(1, 5))
    devices("w", {"z": {"type": "unix-char", "source": zero, "path": "/dev/my zero"}})
    suite.equal(inside("w", "sh", "-c", "head -c 4 '/dev/my zero' | od -An -tx1"), "00 00 00 00")


def test_privileged_rules():
    BOX.launch("p", config={"security.privileged": "true"})
    kmsg = node("kmsg", os.makedev(1, 11))
    devices("p", {"m": {"type": "unix-char", "source": kmsg, "path": "/dev/kmsg2"}})
    group = f"/sys/fs/cgroup/devices/lxc.payload.{BOX.full('p')}/devices.list"
    if os.path.exists(group):
        suite.contains(open(group, encoding="ascii").read(), "c 1:11 rwm")
    devices("p", {"m": None})
    if os.path.exists(group):
        suite.true("c 1:11 rwm" not in open(group, encoding="ascii").read(), "it is denied again")
    devices("p", {"m": {"type": "unix-char", "source": kmsg, "path": "/dev/kmsg2"}})
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
            ({"type": "unix-char", "path": "/tmp/x", "required": "false"},
             prefix + 'Failed to add "/tmp/x" to watch targets: Path needs to be in ' + MONITOR),
            ({"type": "unix-char", "source": "/tmp/x"}, 'Device validation failed for "x": Invalid '
             'value for device option "source": Path needs to be in ' + MONITOR),
            ({"type": "unix-char", "source": source, "foo": "bar"}, 'Invalid device option "foo"')):
        refused("r", "x", config, text)
    suite.equal(entries("r"), [])
    suite.equal(BOX.show("r")["devices"], {})


def dynamic(name, path):
    suite.eventually(lambda: is_inside(name, path), f"{path} appears in {name}", 5)
    suite.equal(inside(name, "stat", "-c", "%F %a %t %T", path),
                "character special file 660 a e5")


def gone(name, path):
    suite.eventually(lambda: not is_inside(name, path), f"{path} goes from {name}", 5)
    suite.eventually(lambda: not entries(name), "its entry goes", 5)


def test_nodes_that_come_and_go():
    path = os.path.join(MONITOR, "later")
    config = {"type": "unix-char", "source": path, "path": "/tmp/later", "required": "false"}
    BOX.create("a", devices={"d": config})
    BOX.create("b", devices={"d": {**config, "path": "/tmp/other"}})
    for name in ("a", "b"):
        BOX.state(name, "start")
        suite.equal(entries(name), [])
    node("later")
    dynamic("a", "/tmp/later")
    dynamic("b", "/tmp/other")
    BOX.state("b", "stop", force=True)
    os.unlink(path)
    gone("a", "/tmp/later")
    # what changes while the daemon is away is caught up
    PEER.restart()
    node("later")
    dynamic("a", "/tmp/later")
    if daemon.is_lxd():  # it notices what it sees only
        os.unlink(path)
    else:
        PEER.terminate()
        os.unlink(path)
        PEER.start()
    gone("a", "/tmp/later")
    # in a directory that appears with it
    deeper = os.path.join(path, "sub/deep")
    devices("a", {"d": {**config, "source": deeper}})
    os.makedirs(os.path.dirname(deeper))
    node("later/sub/deep")
    dynamic("a", "/tmp/later")
    subprocess.run(["rm", "-r", path], check=True)
    gone("a", "/tmp/later")
    if daemon.is_lxd():  # it does not see the next one
        return
    # a directory that is moved into place
    os.makedirs(os.path.join(MONITOR, "aside/sub"))
    node("aside/sub/deep")
    os.rename(os.path.join(MONITOR, "aside"), path)
    dynamic("a", "/tmp/later")
    devices("a", {"d": None})
    gone("a", "/tmp/later")


def source(name):
    path = os.path.join(MONITOR, "source", name)
    os.makedirs(path)
    with open(os.path.join(path, "file"), "w", encoding="ascii") as stream:
        stream.write("hello\n")
    os.chown(os.path.join(path, "file"), 123, 456)
    return path


def test_disks_live_and_at_the_start():
    BOX.launch("d")
    plain, nested = source("plain"), source("nested")
    config = {"type": "disk", "source": plain, "path": "/mnt/new dir"}
    devices("d", {"plain": config})
    for again in (False, True):
        if again:
            BOX.state("d", "restart", force=True)
        suite.equal(inside("d", "cat", "/mnt/new dir/file"), "hello")
        suite.equal(inside("d", "stat", "-c", "%u:%g", "/mnt/new dir/file"), "65534:65534")
        suite.equal(entries("d"), ["disk.plain.mnt-new dir"])
    os.makedirs(os.path.join(plain, "in"))
    devices("d", {"plain": {**config, "readonly": "true"},
                  "in": {"type": "disk", "source": nested, "path": "/mnt/new dir/in"}})
    suite.true(BOX.run("d", "touch", "/mnt/new dir/x")[0] != 0, "it is read-only")
    suite.equal(inside("d", "cat", "/mnt/new dir/in/file"), "hello")
    devices("d", {"in": None, "plain": None})
    suite.equal(entries("d"), [])
    suite.true(not is_inside("d", "/mnt/new dir"), "the empty directory is gone too")


@daemon.ours
def test_disk_with_the_owners_inside():
    """LXD finds no way to do it on this kernel."""
    BOX.launch("s")
    devices("s", {"s": {"type": "disk", "source": source("s"), "path": "/srv", "shift": "true"}})
    suite.equal(inside("s", "stat", "-c", "%u:%g", "/srv/file"), "123:456")
    inside("s", "sh", "-c", "echo x > /srv/new")
    BOX.state("s", "restart", force=True)
    suite.equal(inside("s", "stat", "-c", "%u:%g", "/srv/file"), "123:456")
    suite.equal(os.stat(os.path.join(MONITOR, "source/s/new")).st_uid, 0)


def test_files_as_disks():
    BOX.launch("f")
    plain = source("f")
    with open(os.path.join(plain, "empty"), "w", encoding="ascii"):
        pass
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(os.path.join(plain, "sock"))
    devices("f", {name: {"type": "disk", "source": path, "path": "/root/" + name}
                  for name, path in (("zero", "/dev/zero"), ("sock", os.path.join(plain, "sock")),
                                     ("file", os.path.join(plain, "file")))})
    for _ in range(2):
        suite.equal(inside("f", "stat", "-c", "%F", "/root/zero"), "character special file")
        suite.equal(inside("f", "stat", "-c", "%F", "/root/sock"), "socket")
        suite.equal(inside("f", "cat", "/root/file"), "hello")
        BOX.state("f", "restart", force=True)
    devices("f", {"zero": None, "sock": None, "file": None})
    sock.close()
    # a file that was there comes back
    before = inside("f", "cat", "/etc/passwd")
    if not daemon.is_lxd():
        devices("f", {"passwd": {"type": "disk", "source": os.path.join(plain, "file"),
                                 "path": "/etc/passwd"}})
        devices("f", {"passwd": None})
    suite.equal(inside("f", "cat", "/etc/passwd"), before)


def test_block_device_with_options():
    image = os.path.join(MONITOR, "image")
    subprocess.run(["truncate", "-s", "8M", image], check=True)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    loop = subprocess.run(["losetup", "-f", "--show", image], check=True, stdout=subprocess.PIPE,
                          text=True).stdout.strip()
    try:
        BOX.launch("l", config={"security.privileged": "true"})
        config = {"type": "disk", "source": loop, "path": "/data"}
        devices("l", {"loop": config})
        inside("l", "touch", "/data/x")
        devices("l", {"loop": {**config, "raw.mount.options": "ro,noload"}})
        suite.true(BOX.run("l", "touch", "/data/y")[0] != 0, "it is read-only")
        BOX.state("l", "restart", force=True)
        suite.true(is_inside("l", "/data/x"), "the file is there")
        devices("l", {"loop": None})
        refused("l", "loop", {**config, "source": image + "x"}, "Missing source path")
    finally:
        BOX.delete("l", force=True)
        subprocess.run(["losetup", "-d", loop], check=True)


def test_missing_source():
    BOX.create("m")
    missing = os.path.join(MONITOR, "source-later")
    if not daemon.is_lxd():
        devices("m", {"d": {"type": "disk", "source": missing, "path": "/mnt"}})
        status, error = PEER.api.refusal("PUT", BOX.path("m", "/state"), {"action": "start"})
        suite.equal((status, error), (400, f'Failed to start device "d": Missing source path '
                                           f'"{missing}" for disk "d"'))
    devices("m", {"d": {"type": "disk", "source": missing, "path": "/mnt", "required": "false"}})
    BOX.state("m", "start")
    suite.equal(entries("m"), [])


def throttle(name, file):
    path = f"/sys/fs/cgroup/blkio/lxc.payload.{BOX.full(name)}/blkio.throttle.{file}_device"
    with open(path, encoding="ascii") as stream:
        return [line.split()[1] for line in stream]


def test_disk_limits():
    if not os.path.isdir("/sys/fs/cgroup/blkio"):
        raise suite.Skip("blkio is not in v1")
    root = {"type": "disk", "path": "/", "pool": "default"}
    BOX.launch("t", devices={"root": {**root, "limits.read": "10MB"}})
    suite.equal(throttle("t", "read_bps"), ["10000000"])
    devices("t", {"root": {**root, "limits.max": "20iops"}})
    if not daemon.is_lxd():  # it leaves the old one
        suite.equal(throttle("t", "read_bps"), [])
    suite.equal(throttle("t", "read_iops"), ["20"])
    suite.equal(throttle("t", "write_iops"), ["20"])
    devices("t", {"root": {**root, "limits.write": "1MB", "limits.read": "5MB"}})
    suite.equal(throttle("t", "write_bps"), ["1000000"])
    suite.equal(throttle("t", "read_bps"), ["5000000"])


def test_profile_reaches_the_running():
    plain = source("profile")
    PEER.api.sync("POST", "/1.0/profiles", {"name": "extra", "config": {}, "devices": {}})
    BOX.launch("i", profiles=["default", "extra"])
    PEER.api.sync("PUT", "/1.0/profiles/extra", {"config": {}, "description": "", "devices": {
        "d": {"type": "disk", "source": plain, "path": "/mnt/p"}}})
    suite.equal(inside("i", "cat", "/mnt/p/file"), "hello")
    # a none of its own masks it
    devices("i", {"d": {"type": "none"}})
    suite.true(not is_inside("i", "/mnt/p/file"), "it is masked")
    devices("i", {"d": None})
    suite.true(is_inside("i", "/mnt/p/file"), "it is back")
    PEER.api.sync("PUT", "/1.0/profiles/extra", {"config": {}, "description": "", "devices": {}})
    suite.true(not is_inside("i", "/mnt/p"), "it is gone")
    BOX.delete("i", force=True)
    PEER.api.sync("DELETE", "/1.0/profiles/extra")


# Without a bus of its own the tests have one in a tree of files.
STICK = ("1-2", "0951", "1666", 1, 5)
OTHER = ("1-3", "0951", "1667", 1, 6)


@daemon.ours
def test_usb():
    hosttree.make(ROOT, hosttree.usb(*STICK) + hosttree.usb(*OTHER))
    BOX.create("u", devices={
        "stick": {"type": "usb", "vendorid": "0951", "productid": "1666", "mode": "0600"},
        "tty": {"type": "unix-hotplug", "vendorid": "0951", "productid": "1667"}})
    BOX.state("u", "start")
    suite.equal(inside("u", "stat", "-c", "%a %t %T", "/dev/bus/usb/001/005"), "600 bd 4")
    suite.equal(inside("u", "stat", "-c", "%a %t %T", "/dev/ttyACM6"), "664 a6 6")
    suite.equal(entries("u"), ["unix.stick.dev-bus-usb-001-005", "unix.tty.dev-ttyACM6"])
    # gone: the kernel says so while /sys still has it
    listen = PEER.api.start("POST", BOX.path("u", "/exec"), {
        "command": ["timeout", "20", "uevent", "sh", "-c",
                    "echo $ACTION@$DEVPATH $DEVNAME $DEVNUM >> /tmp/news"], "environment": {},
        "wait-for-websocket": False, "interactive": False})
    suite.eventually(lambda: "uevent" in inside("u", "ps"), "somebody listens")
    tell(hosttree.usb_event("remove", *STICK))
    suite.eventually(lambda: not is_inside("u", "/dev/bus/usb/001/005"), "it goes")
    suite.true(is_inside("u", "/dev/ttyACM6"), "the other one stays")
    shutil.rmtree(ROOT)
    # back on another port, with another number
    hosttree.make(ROOT, hosttree.usb("1-4", "0951", "1666", 1, 9) + hosttree.usb(*OTHER))
    tell(hosttree.usb_event("add", "1-4", "0951", "1666", 1, 9))
    suite.eventually(lambda: is_inside("u", "/dev/bus/usb/001/009"), "it comes back")
    for text in ("remove@/devices/pci0000:00/0000:00:14.0/usb1/1-2 bus/usb/001/005 005",
                 "add@/devices/pci0000:00/0000:00:14.0/usb1/1-4 bus/usb/001/009 009"):
        suite.eventually(lambda text=text: text in inside("u", "cat", "/tmp/news"),
                         f"{text} is heard inside")
    PEER.api.request("DELETE", f"/1.0/operations/{listen['id']}")
    devices("u", {"stick": None, "tty": None})
    suite.equal(entries("u"), [])
    refused("u", "x", {"type": "usb", "vendorid": "dead", "required": "true"},
            'Failed to start device "x": Required USB device not found')
    refused("u", "x", {"type": "unix-hotplug"}, "Unix hotplug devices require a vendorid or a "
                                                "productid")


if __name__ == "__main__":
    prepare()
    daemon.run_suite(globals(), "devices ", environment={
        "LXD_DEVMONITOR_DIR": MONITOR, "BERTH_TEST_ROOT": ROOT, "BERTH_TEST_UEVENTS": NEWS})
