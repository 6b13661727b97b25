#!/usr/bin/env python3
"""Instances: create, life cycle, config, expansion, volatile keys, state, rename, logs, refusals."""
import os
import re
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
    BOX = instances.Instances(PEER)
    PEER.purge()


# -- create --------------------------------------------------------------------------------------
def test_create():
    done = BOX.create("c", description="text", config={"user.a": "1"})
    suite.equal(done["resources"]["instances"], [BOX.path("c")], "resources")
    found = BOX.show("c")
    suite.equal((found["name"], found["status"], found["status_code"], found["type"],
                 found["project"], found["ephemeral"], found["stateful"], found["description"],
                 found["profiles"], found["location"], found["architecture"]),
                (BOX.full("c"), "Stopped", 102, "container", "default", False, False, "text",
                 ["default"], "none", os.uname().machine))
    config = found["config"]
    suite.equal((config["user.a"], config["image.os"], config["volatile.base_image"],
                 config["volatile.apply_template"]), ("1", "busybox", BOX.image(), "create"))
    suite.matches(config["volatile.uuid"], "^[0-9a-f-]{36}$", "volatile.uuid")
    for key in ("volatile.idmap.base", "volatile.idmap.next", "volatile.last_state.idmap"):
        suite.true(key in config, f"{key} is missing")
    suite.equal(found["devices"], {}, "own devices")
    suite.equal(found["expanded_devices"]["root"]["pool"], "default")
    suite.equal(found["last_used_at"][:10], "1970-01-01", "never used")


def test_create_from_none():
    BOX.create("n", source={"type": "none"})
    suite.equal(BOX.status("n"), "Stopped")


def test_create_without_name():
    done = PEER.api.operation("POST", "/1.0/instances", {"source": {"type": "none"}})
    url = done["resources"]["instances"][0]
    suite.matches(url, r"^/1\.0/instances/[a-z]+-[a-z]+$|^/1\.0/instances/[a-z][a-z0-9-]+$")
    PEER.api.operation("DELETE", url)


def test_instance_type():
    BOX.create("t", source={"type": "none"}, instance_type="c1-m0.5",
               config={"user.x": "y"})
    config = BOX.show("t")["config"]
    suite.equal((config["limits.cpu"], config["limits.memory"]), ("1", "512MB"))
    BOX.delete("t")
    PEER.refused(400, "Provided instance type doesn't exist: warp", "POST", "/1.0/instances",
                 {"name": BOX.full("t"), "source": {"type": "none"}, "instance_type": "warp"})


def test_old_paths():
    BOX.create("o", source={"type": "none"})
    suite.equal(PEER.api.sync("GET", "/1.0/containers"), [f"/1.0/containers/{BOX.full('o')}"])
    suite.equal(PEER.api.sync("GET", "/1.0/virtual-machines"), [])
    found = PEER.api.sync("GET", f"/1.0/containers/{BOX.full('o')}")
    suite.equal(found["name"], BOX.full("o"))


def test_on_disk():
    BOX.create("d")
    link = os.path.join(PEER.directory, "containers", BOX.full("d"))
    suite.equal(os.readlink(link), os.path.join(
        PEER.directory, "storage-pools/default/containers", BOX.full("d")))
    suite.equal(sorted(set(os.listdir(link)) & {"rootfs", "metadata.yaml", "templates"}),
                ["metadata.yaml", "rootfs", "templates"])
    BOX.delete("d")
    suite.true(not os.path.lexists(link), "the link is gone")
    suite.true(not os.path.exists(os.path.join(
        PEER.directory, "storage-pools/default/containers", BOX.full("d"))), "the volume is gone")


# -- life cycle ----------------------------------------------------------------------------------
def test_life():
    BOX.create("l")
    for action, status in (("start", "Running"), ("freeze", "Frozen"), ("unfreeze", "Running"),
                           ("restart", "Running"), ("stop", "Stopped")):
        BOX.state("l", action)
        suite.equal(BOX.status("l"), status, f"status after {action}")
    BOX.delete("l")
    suite.equal(PEER.api.refusal("GET", BOX.path("l"))[0], 404)


def test_restart_is_a_new_system():
    BOX.launch("r")
    before = BOX.show("r", 1)["state"]["pid"]
    BOX.state("r", "restart", force=True)
    after = BOX.show("r", 1)["state"]["pid"]
    suite.true(before > 0 and after > 0 and before != after, f"pids {before}, {after}")


