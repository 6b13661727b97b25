#!/usr/bin/env python3
"""A daemon on a private directory: start, wait until ready, restart, kill, stop, leftovers.

    with daemon.Daemon() as peer:       stops it and raises when something is left
        peer.api.sync("GET", "/1.0")

The shell face is tests/lib/daemon.sh. Environment: BERTH_BUILD (where the programs are),
BERTH_TEST_PEER=lxd (Debian's LXD instead), BERTH_TEST_KEEP=1 (leave the directory).
Only what a daemon of ours made is ever touched: things below its directory, processes that carry
its directory in their environment or arguments, cgroups of instances with its prefix.
"""
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import api
import suite

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
READY_SECONDS = 60
STOP_SECONDS = 60


def build_directory():
    return os.environ.get("BERTH_BUILD", os.path.join(TOP, "build/test"))


def is_lxd():
    return os.environ.get("BERTH_TEST_PEER") == "lxd"


def program():
    """The daemon under test."""
    return "lxd" if is_lxd() else os.path.join(build_directory(), "berthd")


class Leftovers(Exception):
    pass


class Daemon:
    def __init__(self, base=None, start=True, pool=True, environment=None, run=None,
                 namespace=None):
        """`run`: another daemon's program than the one under test; `namespace`: a network of its
        own (netns.Namespace)."""
        self.base = base or tempfile.mkdtemp(prefix="berth-test-")
        os.chmod(self.base, 0o711)
        self.directory = os.path.join(self.base, "state")
        self.socket = os.path.join(self.directory, "unix.socket")
        # names of instances begin with this, so that their cgroups can be told from others'
        self.prefix = "t" + os.path.basename(self.base)[-6:].lower().replace("_", "x") + "-"
        self.extra = environment or {}
        self.program = run or program()
        self.namespace = namespace
        self.process = None
        self.api = api.Api(self.socket)
        os.makedirs(self.directory, mode=0o711, exist_ok=True)
        if start:
            self.start()
            if pool:
                self.add_pool()

    # -- life ------------------------------------------------------------------------------------
    def environment(self):
        """Of the daemon and of the clients that are to find it."""
        log = os.path.join(self.base, "sanitizer")
        found = {**os.environ, **self.extra, "LXD_CONF": os.path.join(self.base, "conf"),
                 "BERTH_CONF": os.path.join(self.base, "conf"), "LXD_DIR": self.directory,
                 "BERTH_DIR": self.directory, "HOME": self.base}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            found[name] = ":".join(filter(None, [found.get(name), "log_path=" + log]))
        return found

    def start(self, *arguments):
        log = os.path.join(self.base, "daemon.log")
        words = [self.program, "--group", "root", "--logfile", log, "--debug", *arguments]
        if self.namespace:
            words = self.namespace.command(*words)
        with open(os.path.join(self.base, "output.log"), "ab") as output:
            self.process = subprocess.Popen(
                words,
                env=self.environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True)
        self.write_pid()
        self.wait_ready()
        return self

    def write_pid(self):
        with open(os.path.join(self.base, "pid"), "w", encoding="ascii") as stream:
            stream.write(str(self.process.pid))

    @property
    def pid(self):
        with open(os.path.join(self.base, "pid"), encoding="ascii") as stream:
            return int(stream.read())

    def wait_ready(self):
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            if self.process and self.process.poll() is not None:
                raise RuntimeError(f"the daemon ended with {self.process.returncode}:\n"
                                   + self.log()[-3000:])
            try:
                if self.api.request("GET", "/internal/ready").status == 200:
                    return
            except (OSError, api.ProtocolError):
                self.api.close()
            time.sleep(0.02)
        raise RuntimeError("the daemon is not ready:\n" + self.log()[-3000:])

    def add_pool(self):
        """A pool on a directory and a root disk in the default profile."""
        self.api.sync("POST", "/1.0/storage-pools", {"name": "default", "driver": "dir"})
        self.api.sync("PUT", "/1.0/profiles/default", {
            "config": {}, "description": "",
            "devices": {"root": {"type": "disk", "path": "/", "pool": "default"}}})

    def kill(self):
        """As a power cut would end it."""
        os.kill(self.pid, signal.SIGKILL)
        self.reap()

    def reap(self, seconds=STOP_SECONDS):
        """Waits for the end; False when it is still there."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process:
                if self.process.poll() is not None:
                    return True
            elif not process_lives(self.pid):
                return True
            time.sleep(0.02)
        return False

    def terminate(self):
        """Ends the daemon and leaves its containers running."""
        os.kill(self.pid, signal.SIGTERM)
        if not self.reap():
            raise RuntimeError("the daemon does not end on SIGTERM:\n" + self.log()[-3000:])
        self.api.close()

    def restart(self):
        self.terminate()
        self.start()

    def is_running(self):
        if self.process:
            return self.process.poll() is None
        return process_lives(self.pid)

    def log(self):
        text = ""
        for name in ("output.log", "daemon.log"):
            path = os.path.join(self.base, name)
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as stream:
                    text += stream.read()
        return text

    # -- answers ---------------------------------------------------------------------------------
    def refused(self, status, text, *request):
        """The request fails with this status and a text that matches. LXD says 500 here and there
        where it means 400, 404 or 409."""
        found, error = self.api.refusal(*request)
        suite.matches(error, text, f"error of {request[:2]}")
        if not (is_lxd() and found == 500):
            suite.equal(found, status, f"status of {request[:2]} ({error})")

    # -- the end ---------------------------------------------------------------------------------
    def purge_images(self):
        for url in self.api.sync("GET", "/1.0/images"):
            self.api.operation("DELETE", url)

    def purge(self):
        """Deletes every instance through the API."""
        listed = self.api.sync("GET", "/1.0/instances?recursion=1&all-projects=true")
        for instance in listed:
            path = f"/1.0/instances/{instance['name']}"
            project = f"?project={instance['project']}"
            if instance["status"] != "Stopped":
                self.api.operation("PUT", path + "/state" + project,
                                   {"action": "stop", "force": True, "timeout": 30})
            if not instance["ephemeral"] or instance["status"] == "Stopped":
                self.api.operation("DELETE", path + project)
        self.purge_networks()

    def purge_networks(self):
        """Their DHCP servers outlive the daemon. What a profile uses stays."""
        answer = self.api.request("GET", "/1.0/networks?recursion=1")
        for network in (answer.metadata or []) if answer.status == 200 else []:
            if network["managed"] and not network["used_by"]:
                self.api.sync("DELETE", f"/1.0/networks/{network['name']}")

    def stop(self):
        """Deletes the instances, ends the daemon, raises when anything is left behind."""
        problems = []
        try:
            if self.is_running():
                self.purge()
                self.terminate()
        except Exception as error:  # the clean-up below has to happen in any case
            problems.append(f"stopping: {error}")
        problems += self.leftovers()
        problems += self.sanitizer_findings()
        self.clean_up()
        if problems:
            raise Leftovers("\n".join(problems))

    def sanitizer_findings(self):
        found = []
        for path in sorted(glob.glob(os.path.join(self.base, "sanitizer.*"))):
            with open(path, encoding="utf-8", errors="replace") as stream:
                found.append(f"{os.path.basename(path)}: {stream.read()[:4000]}")
        return found

    def leftovers(self):
        """What the daemon made and should have removed."""
        time.sleep(0.1)
        return ([f"process left: {text}" for _, text in self.processes()]
                + [f"mount left: {path}" for path in self.mounts()]
                + [f"cgroup left: {path}" for path in self.cgroups()]
                + [f"loop device left: {path}" for path in self.loop_devices()])

    def processes(self):
        """Processes that carry our directory, or sit in our instances' cgroups."""
        found, mark = [], self.base.encode()
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) in (os.getpid(), os.getppid()):
                continue
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as stream:
                    arguments = stream.read()
                with open(f"/proc/{entry}/cgroup", encoding="utf-8") as stream:
                    groups = stream.read()
            except OSError:
                continue
            if mark in arguments or f".{self.prefix}" in groups or f"_{self.prefix}" in groups:
                found.append((int(entry), f"{entry} {arguments.decode(errors='replace')!r}"))
        return found

    def mounts(self):
        with open("/proc/self/mountinfo", encoding="utf-8") as stream:
            paths = [line.split()[4] for line in stream]
        return [path for path in paths if path.startswith(self.base + "/")]

    def cgroups(self):
        found = []
        for top, folders, _ in os.walk("/sys/fs/cgroup"):
            ours = [name for name in folders if name.startswith("lxc.") and self.prefix in name]
            found += [os.path.join(top, name) for name in ours]
            folders[:] = [name for name in folders if name not in ours]
            if top.count("/") > 7:
                folders.clear()
        return found

    def loop_devices(self):
        found = []
        for path in glob.glob("/sys/block/loop*/loop/backing_file"):
            with open(path, encoding="utf-8") as stream:
                if stream.read().startswith(self.base + "/"):
                    found.append("/dev/" + path.split("/")[3])
        return found

    def clean_up(self):
        """Removes what is left, whoever's fault it is."""
        for pid, _ in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        # shmounts and devlxd stay mounted by design of the daemon's directory
        for path in reversed(self.mounts()):
            subprocess.run(["umount", "-l", path], check=False, stderr=subprocess.DEVNULL)
        for device in self.loop_devices():
            subprocess.run(["losetup", "-d", device], check=False)
        for path in self.cgroups():
            for top, folders, _ in os.walk(path, topdown=False):
                for name in folders:
                    remove_cgroup(os.path.join(top, name))
            remove_cgroup(path)
        if os.environ.get("BERTH_TEST_KEEP"):
            print(f"# kept {self.base}")
        else:
            shutil.rmtree(self.base, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def process_lives(pid):
    """False for a zombie too: it waits for a parent that is not us."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stream:
            return stream.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def remove_cgroup(path):
    try:
        os.rmdir(path)
    except OSError:
        pass


def ours(test):
    """Marks a test of what only Berth has, or has otherwise than LXD on purpose."""
    def wrapped(*arguments):
        if is_lxd():
            raise suite.Skip("only of Berth")
        return test(*arguments)
    return wrapped


def run_suite(names, prefix, **options):
    """Runs a module's tests with a daemon in its PEER; what is left behind is a failed test."""
    peer = Daemon(**options)
    names["PEER"] = peer
    good = False
    try:
        good = suite.run(names, prefix)
    finally:
        failed = suite.run_one(prefix + "nothing is left behind", peer.stop)
    sys.exit(0 if good and not failed else 1)


def attach(base):
    """The daemon that another process started on this base directory."""
    return Daemon(base, start=False)


def main():
    """The shell face: daemon.py start | stop BASE | restart BASE | kill BASE | show BASE"""
    verb = sys.argv[1]
    if verb == "start":
        print(Daemon().base)
        return
    peer = attach(sys.argv[2])
    if verb == "stop":
        try:
            peer.stop()
        except Leftovers as error:
            sys.exit("\n".join("# " + line for line in str(error).split("\n")))
    elif verb == "show":
        print(json.dumps({"pid": peer.pid, "directory": peer.directory, "prefix": peer.prefix}))
    else:
        getattr(peer, verb)()


if __name__ == "__main__":
    main()
