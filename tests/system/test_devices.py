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
TOOLS = tempfile.mkdtemp(prefix="berth-tools-")
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
    shutil.rmtree(TOOLS, ignore_errors=True)


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


def test_links_lead_nowhere():
    """A path that the container bends stays in the container."""
    BOX.launch("e")
    plain = source("e")
    outside = os.path.join(MONITOR, "outside")
    os.makedirs(outside)
    inside("e", "sh", "-c", f"mkdir -p '{outside}'; ln -s ../../../../../../../../../../{outside} "
                            f"/tmp/bent; ln -s '{outside}' /tmp/straight")
    for path in ("/tmp/bent/a", "/tmp/straight/b"):
        devices("e", {"d": {"type": "disk", "source": plain, "path": path}})
        suite.equal(inside("e", "cat", path + "/file"), "hello")
        suite.equal(os.listdir(outside), [])
        devices("e", {"d": None})
        suite.true(not is_inside("e", path + "/file"), "it is gone")


@daemon.ours
def test_killed_before_the_record():
    BOX.launch("k")
    plain, char = source("k"), node("k")
    devices("k", {"disk.x": {"type": "disk", "source": plain, "path": "/mnt/kept"},
                  "node": {"type": "unix-char", "source": char, "path": "/tmp/node"},
                  "stays": {"type": "unix-char", "source": char, "path": "/tmp/stays"}})
    PEER.kill()
    subprocess.run(["sqlite3", os.path.join(PEER.directory, "database/global/db.bin"),
                    "DELETE FROM instances_devices WHERE name IN ('disk.x', 'node')"], check=True)
    PEER.start()
    suite.equal(BOX.status("k"), "Running")
    suite.equal(entries("k"), ["unix.stays.tmp-stays"])
    for path in ("/mnt/kept/file", "/tmp/node"):
        suite.true(not is_inside("k", path), f"{path} is gone")
    suite.true(is_inside("k", "/tmp/stays"), "the other one stays")
    # of a start that was cut short: nothing runs, what was mounted is taken off
    BOX.state("k", "stop", force=True)
    left = os.path.join(PEER.directory, "devices", BOX.full("k"))
    os.makedirs(os.path.join(left, "disk.gone.mnt"))
    subprocess.run(["mount", "--bind", plain, os.path.join(left, "disk.gone.mnt")], check=True)
    PEER.kill()
    PEER.start()
    suite.equal(entries("k"), [])
    suite.true(os.path.exists(os.path.join(plain, "file")), "the source is whole")


def test_two_hundred_devices():
    count = 200
    plain = source("many")
    BOX.create("h")
    many = {f"d{i}": {"type": "disk", "source": plain, "path": f"/mnt/d{i}"} for i in range(count)}
    devices("h", many)
    BOX.state("h", "start")
    suite.equal(inside("h", "sh", "-c", "cat /mnt/*/file | wc -l"), str(count))
    devices("h", {name: None for name in many})
    suite.equal(entries("h"), [])
    suite.equal(inside("h", "sh", "-c", "ls /mnt | wc -l"), "0")
    devices("h", dict(list(many.items())[:40]))
    suite.equal(inside("h", "sh", "-c", "cat /mnt/*/file | wc -l"), "40")
    BOX.state("h", "stop", force=True)
    suite.equal(entries("h"), [])


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


GRAPHICS = """
/dev/dri/card0 c 226:0
/dev/dri/renderD128 c 226:128
/dev/dri/card1 c 226:1
/dev/dri/renderD129 c 226:129
/dev/nvidia0 c 195:0
/dev/nvidiactl c 195:255
/dev/nvidia-uvm c 511:0
/proc/driver/nvidia/capabilities/gpu0/mig/gi1/ci0/access = DeviceFileMinor: 12
"""


def server_tree():
    path = os.path.join(daemon.TOP, "tests/golden/hosts/server.tree")
    with open(path, encoding="utf-8") as stream:
        hosttree.make(ROOT, stream.read() + GRAPHICS)


