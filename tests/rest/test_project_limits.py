#!/usr/bin/env python3
"""Limits and restrictions of projects: on creation and change of instances and profiles, on change
of the project, and the project's state."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import images  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402

PEER = None
BOX = None
PROJECT = "?project=tight"
ROOT = {"type": "disk", "path": "/", "pool": "default"}


def setup():
    global BOX
    if BOX is None:
        BOX = instances.Instances(PEER)
        PEER.api.sync("POST", "/1.0/projects", {"name": "tight", "config": {
            "features.images": "false", "features.profiles": "true"}})
        PEER.api.sync("PUT", "/1.0/profiles/default" + PROJECT, {
            "config": {}, "description": "", "devices": {"root": ROOT}})


def content(config):
    return {"description": "", "config": {
        "features.images": "false", "features.profiles": "true",
        **{key.replace("__", ".").replace("_", "-"): value for key, value in config.items()}}}


def project(**config):
    """Replaces limits and restrictions."""
    PEER.api.sync("PUT", "/1.0/projects/tight", content(config))


def project_refused(status, text, **config):
    PEER.refused(status, text, "PUT", "/1.0/projects/tight", content(config))


def body(name, **fields):
    return {"name": BOX.full(name), "type": "container", "source": {"type": "none"}, **fields}


def create(name, **fields):
    return PEER.api.operation("POST", "/1.0/instances" + PROJECT, body(name, **fields))


def refused(text, name, **fields):
    PEER.refused(403, text, "POST", "/1.0/instances" + PROJECT, body(name, **fields))


def delete(*names):
    for name in names:
        PEER.api.operation("DELETE", BOX.path(name) + PROJECT)


def test_counts():
    project(limits__containers="1")
    create("a")
    refused('Reached maximum number of instances of type "container" in project "tight"', "b")
    project(limits__instances="1")
    refused('Reached maximum number of instances in project "tight"', "b")
    # the others do not feel it
    PEER.api.operation("POST", "/1.0/instances", body("b"))
    PEER.api.operation("DELETE", BOX.path("b"))


def test_lowering_a_count_below_what_is_there():
    project()
    create("b")
    for key, text in (("limits.containers", "instances of type container"),
                      ("limits.instances", "total instances")):
        project_refused(403, f'"{key}" is too low: there currently are 2 {text} in project "?tight',
                        **{key: "1"})
    project(limits__containers="2", limits__virtual_machines="0")
    delete("b")


def test_sums():
    project_refused(400, "has no \"limits.memory\" config, either directly or via a profile",
                    limits__memory="100MiB")
    PEER.api.sync("PATCH", BOX.path("a") + PROJECT, {"config": {
        "limits.memory": "60MiB", "limits.cpu": "1", "limits.processes": "10"}})
    project(limits__memory="100MiB", limits__cpu="2", limits__processes="20")
    keys = {"limits.memory": "40MiB", "limits.cpu": "1", "limits.processes": "10"}
    refused('Reached maximum aggregate value "100MiB" for "limits.memory" in project "tight"', "b",
            config={**keys, "limits.memory": "41MiB"})
    refused('Reached maximum aggregate value "20" for "limits.processes"', "b",
            config={**keys, "limits.processes": "11"})
    PEER.refused(400, 'Instance "[^"]*" in project "tight" has no "limits.(cpu|memory|processes)"',
                 "POST", "/1.0/instances" + PROJECT, body("b"))
    create("b", config=keys)
    PEER.refused(403, "Reached maximum aggregate value", "PATCH", BOX.path("b") + PROJECT,
                 {"config": {"limits.cpu": "2"}})
    PEER.refused(400, 'Failed parsing "limits.memory"', "PATCH", BOX.path("b") + PROJECT,
                 {"config": {"limits.memory": "10%"}})
    project_refused(403, '"limits.memory" is too low: current total is "100.0MiB"',
                    limits__memory="99MiB", limits__cpu="2", limits__processes="20")


def test_state():
    state = PEER.api.sync("GET", "/1.0/projects/tight/state")["resources"]
    suite.equal(state["memory"], {"Limit": 100 << 20, "Usage": 100 << 20})
    suite.equal(state["cpu"], {"Limit": 2, "Usage": 2})
    suite.equal(state["processes"], {"Limit": 20, "Usage": 20})
    suite.equal(state["containers"], {"Limit": -1, "Usage": 2})
    suite.equal(state["instances"], {"Limit": -1, "Usage": 2})
    suite.equal(sorted(state), ["containers", "cpu", "disk", "instances", "memory", "networks",
                                "processes", "virtual-machines"])
    delete("b")


def test_a_profile_counts():
    """What a profile gives to its instances is summed for each of them."""
    profile = "/1.0/profiles/default" + PROJECT
    PEER.api.sync("PATCH", profile, {"config": {"limits.memory": "40MiB"}})
    create("b", config={"limits.cpu": "1", "limits.processes": "10"})
    PEER.refused(403, "Failed checking if profile update allowed: Reached maximum aggregate value",
                 "PATCH", profile, {"config": {"limits.memory": "41MiB"}})
    suite.equal(PEER.api.sync("GET", profile)["config"], {"limits.memory": "40MiB"})
    delete("a", "b")


def test_disk():
    project(limits__disk="10MiB")
    PEER.refused(400, 'has no "size" config set on the root device', "POST",
                 "/1.0/instances" + PROJECT, body("d"))
    refused('Reached maximum aggregate value "10MiB" for "limits.disk"', "d",
            devices={"root": {**ROOT, "size": "11MiB"}})
    project()


@daemon.ours  # LXD closes the connection in the middle
def test_disk_bounds_images():
    """A project with images of its own: its disk limit leaves them what instances do not take."""
    PEER.api.sync("POST", "/1.0/projects", {"name": "pictures", "config": {
        "features.images": "true", "features.profiles": "true", "limits.disk": "1000"}})
    octets = {"Content-Type": "application/octet-stream"}
    status, error = PEER.api.refusal("POST", "/1.0/images?project=pictures", images.busybox(), octets)
    suite.true(status >= 400, f"an image of more than 1000 bytes ({error})")
    suite.equal(PEER.api.sync("GET", "/1.0/images?project=pictures"), [])
    PEER.api.sync("PUT", "/1.0/projects/pictures", {"description": "", "config": {
        "features.images": "true", "features.profiles": "true", "limits.disk": "100MB"}})
    done = PEER.api.operation("POST", "/1.0/images?project=pictures", images.busybox(), octets)
    PEER.api.operation("DELETE", f"/1.0/images/{done['metadata']['fingerprint']}?project=pictures")
    PEER.api.sync("DELETE", "/1.0/projects/pictures")


def test_restricted_config():
    project(restricted="true")
    for key, value, text in (
            ("security.privileged", "true", "Privileged containers are forbidden"),
            ("security.nesting", "true", "Container nesting is forbidden"),
            ("security.syscalls.intercept.mount", "true",
             "Container syscall interception is forbidden"),
            ("raw.lxc", "lxc.signal.halt = 9", 'Use of low-level config "raw.lxc" on container'),
            ("security.idmap.size", "70000", 'Use of low-level config "security.idmap.size"'),
            ("raw.idmap", "both 1000 1000", 'Use of low-level "raw.idmap" element 0'),
            ("volatile.idmap.base", "5", 'Setting "volatile.idmap.base" on container')):
        refused(text, "r", config={key: value})
    create("r", config={"limits.memory": "64MiB", "user.x": "y"})
    PEER.refused(403, "Failed checking if instance update allowed.*nesting is forbidden", "PATCH",
                 BOX.path("r") + PROJECT, {"config": {"security.nesting": "true"}})
    # what the daemon keeps may be sent back, as clients do that read, change and write
    whole = PEER.api.sync("GET", BOX.path("r") + PROJECT)
    whole["config"]["user.x"] = "z"
    PEER.api.operation("PUT", BOX.path("r") + PROJECT, whole)
    PEER.refused(403, 'Changing "volatile.uuid"', "PATCH", BOX.path("r") + PROJECT,
                 {"config": {"volatile.uuid": "6e0c1f7a-4c15-4f40-8f5d-9d8a2c9b1e11"}})


def test_restricted_profiles():
    PEER.refused(403, 'Invalid value "true" for config "security.privileged"', "PATCH",
                 "/1.0/profiles/default" + PROJECT, {"config": {"security.privileged": "true"}})
    PEER.refused(403, 'Invalid device "d" on container .*not backed by a pool is forbidden', "PATCH",
                 "/1.0/profiles/default" + PROJECT, {"devices": {
                     "root": ROOT, "d": {"type": "disk", "source": "/tmp", "path": "/mnt"}}})


def test_restricted_devices():
    for device, text in (
            ({"type": "nic", "nictype": "p2p"}, "Only managed network devices are allowed"),
            ({"type": "unix-char", "path": "/dev/null"}, "Unix character devices are forbidden"),
            ({"type": "disk", "source": "/tmp", "path": "/mnt"},
             "Attaching disks not backed by a pool is forbidden"),
            ({"type": "proxy", "listen": "tcp:127.0.0.1:1", "connect": "tcp:127.0.0.1:2"},
             "Proxy devices are forbidden")):
        if device["type"] not in ("nic", "disk") and not daemon.is_lxd():
            # its driver may not be built in
            status, error = PEER.api.refusal("POST", "/1.0/instances" + PROJECT,
                                             body("q", devices={"d": device}))
            if "forbidden" not in error:
                suite.true(status >= 400, "refused")
                continue
        refused(text, "q", devices={"d": device})


def test_disk_paths():
    project(restricted="true", restricted__devices__disk="allow", **{
        "restricted__devices__disk__paths": "/tmp/allowed,/srv"})
    for source in ("/tmp/allowed/../x", "/tmp/allowedx", "/etc"):
        refused('Disk source path .* not allowed', "q", devices={
            "d": {"type": "disk", "source": source, "path": "/mnt", "required": "false"}})
    create("q", devices={
        "d": {"type": "disk", "source": "/tmp/allowed/in", "path": "/mnt", "required": "false"}})
    delete("q")


def test_allowed_again():
    project(restricted="true", restricted__containers__privilege="allow",
            restricted__containers__nesting="allow", restricted__idmap__uid="1000-1999",
            restricted__idmap__gid="1000")
    create("q", config={"security.privileged": "true", "security.nesting": "true"})
    refused("raw.idmap", "s", config={"raw.idmap": "both 1001 1001"})
    create("s", config={"raw.idmap": "uid 1001 1001\ngid 1000 1000"})
    project_refused(403, "Conflict detected when changing .*Privileged containers are forbidden",
                    restricted="true", restricted__containers__nesting="allow",
                    restricted__idmap__uid="1000-1999", restricted__idmap__gid="1000")
    delete("q", "s", "r")


def test_isolated_only():
    project(restricted="true", restricted__containers__privilege="isolated")
    refused("Non-isolated containers are forbidden", "i",
            config={"security.idmap.isolated": "false"})
    create("i", config={"security.idmap.isolated": "true"})
    delete("i")


def test_the_project_goes():
    PEER.api.sync("DELETE", "/1.0/projects/tight")


if __name__ == "__main__":
    daemon.run_suite(globals(), "project limits: ")