def test_reboot_from_inside():
    BOX.launch("b")
    before = BOX.show("b", 1)["state"]["pid"]
    BOX.run("b", "reboot", "-f")
    def again():
        pid = BOX.show("b", 1)["state"]["pid"]
        return pid > 0 and pid != before
    suite.eventually(again, "the container is up again")


def test_shutdown_from_inside():
    BOX.launch("s")
    BOX.run("s", "kill", "-PWR", "1")
    suite.eventually(lambda: BOX.status("s") == "Stopped", "stopped by itself")
    # the daemon may still be at the clean-up
    suite.eventually(lambda: PEER.api.refusal("DELETE", BOX.path("s"))[0] == 200, "deletable")


def test_wrong_state():
    BOX.create("w")
    PEER.refused(400, "(?i)already stopped|not running", "PUT", BOX.path("w", "/state"),
                 {"action": "stop"})
    PEER.refused(400, "(?i)not running|isn't running", "PUT", BOX.path("w", "/state"),
                 {"action": "freeze"})
    BOX.state("w", "start")
    PEER.refused(400, "(?i)already running", "PUT", BOX.path("w", "/state"), {"action": "start"})
    PEER.refused(400, "(?i)running", "DELETE", BOX.path("w"))
    PEER.refused(400, "(?i)unknown action|invalid|dance", "PUT", BOX.path("w", "/state"),
                 {"action": "dance"})
    suite.equal(BOX.status("w"), "Running")


def test_stop_time_out():
    BOX.launch("t")
    BOX.run("t", "sh", "-c", "kill -STOP 1")
    BOX.state("t", "freeze")
    BOX.state("t", "unfreeze")
    BOX.state("t", "stop", force=True)
    suite.equal(BOX.status("t"), "Stopped")


def test_ephemeral():
    BOX.launch("e", ephemeral=True)
    suite.equal(BOX.show("e")["ephemeral"], True)
    BOX.state("e", "stop", force=True)
    suite.eventually(lambda: PEER.api.get(BOX.path("e")).status == 404, "it is deleted")


def test_bulk_state():
    for name in ("x", "y"):
        BOX.create(name)
    PEER.api.operation("PUT", "/1.0/instances", {"state": {"action": "start", "timeout": 30}})
    suite.equal([BOX.status("x"), BOX.status("y")], ["Running", "Running"])
    PEER.api.operation("PUT", "/1.0/instances",
                       {"state": {"action": "stop", "force": True, "timeout": 30}})
    suite.equal([BOX.status("x"), BOX.status("y")], ["Stopped", "Stopped"])


# -- what runs -----------------------------------------------------------------------------------
def test_unprivileged_by_default():
    BOX.launch("u")
    pid = BOX.show("u", 1)["state"]["pid"]
    with open(f"/proc/{pid}/uid_map", encoding="ascii") as stream:
        inside, outside, _ = map(int, stream.readline().split())
    suite.true(inside == 0 and outside > 0, f"root is {outside} outside")
    with open(f"/proc/{pid}/status", encoding="ascii") as stream:
        status = stream.read()
    suite.matches(status, r"(?m)^Seccomp:\s+2$", "seccomp")
    for forbidden in ("mknod /tmp/disk b 8 0", "echo 1 >/proc/sys/kernel/panic",
                      "echo x >/proc/sysrq-trigger", "hostname", "mount -t ext4 /dev/sda /mnt"):
        code, _, _ = BOX.run("u", "sh", "-c", forbidden)
        suite.equal(code == 0, forbidden == "hostname", f"{forbidden}: exit code {code}")


def test_privileged_when_asked():
    BOX.launch("p", config={"security.privileged": "true"})
    pid = BOX.show("p", 1)["state"]["pid"]
    with open(f"/proc/{pid}/uid_map", encoding="ascii") as stream:
        suite.equal(stream.readline().split()[:2], ["0", "0"])


def test_templates():
    BOX.launch("h")
    suite.equal(BOX.run("h", "cat", "/etc/hostname")[1].strip(), BOX.full("h"))
    suite.equal(BOX.run("h", "hostname")[1].strip(), BOX.full("h"))


