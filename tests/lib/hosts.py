#!/usr/bin/env python3
"""Network namespaces: a suite that has one of its own, and hosts beside it.

    hosts.enter()          first thing in main: this program again in a network namespace (and a
                           /sys of it), so that nothing that it and its daemons do reaches the host's
    host = hosts.Host("a", "10.0.0.2/24", bridge="br0")    a peer joined to a bridge here
    host.run("ping", "-c1", "10.0.0.1")
"""
import os
import subprocess
import sys

MARK = "BERTH_TEST_NETNS"
SETUP = """set -e
cg=$(mktemp -d /tmp/berth-test-cg-XXXXXX)
mount --make-rprivate /
mount --rbind /sys/fs/cgroup "$cg"
umount -l /sys
mount -t sysfs sys /sys
mount --rbind "$cg" /sys/fs/cgroup
umount -l "$cg"
rmdir "$cg"
mkdir -p /run/netns
mount -t tmpfs run /run/netns
mount --make-rshared /
ip link set lo up
exec "$@"
"""


def enter():
    """Comes back only inside."""
    if os.environ.get(MARK) == "1":
        return
    os.environ[MARK] = "1"
    os.execvp("unshare", ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c",
                          SETUP, "sh", sys.executable, *sys.argv])


def run(*command, check=True, data=None):
    """(exit code, what it wrote)"""
    done = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}")
    return done.returncode, done.stdout


class Host:
    """A namespace with `eth0`; the other end, NAME-0, is here."""

    def __init__(self, name, *addresses, bridge=None, hwaddr=None):
        self.name, self.port = name, name + "-0"
        run("ip", "netns", "add", name)
        run("ip", "link", "add", self.port, "type", "veth", "peer", "name", "eth0", "netns", name)
        self.run("ip", "link", "set", "lo", "up")
        if hwaddr:
            self.run("ip", "link", "set", "eth0", "address", hwaddr)
        for address in addresses:
            self.run("ip", "address", "add", address, "dev", "eth0", "nodad")
        self.run("ip", "link", "set", "eth0", "up")
        if bridge:
            run("ip", "link", "set", self.port, "master", bridge)
        run("ip", "link", "set", self.port, "up")

    def run(self, *command, check=True, data=None):
        return run("ip", "netns", "exec", self.name, *command, check=check, data=data)

    def can(self, *command):
        return self.run(*command, check=False)[0] == 0

    def pings(self, address, seconds=1):
        return self.can("busybox", "ping", "-c1", f"-W{seconds}", address)

    def delete(self):
        run("ip", "netns", "delete", self.name, check=False)
