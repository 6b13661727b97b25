#!/usr/bin/env python3
"""/dev/lxd inside: who may ask, configuration, metadata, devices, events."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402

PEER = None
CONFIG = {"user.a": "b", "user.note": "two words", "cloud-init.user-data": "#cloud-config\n",
          "user.meta-data": "more: 1\n", "limits.processes": "500"}


# Runs in the container's pid and user namespace, on the files of the host: busybox has no client.
CLIENT = """
import socket, sys
sock = socket.socket(socket.AF_UNIX)
sock.connect(sys.argv[1])
sock.sendall(f"GET {sys.argv[2]} HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n".encode())
data = b""
while True:
    more = sock.recv(65536)
    if not more:
        break
    data += more
sys.stdout.buffer.write(data)
"""


def guest(path, user=0):
    """(status, body) of a GET by a process of the container."""
    pid = instances.Instances(PEER).api.sync("GET", f"/1.0/instances/{PEER.prefix}d/state")["pid"]
    done = subprocess.run(
        ["nsenter", "-t", str(pid), "-U", "-p", "-S", str(user), "-G", "0", "python3", "-c", CLIENT,
         os.path.join(PEER.directory, "devlxd/sock"), path], capture_output=True, timeout=30,
        check=False)
    suite.equal(done.returncode, 0, f"exit code ({done.stderr.decode()})")
    head, _, body = done.stdout.decode().partition("\r\n\r\n")
    return int(head.split(" ")[1]), body


def setup():
    found = instances.Instances(PEER)
    if f"/1.0/instances/{PEER.prefix}d" not in PEER.api.sync("GET", "/1.0/instances"):
        found.launch("d", config=CONFIG, devices={
            "none": {"type": "none"}})


def test_server():
    suite.equal(guest("/"), (200, '["/1.0"]\n'))
    status, body = guest("/1.0")
    suite.equal((status, json.loads(body)),
                (200, {"api_version": "1.0", "location": "none", "instance_type": "container"}))


def test_config():
    status, body = guest("/1.0/config")
    suite.equal((status, json.loads(body)),
                (200, [f"/1.0/config/{key}" for key in sorted(CONFIG)
                       if key.startswith(("user.", "cloud-init."))]))
    suite.equal(guest("/1.0/config/user.note"), (200, "two words"))
    suite.equal(guest("/1.0/config/user.none"), (404, "not found"))
    suite.equal(guest("/1.0/config/limits.processes"), (403, "not authorized"))
    suite.equal(guest("/1.0/nothing")[0], 404)


def test_meta_data():
    path = f"/1.0/instances/{PEER.prefix}d"
    found = PEER.api.sync("GET", path)["config"]["volatile.cloud-init.instance-id"]
    suite.equal(guest("/1.0/meta-data"),
                (200, f"#cloud-config\ninstance-id: {found}\nlocal-hostname: {PEER.prefix}d\n"
                      "more: 1\n"))


def test_devices():
    status, body = guest("/1.0/devices")
    suite.equal(status, 200)
    suite.equal(json.loads(body), {"none": {"type": "none"}, "root": {
        "type": "disk", "path": "/", "pool": "default"}})


def test_only_root_may_ask():
    suite.equal(guest("/1.0", user=1000), (401, "Access denied for non-root user"))


def test_it_can_be_refused():
    path = f"/1.0/instances/{PEER.prefix}d"
    PEER.api.sync("PATCH", path, {"config": {"security.devlxd": "false"}})
    suite.equal(guest("/1.0"), (403, "not authorized"))
    PEER.api.sync("PATCH", path, {"config": {"security.devlxd": "true"}})
    suite.equal(guest("/1.0")[0], 200)


def test_after_a_restart_of_the_daemon():
    PEER.restart()
    suite.equal(guest("/1.0")[0], 200)


def test_the_socket_is_inside():
    found = instances.Instances(PEER)
    suite.equal(found.run("d", "sh", "-c", "test -S /dev/lxd/sock; echo $?")[1], "0\n")
    found.delete("d", force=True)


if __name__ == "__main__":
    daemon.run_suite(globals(), "devlxd: ")
