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
body = sys.argv[4] if len(sys.argv) > 4 else ""
sock.sendall(f"{sys.argv[3] if len(sys.argv) > 3 else 'GET'} {sys.argv[2]} HTTP/1.1\\r\\nHost: x\\r\\n"
             f"Connection: close\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n{body}".encode())
data = b""
while True:
    more = sock.recv(65536)
    if not more:
        break
    sys.stdout.buffer.write(more)
    sys.stdout.flush()
"""


def client(path, *more, user=0):
    """The words of a program that asks from inside the container."""
    pid = PEER.api.sync("GET", f"/1.0/instances/{PEER.prefix}d/state")["pid"]
    return ["nsenter", "-t", str(pid), "-U", "-p", "-S", str(user), "-G", "0", "python3", "-c",
            CLIENT, os.path.join(PEER.directory, "devlxd/sock"), path, *more]


def guest(path, *more, user=0):
    """(status, body) of a request (GET, or what `more` says) by a process of the container."""
    done = subprocess.run(client(path, *more, user=user), capture_output=True, timeout=30,
                          check=False)
    suite.equal(done.returncode, 0, f"exit code ({done.stderr.decode()})")
    head, _, body = done.stdout.decode(errors="replace").partition("\r\n\r\n")
    return int(head.split(" ")[1]), body


def setup():
    found = instances.Instances(PEER)
    if f"/1.0/instances/{PEER.prefix}d" not in PEER.api.sync("GET", "/1.0/instances"):
        found.launch("d", config=CONFIG, devices={
            "none": {"type": "none"}})


def test_server():
    suite.equal(guest("/"), (200, '["/1.0"]\n'))
    status, body = guest("/1.0")
    found = json.loads(body)
    suite.true(found.pop("state", "") in ("", "Started"), "state")
    suite.equal((status, found),
                (200, {"api_version": "1.0", "location": "none", "instance_type": "container"}))


def test_config():
    status, body = guest("/1.0/config")
    suite.equal((status, sorted(json.loads(body))),
                (200, [f"/1.0/config/{key}" for key in sorted(CONFIG)
                       if key.startswith(("user.", "cloud-init."))]))
    suite.equal(guest("/1.0/config/user.note"), (200, "two words"))
    suite.equal(guest("/1.0/config/user.none"), (404, "not found\n"))
    suite.equal(guest("/1.0/config/limits.processes"), (403, "not authorized\n"))
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
    suite.equal(guest("/1.0", user=1000), (401, "Access denied for non-root user\n"))


def test_it_can_be_refused():
    path = f"/1.0/instances/{PEER.prefix}d"
    PEER.api.sync("PATCH", path, {"config": {"security.devlxd": "false"}})
    suite.equal(guest("/1.0"), (403, "not authorized\n"))
    PEER.api.sync("PATCH", path, {"config": {"security.devlxd": "true"}})
    suite.equal(guest("/1.0")[0], 200)


def test_events_as_a_stream():
    """Changes of what a guest may see, and of its devices, one line of JSON each."""
    path = f"/1.0/instances/{PEER.prefix}d"
    with subprocess.Popen(client("/1.0/events?type=config,device"), stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as reader:
        suite.contains(reader.stdout.readline().decode(), "200 OK")
        while reader.stdout.readline() not in (b"\r\n", b"\n", b""):
            pass
        PEER.api.sync("PATCH", path, {"config": {"limits.processes": "400"}})
        PEER.api.sync("PATCH", path, {"config": {"user.a": "c"}})
        event = next_event(reader.stdout)
        suite.equal((event["type"], event["metadata"]),
                    ("config", {"key": "user.a", "old_value": "b", "value": "c"}))
        PEER.api.sync("PATCH", path, {"config": {"user.a": "b"}, "devices": {
            "more": {"type": "none"}}})
        suite.equal(next_event(reader.stdout)["type"], "config")
        event = next_event(reader.stdout)
        suite.equal((event["type"], event["metadata"]["action"], event["metadata"]["name"]),
                    ("device", "added", "more"))
        reader.terminate()


def next_event(stream):
    """The next line that is JSON: chunks have lines of their own."""
    while True:
        line = stream.readline()
        suite.true(line, "the stream goes on")
        if line.startswith(b"{"):
            return json.loads(line)


def test_images():
    path = f"/1.0/instances/{PEER.prefix}d"
    fingerprint = instances.Instances(PEER).image()
    url = f"/1.0/images/{fingerprint}/export"
    suite.equal(guest(url), (403, "not authorized\n"))
    PEER.api.sync("PATCH", path, {"config": {"security.devlxd.images": "true"}})
    suite.equal(guest(url)[0], 404, "status of a private image")
    image = PEER.api.sync("GET", f"/1.0/images/{fingerprint}")
    PEER.api.sync("PUT", f"/1.0/images/{fingerprint}", {**image, "public": True})
    status, body = guest(url)
    suite.equal(status, 200)
    suite.true(len(body) > 1000, "the image is sent")
    suite.equal(guest(f"/1.0/images/{fingerprint[:12]}/export")[0], 200, "status of a short name")
    suite.equal(guest("/1.0/images/busybox/export")[0], 404, "status of an alias")
    PEER.api.sync("PUT", f"/1.0/images/{fingerprint}", image)


@daemon.ours
def test_ready():
    suite.equal(guest("/1.0", "PATCH", '{"state": "Ready"}')[0], 200)
    found = instances.Instances(PEER)
    suite.equal(found.status("d"), "Ready")
    suite.equal(json.loads(guest("/1.0")[1])["state"], "Ready")
    suite.equal(guest("/1.0", "PATCH", '{"state": "Asleep"}')[0], 400)
    suite.equal(guest("/1.0", "PATCH", '{"state": "Started"}')[0], 200)
    suite.equal(found.status("d"), "Running")
    guest("/1.0", "PATCH", '{"state": "Ready"}')
    found.state("d", "restart", force=True)
    suite.equal(found.status("d"), "Running", "status after a restart")


def instance_id():
    return PEER.api.sync("GET", f"/1.0/instances/{PEER.prefix}d")["config"][
        "volatile.cloud-init.instance-id"]


def test_instance_id():
    """It changes with what cloud-init was told and with the names of interfaces, and only then."""
    path = f"/1.0/instances/{PEER.prefix}d"
    seen = [instance_id()]
    for change, renews in (({"config": {"user.b": "x"}}, False),
                           ({"config": {"cloud-init.user-data": "#cloud-config\nx: 1\n"}}, True),
                           ({"config": {"user.network-config": "version: 1\n"}}, True),
                           ({"config": {"user.user-data": "#cloud-config\n"}}, True),
                           ({"config": {"user.vendor-data": "#cloud-config\n"}}, True),
                           ({"config": {"cloud-init.network-config": "version: 2\n"}}, True),
                           ({"devices": {"eth7": {"type": "nic", "nictype": "p2p"}}}, True),
                           ({"config": {"limits.processes": "300"}}, False)):
        PEER.api.sync("PATCH", path, change)
        suite.equal(instance_id() not in seen, renews, f"renewed by {change}")
        seen.append(instance_id())
    PEER.api.sync("PATCH", "/1.0/profiles/default", {"config": {
        "cloud-init.vendor-data": "#cloud-config\n"}})
    suite.true(instance_id() not in seen, "renewed by the profile")
    PEER.api.sync("PATCH", "/1.0/profiles/default", {"config": {"cloud-init.vendor-data": ""}})


def test_after_a_restart_of_the_daemon():
    PEER.restart()
    suite.equal(guest("/1.0")[0], 200)


def test_the_socket_is_inside():
    found = instances.Instances(PEER)
    suite.equal(found.run("d", "sh", "-c", "test -S /dev/lxd/sock; echo $?")[1], "0\n")
    found.delete("d", force=True)


if __name__ == "__main__":
    daemon.run_suite(globals(), "devlxd: ")