def test_files_belong_to_root_inside():
    BOX.launch("f")
    suite.equal(BOX.run("f", "stat", "-c", "%u:%g:%a", "/etc/passwd")[1].strip(), "0:0:644")
    suite.equal(BOX.run("f", "stat", "-c", "%u:%g:%a", "/tmp")[1].strip(), "0:0:1777")


def test_data_survives():
    BOX.launch("k")
    BOX.run("k", "sh", "-c", "echo kept >/root/kept")
    BOX.state("k", "restart", force=True)
    suite.equal(BOX.run("k", "cat", "/root/kept")[1], "kept\n")


def test_state():
    BOX.launch("st")
    BOX.run("st", "true")
    state = PEER.api.sync("GET", BOX.path("st", "/state"))
    suite.equal((state["status"], state["status_code"]), ("Running", 103))
    suite.true(state["pid"] > 0 and state["processes"] >= 2, f"{state['processes']} processes")
    suite.true(state["memory"]["usage"] > 0 and state["cpu"]["usage"] > 0, "memory and cpu are counted")
    suite.equal(state["network"]["lo"]["type"], "loopback")
    suite.contains([a["address"] for a in state["network"]["lo"]["addresses"]], "127.0.0.1")
    BOX.state("st", "stop", force=True)
    state = PEER.api.sync("GET", BOX.path("st", "/state"))
    suite.equal((state["status"], state["pid"], state["network"]), ("Stopped", 0, None))


def test_full_recursion():
    BOX.launch("q")
    found = PEER.api.sync("GET", "/1.0/instances?recursion=2")
    suite.equal([one["name"] for one in found], [BOX.full("q")])
    suite.equal(found[0]["state"]["status"], "Running")
    suite.true("snapshots" in found[0] and "backups" in found[0], "keys of the full object")


def test_filter():
    BOX.launch("g1", config={"user.team": "red"})
    BOX.create("g2", config={"user.team": "blue"})
    def found(text):
        return PEER.api.sync("GET", f"/1.0/instances?filter={text}")
    suite.equal(found("status%20eq%20running"), [BOX.path("g1")])
    suite.equal(found("config.user.team%20eq%20blue"), [BOX.path("g2")])
    suite.equal(found("status%20eq%20stopped%20and%20config.user.team%20eq%20red"), [])


# -- config --------------------------------------------------------------------------------------
def test_replace_config():
    BOX.create("c")
    answer = PEER.api.get(BOX.path("c"))
    body, tag = answer.metadata, answer.headers["etag"]
    body["config"]["limits.processes"] = "100"
    body["description"] = "new"
    PEER.api.operation("PUT", BOX.path("c"), body, {"If-Match": tag})
    found = BOX.show("c")
    suite.equal((found["config"]["limits.processes"], found["description"]), ("100", "new"))
    status, error = PEER.api.refusal("PUT", BOX.path("c"), body, {"If-Match": tag})
    suite.equal(status, 412)


def test_patch_config():
    BOX.create("c", config={"user.a": "1"})
    PEER.api.sync("PATCH", BOX.path("c"), {"config": {"user.b": "2"}})
    config = BOX.show("c")["config"]
    suite.equal((config["user.a"], config["user.b"]), ("1", "2"))


def test_profiles_expand():
    PEER.api.sync("POST", "/1.0/profiles", {
        "name": "extra", "config": {"user.from": "extra", "user.both": "extra"},
        "devices": {"home": {"type": "disk", "path": "/mnt", "source": PEER.base}}})
    BOX.create("x", profiles=["default", "extra"], config={"user.both": "own"})
    found = BOX.show("x")
    suite.equal((found["expanded_config"]["user.from"], found["expanded_config"]["user.both"]),
                ("extra", "own"))
    suite.equal(sorted(found["expanded_devices"]), ["home", "root"])
    suite.equal(PEER.api.sync("GET", "/1.0/profiles/extra")["used_by"], [BOX.path("x")])
    PEER.refused(400, "(?i)in use", "DELETE", "/1.0/profiles/extra")
    BOX.delete("x")
    PEER.api.sync("DELETE", "/1.0/profiles/extra")


def test_bad_config():
    BOX.create("c")
    path, body = BOX.path("c"), BOX.show("c")
    for config, text in (({"no.such": "1"}, "no.such"), ({"limits.memory": "big"}, "(?i)big|memory"),
                         ({"limits.cpu": "-1"}, "(?i)cpu"),
                         ({"boot.autostart": "maybe"}, "(?i)maybe|boolean")):
        PEER.refused(400, text, "PUT", path, {**body, "config": {**body["config"], **config}})
    PEER.refused(404, "(?i)profile.*not found", "PUT", path,
                 {**body, "profiles": ["nowhere"]})
    suite.equal(BOX.show("c")["config"], body["config"], "config after the refusals")