@daemon.ours
def test_graphics():
    server_tree()
    BOX.create("g", devices={"card": {"type": "gpu", "vendorid": "8086", "mode": "0666",
                                      "gid": "44"}})
    BOX.state("g", "start")
    suite.equal(inside("g", "ls", "/dev/dri"), "card0\nrenderD128")
    suite.equal(inside("g", "stat", "-c", "%a %g %t %T", "/dev/dri/renderD128"), "666 44 e2 80")
    # by address, as people write it; NVIDIA's own nodes come along
    devices("g", {"card": {"type": "gpu", "pci": "3b:00.0"}})
    suite.equal(inside("g", "ls", "/dev/dri"), "card1\nrenderD129")
    suite.equal(inside("g", "sh", "-c", "ls /dev/nvidia*"),
                "/dev/nvidia-uvm\n/dev/nvidia0\n/dev/nvidiactl")
    # all of them, and one by its id; what both have stays when one goes
    devices("g", {"card": {"type": "gpu"}, "one": {"type": "gpu", "id": "0"}})
    suite.equal(inside("g", "ls", "/dev/dri"), "card0\ncard1\nrenderD128\nrenderD129")
    devices("g", {"one": None})
    suite.true(is_inside("g", "/dev/dri/card0"), "the other device has it too")
    devices("g", {"card": None})
    suite.equal(entries("g"), [])
    prefix = 'Device validation failed for "x": '
    for config, text in (
            ({"vendorid": "1234"}, 'Failed to start device "x": Failed to detect requested GPU '
                                   'device'),
            ({"pci": "3b:00.0", "id": "1"}, 'Cannot use "id" when when "pci" is set'),
            ({"gputype": "mdev", "mdev": "i915-GVTg_V5_4"}, prefix + "Unsupported device type"),
            ({"gputype": "sriov"}, prefix + "Unsupported device type"),
            ({"gputype": "mig", "mig.gi": "1"}, prefix + 'Either "mig.uuid" or both "mig.gi" and '
                                                         '"mig.ci" must be set'),
            ({"gputype": "mig", "mig.gi": "1", "mig.ci": "0"}, "running")):
        refused("g", "x", {"type": "gpu", **config}, text)
    refused("g", "x", {"type": "pci", "address": "0000:3b:00.0"}, prefix + "Unsupported device type")


@daemon.ours
def test_mig():
    server_tree()
    BOX.create("q", devices={"m": {"type": "gpu", "gputype": "mig", "mig.gi": "1", "mig.ci": "0",
                                   "pci": "3b:00.0"}})
    start = (BOX.path("q", "/state"), {"action": "start"})
    suite.contains(PEER.api.refusal("PUT", *start)[1],
                   "nvidia.runtime must be set to true for MIG GPUs to work")
    devices("q", {"m": {"type": "gpu", "gputype": "mig", "mig.gi": "2", "mig.ci": "0",
                        "pci": "3b:00.0"}})


SWTPM = """#!/bin/sh
# Stands for the real one where the kernel has no proxy for TPMs.
for word; do case $word in dir=*) state=${word#dir=};; file=*) pid=${word#file=};; esac; done
[ -d "$state" ] || exit 1
sleep 1000 >/dev/null 2>&1 &
echo $! >"$pid"
echo "New TPM device: /dev/tpm5 (major/minor = 10/5)"
"""


@daemon.ours
def test_tpm():
    hosttree.make(ROOT, "/dev/vtpmx c 10:124")
    BOX.create("v", devices={"tpm": {"type": "tpm", "path": "/dev/tpm0", "pathrm": "/dev/tpmrm0"}})
    with open(os.path.join(TOOLS, "swtpm"), "w", encoding="ascii") as stream:
        stream.write(SWTPM)
        os.fchmod(stream.fileno(), 0o755)
    BOX.state("v", "start")
    suite.equal(inside("v", "stat", "-c", "%t %T", "/dev/tpm0"), "a 5")
    suite.equal(inside("v", "stat", "-c", "%t %T", "/dev/tpmrm0"), "a 10005")
    suite.true("swtpm.tpm" in entries("v"), "the process is on record")
    with open(os.path.join(PEER.directory, "devices", BOX.full("v"), "swtpm.tpm"),
              encoding="ascii") as stream:
        pid = int(stream.read().split()[1])
    suite.true(daemon.process_lives(pid), "it runs")
    BOX.state("v", "stop", force=True)
    suite.eventually(lambda: not daemon.process_lives(pid), "it ends with the container")
    suite.equal(entries("v"), [])
    os.unlink(os.path.join(ROOT, "dev/vtpmx"))
    suite.contains(PEER.api.refusal("PUT", BOX.path("v", "/state"), {"action": "start"})[1],
                   "/dev/vtpmx")
    suite.equal(entries("v"), [])


if __name__ == "__main__":
    prepare()
    daemon.run_suite(globals(), "devices ", environment={
        "PATH": TOOLS + ":" + os.environ["PATH"], "LXD_DEVMONITOR_DIR": MONITOR, "BERTH_TEST_ROOT": ROOT, "BERTH_TEST_UEVENTS": NEWS})
