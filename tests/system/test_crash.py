#!/usr/bin/env python3
"""The daemon ends in all ways, at all moments: containers run on, are found again, nothing is left."""
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import api  # noqa: E402
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
    PEER.purge()


def pid_of(name):
    return BOX.show(name, 1)["state"]["pid"]


def test_restart_leaves_containers_running():
    BOX.launch("a")
    before = pid_of("a")
    PEER.restart()
    suite.equal((BOX.status("a"), pid_of("a")), ("Running", before))
    suite.equal(BOX.run("a", "echo", "alive")[1], "alive\n")
    BOX.state("a", "stop")
    suite.equal(BOX.status("a"), "Stopped")


def test_kill_leaves_containers_running():
    BOX.launch("b")
    BOX.create("idle")
    before = pid_of("b")
    PEER.kill()
    suite.true(os.path.exists(f"/proc/{before}"), "the container runs on without the daemon")
    PEER.start()
    suite.equal((BOX.status("b"), pid_of("b")), ("Running", before))
    suite.equal(BOX.status("idle"), "Stopped")
    suite.equal(BOX.run("b", "echo", "alive")[1], "alive\n")
    BOX.state("b", "restart", force=True)
    BOX.delete("b", force=True)


def test_container_that_stops_meanwhile():
    BOX.launch("c")
    pid = pid_of("c")
    PEER.terminate()
    os.kill(pid, 9)
    suite.eventually(lambda: not os.path.exists(f"/proc/{pid}"), "the container is gone")
    time.sleep(0.5)
    PEER.start()
    # what ran when the daemon ended is started again, so it is either down or new
    found = pid_of("c")
    suite.true(found in (0, -1) or found != pid and os.path.exists(f"/proc/{found}"),
               f"pid {found} after {pid}")
    suite.equal(BOX.status("c"), "Running" if found > 0 else "Stopped")


def test_shutdown_stops_and_remembers():
    """`shutdown` stops the containers; what ran, runs again after the next start."""
    BOX.launch("d")
    BOX.create("e")
    answer = PEER.api.request("PUT", "/internal/shutdown")
    suite.true(answer.status in (200, 202), f"status {answer.status}")
    suite.true(PEER.reap(), "the daemon ends")
    PEER.api.close()
    suite.equal(PEER.cgroups(), [], "containers after the shutdown")
    PEER.start()
    suite.eventually(lambda: BOX.status("d") == "Running", "it runs again")
    suite.equal(BOX.status("e"), "Stopped")


def test_operations_end_with_the_daemon():
    BOX.launch("f")
    operation = PEER.api.start("POST", BOX.path("f", "/exec"), {
        "command": ["sleep", "100"], "wait-for-websocket": False})
    PEER.kill()
    PEER.start()
    suite.equal(PEER.api.get(f"/1.0/operations/{operation['id']}").status, 404)


def attempt(action):
    """Runs a request whose answer may never come."""
    def run():
        try:
            action(instances.Instances(ApiOnly(PEER)))
        except (api.ApiError, api.ProtocolError, OSError):
            pass
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


class ApiOnly:
    """A second connection to the same daemon, for another thread."""

    def __init__(self, peer):
        self.prefix = peer.prefix
        self.api = api.Api(peer.socket)


def kill_in_the_middle(prepare, action, rounds=6, longest=0.25):
    """Kills the daemon at different moments of an action; afterwards all can be deleted."""
    for number in range(rounds):
        name = f"k{number}"
        prepare(name)
        thread = attempt(lambda box, name=name: action(box, name))
        time.sleep(random.uniform(0, longest))
        PEER.kill()
        thread.join(30)
        PEER.api.close()
        PEER.start()
        for url in PEER.api.sync("GET", "/1.0/instances"):
            status = PEER.api.sync("GET", url)["status"]
            if status != "Stopped":
                PEER.api.operation("PUT", url + "/state",
                                   {"action": "stop", "force": True, "timeout": 30})
            PEER.api.operation("DELETE", url)
        suite.equal(PEER.api.sync("GET", "/1.0/instances"), [], "instances")
        folder = os.path.join(PEER.directory, "storage-pools/default/containers")
        suite.equal(os.listdir(folder), [], "volumes")
        suite.equal(os.listdir(os.path.join(PEER.directory, "containers")), [], "links")
        suite.eventually(lambda: PEER.cgroups() == [], "no cgroup is left", 5)
        BOX.create(name)  # the name can be taken again
        BOX.delete(name)


@daemon.ours
def test_kill_in_create():
    kill_in_the_middle(lambda name: None, lambda box, name: box.create(name))


@daemon.ours
def test_kill_in_start():
    kill_in_the_middle(BOX.create, lambda box, name: box.state(name, "start"))


@daemon.ours
def test_kill_in_stop():
    kill_in_the_middle(BOX.launch, lambda box, name: box.state(name, "stop", force=True))


@daemon.ours
def test_kill_in_delete():
    kill_in_the_middle(BOX.create, lambda box, name: box.delete(name), longest=0.1)


@daemon.ours
def test_kill_in_image_import():
    import images  # only this test needs other images
    for number in range(5):
        data = images.busybox()[:-1] if number % 2 else images.small(images.unique("kill"))
        thread = attempt(lambda box, data=data: box.api.operation(
            "POST", "/1.0/images", data, {"Content-Type": "application/octet-stream"}))
        time.sleep(random.uniform(0, 0.05))
        PEER.kill()
        thread.join(30)
        PEER.start()
        listed = {url.split("/")[-1] for url in PEER.api.sync("GET", "/1.0/images")}
        files = {file.split(".")[0] for file in os.listdir(os.path.join(PEER.directory, "images"))}
        suite.equal(files, listed, "files and rows agree")
        for fingerprint in listed - {BOX.image()}:
            PEER.api.operation("DELETE", f"/1.0/images/{fingerprint}")


if __name__ == "__main__":
    daemon.run_suite(globals(), "crash: ")