def test_bad_names():
    for name in ("a/b", "a b", "-a", "a-", "a_b", "1a" * 40, "a" * 64, ".", "..", "1", "ü"):
        status, error = PEER.api.refusal("POST", "/1.0/instances",
                                         {"name": name, "source": {"type": "none"}})
        suite.equal(status, 400, f"status for {name!r} ({error})")
    suite.equal(PEER.api.sync("GET", "/1.0/instances"), [])


def test_longest_name():
    name = ("a" * 63)[len(PEER.prefix):]
    BOX.create(name, source={"type": "none"})
    BOX.delete(name)


def test_taken_name():
    BOX.create("c", source={"type": "none"})
    status, error = PEER.api.refusal("POST", "/1.0/instances", {
        "name": BOX.full("c"), "source": {"type": "none"}})
    suite.true(status in (400, 409), f"status {status}")
    suite.matches(error, "(?i)already (exists|in use)")


def test_bad_sources():
    for source, text in (({"type": "image", "alias": "nowhere"}, "(?i)not found|fetch|no.*image"),
                         ({"type": "image", "fingerprint": "f" * 64}, "(?i)not found|not provided"),
                         ({"type": "image"}, "(?i)image|fingerprint|alias|found"),
                         ({"type": "tape"}, "(?i)unknown source type|tape")):
        status, error = PEER.api.refusal("POST", "/1.0/instances", {
            "name": BOX.full("z"), "source": source})
        suite.true(status >= 400, f"{source} was accepted")
        suite.matches(error, text, "error")
    suite.equal(PEER.api.sync("GET", "/1.0/instances"), [], "nothing is left")


def test_no_root_disk():
    PEER.api.sync("POST", "/1.0/profiles", {"name": "empty"})
    status, error = PEER.api.refusal("POST", "/1.0/instances", {
        "name": BOX.full("z"), "source": {"type": "image", "fingerprint": BOX.image()},
        "profiles": ["empty"]})
    suite.true(status >= 400, "no root disk")
    suite.matches(error, "(?i)root|pool")
    PEER.api.sync("DELETE", "/1.0/profiles/empty")
    suite.equal(PEER.api.sync("GET", "/1.0/instances"), [])


def test_rename():
    BOX.create("old")
    PEER.api.operation("POST", BOX.path("old"), {"name": BOX.full("new")})
    suite.equal(PEER.api.refusal("GET", BOX.path("old"))[0], 404)
    suite.equal(BOX.status("new"), "Stopped")
    BOX.state("new", "start")
    suite.equal(BOX.run("new", "hostname")[1].strip(), BOX.full("new"))
    PEER.refused(400, "(?i)running", "POST", BOX.path("new"), {"name": BOX.full("newer")})


def test_projects_keep_names_apart():
    PEER.api.sync("POST", "/1.0/projects", {"name": "side", "config": {
        "features.images": "false", "features.profiles": "false"}})
    BOX.create("same", source={"type": "none"})
    project = "?project=side"
    PEER.api.operation("POST", "/1.0/instances" + project, {
        "name": BOX.full("same"), "source": {"type": "none"}})
    suite.equal(PEER.api.sync("GET", "/1.0/instances" + project),
                [BOX.path("same") + project])
    suite.equal(len(PEER.api.sync("GET", "/1.0/instances?all-projects=true")), 2)
    PEER.refused(400, "(?i)only empty projects", "DELETE", "/1.0/projects/side")
    PEER.api.operation("DELETE", BOX.path("same") + project)
    PEER.api.sync("DELETE", "/1.0/projects/side")


# -- logs, metadata ------------------------------------------------------------------------------
def test_logs():
    BOX.launch("lg")
    logs = PEER.api.sync("GET", BOX.path("lg", "/logs"))
    suite.contains(logs, BOX.path("lg", "/logs/lxc.log"))
    suite.equal(PEER.api.get(BOX.path("lg", "/logs/lxc.log")).status, 200)
    status, _ = PEER.api.refusal("GET", BOX.path("lg", "/logs/..%2F..%2Fserver.key"))
    suite.true(status >= 400, "only names of logs")


