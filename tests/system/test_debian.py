#!/usr/bin/env python3
"""A real Debian: systemd comes up, nothing that matters fails, it stops and reboots in order."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import images  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402

PEER = None
BOX = None


def setup():
    global BOX
    if BOX is None:
        BOX = instances.Instances(PEER)
        with open(images.debian_path(), "rb") as stream:
            done = PEER.api.operation("POST", "/1.0/images", stream,
                                      {"Content-Type": "application/octet-stream",
                                       "Content-Length": str(os.path.getsize(stream.name))})
        BOX.create("d", source={"type": "image", "fingerprint": done["metadata"]["fingerprint"]})


def system_state():
    code, output, _ = BOX.run("d", "systemctl", "is-system-running")
    return output.strip() if output.strip() in ("running", "degraded") else None


def test_boots():
    BOX.state("d", "start")
    state = suite.eventually(system_state, "systemd is up", 60, 0.2)
    failed = BOX.run("d", "systemctl", "--failed", "--plain", "--no-legend", "--no-pager")[1]
    suite.equal((state, failed), ("running", ""), "state and failed units")


def test_is_what_it_says():
    suite.contains(BOX.run("d", "cat", "/etc/os-release")[1], "Debian GNU/Linux")
    suite.equal(BOX.run("d", "systemd-detect-virt")[1], "lxc\n")
    suite.equal(BOX.run("d", "hostname")[1].strip(), BOX.full("d"))
    suite.equal(BOX.run("d", "cat", "/proc/1/comm")[1], "systemd\n")


def test_errors_in_the_journal():
    suite.equal(BOX.run("d", "journalctl", "-p", "3", "-q", "--no-pager")[1], "")


def test_file_capabilities_and_owners():
    suite.equal(BOX.run("d", "stat", "-c", "%U %a", "/usr/bin/passwd")[1], "root 4755\n")
    suite.equal(BOX.run("d", "stat", "-c", "%G", "/var/mail")[1], "mail\n")


def test_packages_and_users_work():
    suite.equal(BOX.run("d", "dpkg", "--audit")[:2], (0, ""))
    suite.equal(BOX.run("d", "useradd", "-m", "someone")[0], 0)
    suite.equal(BOX.run("d", "su", "someone", "-c", "id -un; echo x >~/file")[1], "someone\n")


def test_reboot_from_inside():
    before = BOX.show("d", 1)["state"]["pid"]
    BOX.run("d", "systemctl", "reboot")
    suite.eventually(lambda: BOX.show("d", 1)["state"]["pid"] not in (0, before), "rebooted", 60)
    suite.eventually(system_state, "systemd is up again", 60, 0.2)


def test_stops_in_order():
    BOX.state("d", "stop", timeout=60)
    suite.equal(BOX.status("d"), "Stopped")


def test_power_off_from_inside():
    BOX.state("d", "start")
    suite.eventually(system_state, "systemd is up", 60, 0.2)
    BOX.run("d", "systemctl", "poweroff")
    suite.eventually(lambda: BOX.status("d") == "Stopped", "it is off", 60)
    suite.eventually(lambda: PEER.api.refusal("PATCH", BOX.path("d"), {"description": "x"})[0] < 400,
                     "it can be changed")


if __name__ == "__main__":
    daemon.run_suite(globals(), "debian: ")
