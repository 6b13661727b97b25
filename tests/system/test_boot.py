#!/usr/bin/env python3
"""boot.*: what starts with the daemon and in which order, and what comes back by itself."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402

PEER = None
BOX = None


def setup():
    global BOX
    if BOX is None:
        BOX = instances.Instances(PEER)
        BOX.image()


def init(name):
    return PEER.api.sync("GET", BOX.path(name, "/state"))["pid"]


def end(name):
    os.kill(init(name), signal.SIGKILL)


def set_config(name, **keys):
    PEER.api.sync("PATCH", BOX.path(name), {"config": {
        key.replace("__", "."): value for key, value in keys.items()}})


def test_a_crash_leaves_it_down():
    BOX.launch("c")
    end("c")
    suite.eventually(lambda: BOX.status("c") == "Stopped", "it is down")
    suite.eventually(lambda: BOX.show("c")["config"]["volatile.last_state.power"] == "STOPPED",
                     "it is recorded")


@daemon.ours
def test_a_crash_is_followed_by_a_start():
    set_config("c", boot__autorestart="true")
    BOX.state("c", "start")
    first = init("c")
    end("c")
    suite.eventually(lambda: init("c") not in (0, first), "it is back")
    second = init("c")
    began = time.monotonic()
    end("c")
    suite.eventually(lambda: init("c") not in (0, second), "it is back again")
    suite.true(time.monotonic() - began > 0.8, "the second time after a pause")


@daemon.ours
def test_a_stop_is_not_repeated():
    BOX.state("c", "stop", force=True)
    time.sleep(1.5)
    suite.equal(BOX.status("c"), "Stopped")


@daemon.ours
def test_it_does_not_come_back_when_the_key_goes():
    BOX.state("c", "start")
    first = init("c")
    end("c")
    suite.eventually(lambda: init("c") not in (0, first), "it is back")
    end("c")  # a second's pause begins
    suite.eventually(lambda: BOX.status("c") == "Stopped", "it is down")
    set_config("c", boot__autorestart="false")
    time.sleep(1.5)
    suite.equal(BOX.status("c"), "Stopped")
    BOX.delete("c")


def test_order_and_choice_at_the_start():
    """Those with boot.autostart come, in their order; what ran before comes back, unless it says
    false."""
    BOX.create("late", config={"boot.autostart": "true"})
    BOX.create("early", config={"boot.autostart": "true", "boot.autostart.priority": "10",
                                "boot.autostart.delay": "1"})
    BOX.launch("never", config={"boot.autostart": "false"})
    BOX.launch("before")
    BOX.create("off")
    if daemon.is_lxd():
        raise suite.Skip("LXD's own shutdown is asked elsewhere")
    PEER.api.request("PUT", "/internal/shutdown")
    suite.true(PEER.reap(), "the daemon has ended")
    PEER.api.close()
    PEER.start()
    suite.eventually(lambda: BOX.status("late") == "Running", "the last one is started", 60)
    found = {name: BOX.show(name) for name in ("late", "early", "never", "before", "off")}
    suite.equal({name: item["status"] for name, item in found.items()}, {
        "late": "Running", "early": "Running", "never": "Stopped", "before": "Running",
        "off": "Stopped"})
    suite.true(found["early"]["last_used_at"] < found["late"]["last_used_at"], "early comes first")
    for name in found:
        BOX.delete(name, force=True)


@daemon.ours
def test_order_and_patience_at_the_end():
    """boot.stop.priority orders the stops; boot.host_shutdown_timeout ends the waiting for one
    that does not listen."""
    BOX.launch("first", config={"boot.stop.priority": "10", "boot.host_shutdown_timeout": "1"})
    BOX.launch("last", config={"boot.stop.priority": "1", "boot.host_shutdown_timeout": "1"})
    os.kill(init("first"), signal.SIGSTOP)  # deaf to a clean stop
    began = time.monotonic()
    PEER.api.request("PUT", "/internal/shutdown")
    suite.true(PEER.reap(), "the daemon has ended")
    suite.true(time.monotonic() - began < 20, "it did not wait for ever")
    ends = [line for line in PEER.log().split("\n") if "Lifecycle event" in line and
            ("instance-stopped" in line or "instance-shutdown" in line)]
    order = [line.split("/1.0/instances/")[1].split('"')[0] for line in ends[-2:]]
    suite.equal(order, [BOX.full("first"), BOX.full("last")])
    PEER.api.close()
    PEER.start()
    for name in ("first", "last"):
        suite.eventually(lambda which=name: BOX.status(which) == "Running", "it comes back", 60)
        BOX.delete(name, force=True)


if __name__ == "__main__":
    daemon.run_suite(globals(), "boot: ")