def test_console_log():
    BOX.launch("cl")
    BOX.run("cl", "sh", "-c", "echo to-the-console >/dev/console")
    suite.eventually(lambda: b"to-the-console" in PEER.api.get(BOX.path("cl", "/console")).body,
                     "the text is in the console log", 5)
    PEER.api.sync("DELETE", BOX.path("cl", "/console"))
    suite.true(b"to-the-console" not in PEER.api.get(BOX.path("cl", "/console")).body, "cleared")


def test_metadata():
    BOX.create("m")
    path = BOX.path("m", "/metadata")
    found = PEER.api.sync("GET", path)
    suite.equal(found["properties"]["os"], "busybox")
    suite.equal(found["templates"]["/etc/hostname"]["template"], "hostname.tpl")
    found["properties"]["os"] = "changed"
    PEER.api.sync("PUT", path, found)
    suite.equal(PEER.api.sync("GET", path)["properties"]["os"], "changed")
    templates = path + "/templates"
    suite.equal(sorted(PEER.api.sync("GET", templates)), ["hostname.tpl", "hosts.tpl"])
    PEER.api.request("POST", templates + "?path=new.tpl", "text {{ container.name }}")
    suite.equal(PEER.api.get(templates + "?path=new.tpl").body, b"text {{ container.name }}")
    PEER.api.sync("DELETE", templates + "?path=new.tpl")
    status, _ = PEER.api.refusal("GET", templates + "?path=..%2Fmetadata.yaml")
    suite.true(status >= 400, "only names of templates")


# -- devices -------------------------------------------------------------------------------------
def test_disk_from_the_host():
    folder = os.path.join(PEER.base, "shared")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "file"), "w", encoding="ascii") as stream:
        stream.write("of the host\n")
    BOX.launch("dk", devices={"data": {"type": "disk", "source": folder, "path": "/mnt/data",
                                       "readonly": "true"}})
    suite.equal(BOX.run("dk", "cat", "/mnt/data/file")[1], "of the host\n")
    suite.true(BOX.run("dk", "sh", "-c", "echo x >/mnt/data/file")[0] != 0, "it is read-only")


def test_disk_hot_plug():
    folder = os.path.join(PEER.base, "plugged")
    os.makedirs(folder, exist_ok=True)
    BOX.launch("hp")
    body = BOX.show("hp")
    PEER.api.operation("PUT", BOX.path("hp"), {**body, "devices": {
        "data": {"type": "disk", "source": folder, "path": "/mnt/data"}}})
    suite.contains(BOX.run("hp", "mount")[1], "/mnt/data", "mounts")
    PEER.api.operation("PUT", BOX.path("hp"), {**BOX.show("hp"), "devices": {}})
    suite.true("/mnt/data" not in BOX.run("hp", "mount")[1], "unplugged")


def test_p2p_nic():
    BOX.launch("nc", devices={"eth0": {"type": "nic", "nictype": "p2p", "name": "eth0"}})
    config = BOX.show("nc")["config"]
    suite.matches(config["volatile.eth0.hwaddr"], "^([0-9a-f]{2}:){5}[0-9a-f]{2}$", "hwaddr")
    host = config["volatile.eth0.host_name"]
    suite.true(os.path.exists(f"/sys/class/net/{host}"), f"{host} is there")
    network = PEER.api.sync("GET", BOX.path("nc", "/state"))["network"]["eth0"]
    suite.equal((network["host_name"], network["hwaddr"], network["type"]),
                (host, config["volatile.eth0.hwaddr"], "broadcast"))
    BOX.state("nc", "stop", force=True)
    suite.true(not os.path.exists(f"/sys/class/net/{host}"), f"{host} is gone")
    kept = BOX.show("nc")["config"]
    suite.equal(kept.get("volatile.eth0.hwaddr"), config["volatile.eth0.hwaddr"])
    suite.true("volatile.eth0.host_name" not in kept, "host_name is forgotten")


def test_time_of_use():
    BOX.create("u")
    before = time.time()
    BOX.state("u", "start")
    used = BOX.show("u")["last_used_at"]
    suite.true(re.match(r"\d{4}-\d\d-\d\dT", used) and abs(
        time.mktime(time.strptime(used[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone - before) < 60,
        f"last use {used}")


if __name__ == "__main__":
    daemon.run_suite(globals(), "instances: ")
