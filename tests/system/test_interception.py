#!/usr/bin/env python3
"""security.syscalls.intercept.*: calls of a container that the host answers."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402

PEER = None
BOX = None
KEY = "security.syscalls.intercept."


def setup():
    global BOX
    if BOX is None:
        BOX = instances.Instances(PEER)
        BOX.image()


def shell(name, script):
    """(exit code, stdout, stderr)"""
    return BOX.run(name, "sh", "-c", script)


def rootfs(name, path=""):
    return os.path.join(PEER.directory, "containers", BOX.full(name), "rootfs", path)


def test_without_interception():
    BOX.launch("n")
    code, _, error = shell("n", "mknod /null c 1 3")
    suite.true(code != 0, "mknod fails")
    suite.contains(error, "not permitted")
    BOX.delete("n", force=True)


def test_mknod():
    BOX.launch("m", config={KEY + "mknod": "true"})
    code, out, error = shell("m", "umask 0; mkdir -p /x; mknod /x/null c 1 3 && echo lost > /x/null"
                                  " && ls -l /x/null && cd /x && mknod zero c 1 5"
                                  " && head -c 4 zero | od -An -tx1")
    suite.equal(code, 0, f"exit code ({error})")
    suite.matches(out, r"crw-rw-rw-.* root +root +1, +3 .*/x/null")
    suite.contains(out, "00 00 00 00")


def test_a_whiteout():
    code, out, error = shell("m", "mknod /x/gone c 0 0 && ls -l /x/gone")
    suite.equal(code, 0, f"exit code ({error})")
    suite.matches(out, "0, +0")


def test_mknod_where_nodes_do_not_work():
    """A file system of the container's own has none that work: the host's is mounted there."""
    code, out, error = shell("m", "mkdir -p /t && mount -t tmpfs -o mode=755 t /t && mknod /t/full c 1 7 &&"
                                  " ls -l /t/full; echo x > /t/full")
    suite.matches(out, "1, +7")
    suite.contains(error, "No space left")


def test_mknod_of_what_could_harm():
    for what in ("b 8 0", "c 1 1", "c 10 237"):
        code, _, error = shell("m", f"mknod /x/bad {what}")
        suite.true(code != 0, f"mknod {what} fails")
        suite.contains(error, "not permitted", what)
    suite.equal(shell("m", "mkfifo /x/fifo && test -p /x/fifo")[0], 0, "a fifo is no business of ours")


def test_mknod_by_others():
    """Who has no right in the container gets none by us; links lead nowhere out of it."""
    BOX.run("m", "chmod", "755", "/x")
    code, _, _ = BOX.run("m", "mknod", "/x/mine", "c", "1", "3", user=1000, group=1000)
    suite.true(code != 0, "a user may not")
    target = os.path.join(PEER.base, "outside")
    shell("m", f"ln -s {target} /x/link; mkdir -p {os.path.dirname(target)}; ln -s / /x/up;"
               " mknod /x/up/../../../../inside c 1 3")
    suite.true(not os.path.lexists(target), "nothing outside")
    suite.equal(shell("m", "test -c /inside")[0], 0, "it is in the container's root")


@daemon.ours
def test_it_works_without_the_daemon():
    """Calls do not hang or fail while the daemon is away."""
    shell("m", "(sleep 1; mknod /x/away c 1 3) >/dev/null 2>&1 &")
    PEER.kill()
    shown = os.path.join(rootfs("m"), "x/away")
    suite.true(not os.path.exists(shown), "too early")
    suite.eventually(lambda: os.path.exists(shown), "it is made")
    PEER.start()
    suite.equal(shell("m", "mknod /x/later c 1 3")[0], 0, "after the daemon's return")


@daemon.ours
def test_it_does_not_hang_without_its_server():
    server = [pid for pid in os.listdir("/proc") if pid.isdigit() and name_of(pid) ==
              "berth-intercept" and PEER.base in command(pid)]
    suite.equal(len(server), 1, "servers")
    os.kill(int(server[0]), 9)
    code, _, error = shell("m", "mknod /x/never c 1 3")
    suite.true(code != 0, "it fails")
    suite.matches(error, "(?i)not implemented|not permitted")
    BOX.delete("m", force=True)


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="ascii", errors="replace") as stream:
            return stream.read().strip()
    except OSError:
        return ""


def command(pid):
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


def test_setxattr():
    BOX.launch("s", config={KEY + "setxattr": "true"})
    shell("s", "mkdir -p /over/dir; echo > /over/file")
    suite.equal(guest_xattr("s", "/over/dir", "trusted.overlay.opaque", "y"), 0)
    suite.equal(os.getxattr(rootfs("s", "over/dir"), "trusted.overlay.opaque"), b"y")
    suite.true(guest_xattr("s", "/over/dir", "trusted.other", "y") != 0, "no other name")
    suite.true(guest_xattr("s", "/over/file", "trusted.overlay.opaque", "y") != 0, "no file")
    BOX.delete("s", force=True)


def guest_xattr(name, path, key, value):
    """setxattr by a static program that is put into the container."""
    put_program(name)
    return BOX.run(name, "/probe", "setxattr", path, key, value)[0]


PROBE = r"""
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sysinfo.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>
int main(int argc, char **argv)
{
        int result = -1;
        if (strcmp(argv[1], "setxattr") == 0)
                result = setxattr(argv[2], argv[3], argv[4], strlen(argv[4]), 0);
        if (strcmp(argv[1], "sched") == 0) {
                struct sched_param param = {.sched_priority = 5};
                result = sched_setscheduler((int) strtol(argv[2], NULL, 10), SCHED_FIFO, &param);
        }
        if (strcmp(argv[1], "mount") == 0)
                result = mount(argv[2], argv[3], argv[4], 0, argv[5]);
        if (strcmp(argv[1], "sysinfo") == 0) {
                struct sysinfo info;
                result = sysinfo(&info);
                printf("%lu %ld %u\n", info.totalram * info.mem_unit, info.uptime, info.procs);
        }
        if (strcmp(argv[1], "bpf") == 0) {
                struct bpf_insn code[] = {{.code = 0xb7, .imm = 1}, {.code = 0x95}}; /* return 1 */
                union bpf_attr load = {.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE, .insn_cnt = 2,
                                       .insns = (unsigned long) code,
                                       .license = (unsigned long) "GPL"};
                result = (int) syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
        }
        if (result < 0)
                fprintf(stderr, "%s\n", strerror(errno));
        return result < 0 ? errno : 0;
}
"""


def put_program(name):
    program = os.path.join(PEER.base, "probe")
    if not os.path.exists(program):
        subprocess.run(["cc", "-x", "c", "-static", "-o", program, "-"], input=PROBE.encode(),
                       check=True)
    with open(program, "rb") as stream:
        PEER.api.request("POST", BOX.path(name, "/files?path=/probe"), stream.read(),
                         {"X-LXD-mode": "0755", "Content-Type": "application/octet-stream"})


def test_sched_setscheduler():
    BOX.launch("p", config={KEY + "sched_setscheduler": "true"})
    put_program("p")
    shell("p", "sleep 60 & echo $! > /pid")
    code, _, error = shell("p", "/probe sched $(cat /pid)")
    if "not permitted" in error and realtime_is_refused("p"):
        raise suite.Skip("real-time groups have no budget here")
    suite.equal(code, 0, f"exit code ({error})")
    suite.equal(shell("p", "/probe sched 0")[0], 0, "for itself")
    suite.equal(shell("p", "/probe sched 99999")[0], 3, "no such process")
    BOX.delete("p", force=True)


def realtime_is_refused(name):
    """Whether the container's group has no time for SCHED_FIFO: then root of the host fails too."""
    pid = PEER.api.sync("GET", BOX.path(name, "/state"))["pid"]
    with open(f"/proc/{pid}/cgroup", encoding="ascii") as stream:
        paths = {line.split(":")[1]: line.rstrip("\n").split(":", 2)[2] for line in stream}
    group = "/sys/fs/cgroup" + ("/cpu" + paths["cpu"] if "cpu" in paths else paths[""])
    script = f"echo $$ > {group}/cgroup.procs && exec chrt -f 5 true"
    return subprocess.run(["sh", "-c", script], capture_output=True, check=False).returncode != 0


