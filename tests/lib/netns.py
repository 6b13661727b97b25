"""A network of its own for a daemon and its containers: what they do to links, addresses, the
firewall and sysctls stays in it.

    with netns.Namespace() as place:
        peer = daemon.Daemon(namespace=place)
        place.run("ip", "link")

A process holds the namespace (and a mount namespace with a /sys that shows it), so that a daemon can
be restarted in it. It ends with this program.
"""
import subprocess

SETUP = r"""
set -e
ip link set lo up
kept=$(mktemp -d)
for part in fs/cgroup kernel/security; do
        mkdir "$kept/${part#*/}"
        mount --rbind "/sys/$part" "$kept/${part#*/}"
done
umount -l /sys
mount -t sysfs sysfs /sys
for part in fs/cgroup kernel/security; do
        mount --rbind "$kept/${part#*/}" "/sys/$part"
        umount -l "$kept/${part#*/}"
        rmdir "$kept/${part#*/}"
done
rmdir "$kept"
echo ready
exec cat >/dev/null
"""


class Namespace:
    def __init__(self):
        self.holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", SETUP],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.holder.stdout.readline() != b"ready\n":
            raise RuntimeError("no network namespace can be made")

    def command(self, *words):
        """What to run so that the words run in it."""
        return ["nsenter", "--target", str(self.holder.pid), "--net", "--mount", "--wd=/", *words]

    def run(self, *words, check=True):
        """The output of a command that runs in it."""
        done = subprocess.run(self.command(*words), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False, text=True)
        if check and done.returncode != 0:
            raise RuntimeError(f"{words}: {done.stderr}")
        return done.stdout

    def join(self, other, name="wire"):
        """A cable from this one to another; its ends have the same name."""
        self.run("ip", "link", "add", name, "type", "veth", "peer", "name", name, "netns",
                 str(other.holder.pid))
        for end in (self, other):
            end.run("ip", "link", "set", name, "up")

    def links(self):
        """The names of its links."""
        lines = self.run("ip", "-o", "link").splitlines()
        return [line.split(": ")[1].split("@")[0] for line in lines]

    def close(self):
        self.holder.stdin.close()
        self.holder.wait(timeout=10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