def test_sysinfo():
    if daemon.is_lxd():
        raise suite.Skip("not in 5.0")
    BOX.launch("i", config={KEY + "sysinfo": "true", "limits.memory": "64MiB"})
    put_program("i")
    total, uptime, processes = map(int, BOX.run("i", "/probe", "sysinfo")[1].split())
    suite.equal(total, 64 << 20, "memory")
    suite.true(0 <= uptime < 60, f"uptime {uptime}")
    suite.true(0 < processes < 50, f"{processes} processes")
    BOX.delete("i", force=True)


def test_mount():
    """A file system from a device of the container's own, only of the allowed types, without
    device nodes, and with owners as the container sees them."""
    image = os.path.join(PEER.base, "disk.img")
    subprocess.run(["truncate", "-s", "8M", image], check=True)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    loop = subprocess.run(["losetup", "--show", "-f", image], check=True, capture_output=True,
                          text=True).stdout.strip()
    try:
        check_mount(loop)
    finally:
        BOX.delete("d", force=True)
        subprocess.run(["losetup", "-d", loop], check=True)


def check_mount(loop):
    BOX.launch("d", config={KEY + "mount": "true", KEY + "mount.allowed": "xfs"},
               devices={"disk": {"type": "unix-block", "source": loop, "path": "/dev/disk"}})
    put_program("d")
    shell("d", "mkdir -p /mnt")
    suite.equal(BOX.run("d", "/probe", "mount", "/dev/disk", "/mnt", "ext4")[0], 1,
                "not one of the allowed types")
    PEER.api.sync("PATCH", BOX.path("d"), {"config": {KEY + "mount.allowed": "xfs,ext4",
                                                      KEY + "mount.shift": "true"}})
    code, _, error = BOX.run("d", "/probe", "mount", "/dev/disk", "/mnt", "ext4")
    suite.equal(code, 0, f"exit code ({error})")
    suite.equal(shell("d", "echo x > /mnt/file && stat -c %u /mnt/file /mnt/lost+found")[1],
                "0\n0\n", "owners")
    suite.matches(shell("d", "grep ' /mnt ' /proc/mounts")[1], "ext4 .*nodev")
    suite.equal(shell("d", "umount /mnt")[0], 0)
    suite.true(BOX.run("d", "/probe", "mount", "/dev/disk", "/mnt", "ext4", "no_such=1")[0] != 0,
               "bad options")
    suite.equal(shell("d", "mount -t tmpfs t /mnt && umount /mnt")[0], 0, "others go on as ever")
    with open("/proc/filesystems", encoding="ascii") as stream:
        if "hugetlbfs" not in stream.read():
            return
    PEER.api.sync("PATCH", BOX.path("d"), {"config": {KEY + "mount.allowed": "hugetlbfs"}})
    code, _, error = BOX.run("d", "/probe", "mount", "none", "/mnt", "hugetlbfs", "gid=7")
    suite.equal(code, 0, f"exit code ({error})")
    suite.equal(shell("d", "stat -c '%u %g' /mnt && umount /mnt")[1], "0 7\n")


def test_mount_by_a_program_of_the_container():
    BOX.launch("f", config={KEY + "mount": "true", KEY + "mount.fuse": "ext4=fuse2fs"})
    put_program("f")
    shell("f", "mkdir -p /usr/sbin /mnt; printf '#!/bin/sh\\necho \"$(id -u) $*\" > /said\\n"
               "test \"$2\" = /mnt\\n' > /usr/sbin/mount.fuse; chmod 755 /usr/sbin/mount.fuse")
    code, _, error = BOX.run("f", "/probe", "mount", "/dev/disk", "/mnt", "ext4", "a=b")
    suite.equal(code, 0, f"exit code ({error})")
    suite.equal(shell("f", "cat /said")[1], "0 fuse2fs#/dev/disk /mnt -o a=b\n")
    suite.true(BOX.run("f", "/probe", "mount", "/dev/disk", "/other", "ext4", "")[0] != 0,
               "what the program refuses fails")
    BOX.delete("f", force=True)


def test_bpf_is_loaded_for_devices():
    BOX.launch("b", config={KEY + "bpf": "true", KEY + "bpf.devices": "true"})
    put_program("b")
    code, _, error = BOX.run("b", "/probe", "bpf")
    suite.equal(code, 0, f"exit code ({error})")
    BOX.state("b", "stop", force=True)
    PEER.api.sync("PATCH", BOX.path("b"), {"config": {KEY + "bpf.devices": "false"}})
    BOX.state("b", "start")
    suite.equal(BOX.run("b", "/probe", "bpf")[0], 1, "not permitted")
    BOX.delete("b", force=True)


def test_privileged_containers_have_no_need():
    BOX.launch("v", config={KEY + "mknod": "true", "security.privileged": "true"})
    suite.equal(shell("v", "mknod /null c 1 3 && echo > /null")[0], 0)
    BOX.delete("v", force=True)


if __name__ == "__main__":
    daemon.run_suite(globals(), "interception: ")
