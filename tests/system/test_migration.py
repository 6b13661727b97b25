#!/usr/bin/env python3
"""Instances that go from host to host: two daemons on loopback, and Debian's LXD as a third where
it is installed. Every way of `lxc copy`; afterwards the trees are equal."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import api  # noqa: E402
import daemon  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402
import tls  # noqa: E402
import trees  # noqa: E402

PEER = None
HOSTS = {}
STATE = {}


def lxc(*arguments, check=True, program="lxc"):
    """(exit code, output) of a client that knows all hosts as remotes."""
    if program == "berth":
        program = os.path.join(daemon.build_directory(), "berth")
    conf = os.path.join(PEER.base, "clients")
    os.makedirs(conf, exist_ok=True)
    environment = {**PEER.environment(), "BERTH_CONF": conf, "LXD_CONF": conf}
    done = subprocess.run([program, *arguments], env=environment, stdin=subprocess.DEVNULL,
                          text=True, capture_output=True, timeout=40, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"{program} {arguments}: {done.stdout}{done.stderr}")
    return done.returncode, done.stdout + done.stderr


def root_of(host, name):
    return os.path.join(HOSTS[host].directory, "storage-pools/default/containers", name, "rootfs")


def add_host(name, peer):
    HOSTS[name] = peer
    address = f"127.0.0.1:{tls.free_port()}"
    peer.api.sync("PATCH", "/1.0", {"config": {"core.https_address": address,
                                               "core.trust_password": "sesame"}})
    lxc("remote", "add", name, address, "--accept-certificate", "--password", "sesame")


def full(name):
    return PEER.prefix + name


def test_hosts():
    add_host("a", PEER)
    add_host("b", daemon.Daemon())
    if shutil.which("lxd"):
        add_host("l", daemon.Daemon(run="lxd"))
    STATE["a"] = instances.Instances(PEER)
    STATE["a"].create("c1")
    trees.fill(root_of("a", full("c1")))


def pairs():
    return [("a", "b"), ("b", "a")] + ([("a", "l"), ("l", "a")] if "l" in HOSTS else [])


def compare(source, target, name):
    exact = "l" not in (source, target)
    options = {"acls": exact, "hard_links": exact}
    found = trees.describe(root_of(target, name), **options)
    expected = trees.describe(root_of(source, full("c1")), **options)
    suite.equal([line for line in found if line not in expected],
                [line for line in expected if line not in found], f"{source} -> {target}")


def check_way(mode):
    for source, target in pairs():
        if source != "a":
            lxc("copy", f"a:{full('c1')}", f"{source}:{full('c1')}")
        name = full(f"from-{source}")
        lxc("copy", f"{source}:{full('c1')}", f"{target}:{name}", "--mode", mode)
        compare(source, target, name)
        lxc("delete", f"{target}:{name}")
        if source != "a":
            lxc("delete", f"{source}:{full('c1')}")


def test_pull():
    check_way("pull")


def test_push():
    check_way("push")


def test_relay():
    check_way("relay")


def test_client():
    """`berth` goes all the ways too, and finds one by itself."""
    for options in ([], ["--mode", "push"], ["--mode", "relay"]):
        name = full("ours")
        lxc("copy", f"a:{full('c1')}", f"b:{name}", *options, program="berth")
        compare("a", "b", name)
        lxc("delete", f"b:{name}", program="berth")


def test_move():
    for program in ("lxc", "berth"):
        STATE["a"].create("mover")
        before = STATE["a"].show("mover")["config"]
        lxc("move", f"a:{full('mover')}", "b:", program=program)
        suite.equal(PEER.api.get(STATE["a"].path("mover")).status, 404)
        after = HOSTS["b"].api.sync("GET", STATE["a"].path("mover"))["config"]
        for key in ("volatile.uuid", "volatile.base_image"):
            suite.equal(after[key], before[key], key)
        suite.equal(after["volatile.apply_template"], "copy")
        lxc("delete", f"b:{full('mover')}")


def test_refresh():
    """Only the second time: what changed, what went, what came; and nothing else of the target."""
    name = full("fresh")
    lxc("copy", f"a:{full('c1')}", f"b:{name}", program="berth")
    root = root_of("a", full("c1"))
    with open(os.path.join(root, "data/small"), "ab") as stream:
        stream.write(b"more")
    os.unlink(os.path.join(root, "data/holes"))
    os.mkdir(os.path.join(root, "data/new"), 0o700)
    os.chown(os.path.join(root, "data/empty"), 3, 4)
    with open(os.path.join(root_of("b", name), "data/stray"), "wb") as stream:
        stream.write(b"goes away")
    lxc("copy", f"a:{full('c1')}", f"b:{name}", "--refresh", program="berth")
    compare("a", "b", name)
    lxc("delete", f"b:{name}")


def test_running():
    """One that runs is copied stateless, and goes on running."""
    STATE["a"].launch("busy")
    code, text = lxc("copy", f"a:{full('busy')}", f"b:{full('busy')}", check=False)
    suite.equal(code, 1, text)
    suite.contains(text, "live migration")
    for target in [pair[1] for pair in pairs() if pair[0] == "a"]:
        lxc("copy", f"a:{full('busy')}", f"{target}:{full('busy')}", "--stateless")
        lxc("delete", f"{target}:{full('busy')}")
    suite.equal(STATE["a"].status("busy"), "Running")
    code, _, _ = STATE["a"].run("busy", "true")
    suite.equal(code, 0)
    lxc("copy", f"a:{full('busy')}", f"b:{full('started')}", "--stateless")
    lxc("start", f"b:{full('started')}")
    suite.matches(lxc("exec", f"b:{full('started')}", "--", "hostname")[1], "started")
    lxc("delete", "-f", f"b:{full('started')}")
    STATE["a"].delete("busy", force=True)


def snapshots_on(host, name):
    return HOSTS[host].api.sync("GET", f"/1.0/instances/{name}/snapshots?recursion=1")


def snapshot_root(host, name, snapshot):
    return root_of(host, name).replace("/containers/", "/containers-snapshots/")[:-6] \
        + f"{snapshot}/rootfs"


def test_snapshots():
    """They come along, each with its own content, configuration and times."""
    path = STATE["a"].path("history")
    STATE["a"].create("history", config={"user.state": "old"})
    root = root_of("a", full("history"))
    trees.fill(root)
    PEER.api.operation("POST", path + "/snapshots", {"name": "first"})
    with open(os.path.join(root, "data/small"), "ab") as stream:
        stream.write(b"second")
    os.unlink(os.path.join(root, "data/fifo"))
    PEER.api.sync("PATCH", path, {"config": {"user.state": "new"}})
    PEER.api.operation("POST", path + "/snapshots",
                       {"name": "second", "expires_at": "2090-01-02T03:04:05Z"})
    os.mkdir(os.path.join(root, "data/third"))
    expected = snapshots_on("a", full("history"))
    for target in [pair[1] for pair in pairs() if pair[0] == "a"]:
        name, exact = full("history"), target != "l"
        lxc("copy", f"a:{name}", f"{target}:{name}")
        for found, wanted in zip(snapshots_on(target, name), expected, strict=True):
            for key in ("name", "expires_at"):
                suite.equal(found[key], wanted[key], key)
            suite.equal(found["config"]["user.state"], wanted["config"]["user.state"])
            suite.equal(found["created_at"][:19], wanted["created_at"][:19], "created_at")
            options = {"acls": exact, "hard_links": exact}
            suite.equal(trees.describe(snapshot_root(target, name, found["name"]), **options),
                        trees.describe(snapshot_root("a", name, found["name"]), **options))
        suite.true(os.path.isdir(os.path.join(root_of(target, name), "data/third")), "what is now")
        if target == "l":
            lxc("copy", f"l:{name}", f"b:{full('back')}")
            suite.equal([item["name"] for item in snapshots_on("b", full("back"))],
                        ["first", "second"])
            lxc("delete", f"b:{full('back')}")
            lxc("delete", f"l:{name}")


def test_refresh_of_snapshots():
    """The missing one comes, the one that is none any more goes, the rest stays."""
    name, path = full("history"), STATE["a"].path("history")
    before = snapshots_on("b", name)
    PEER.api.operation("DELETE", path + "/snapshots/first")
    PEER.api.operation("POST", path + "/snapshots", {"name": "third"})
    for program in ("lxc", "berth"):
        lxc("copy", f"a:{name}", f"b:{name}", "--refresh", program=program)
        found = snapshots_on("b", name)
        suite.equal([item["name"] for item in found], ["second", "third"])
        suite.equal(found[0]["created_at"], before[1]["created_at"], "of the one that stayed")
        suite.equal(trees.describe(snapshot_root("b", name, "third")),
                    trees.describe(snapshot_root("a", name, "third")))


def test_of_a_snapshot():
    """A snapshot becomes an instance; without snapshots nothing else comes."""
    name = full("history")
    for options in ([], ["--mode", "push"]):
        for program in ("lxc", "berth"):
            lxc("copy", f"a:{name}/second", f"b:{full('alone')}", *options, program=program)
            suite.equal(snapshots_on("b", full("alone")), [])
            suite.equal(trees.describe(root_of("b", full("alone"))),
                        trees.describe(snapshot_root("a", name, "second")))
            lxc("delete", f"b:{full('alone')}")
    lxc("copy", f"a:{name}", f"b:{full('alone')}", "--instance-only")
    suite.equal(snapshots_on("b", full("alone")), [])
    lxc("delete", f"b:{full('alone')}")
    lxc("delete", f"b:{name}")
    lxc("delete", f"a:{name}")


def start_pull(host, name, source, **fields):
    """The operation of a target, begun by hand."""
    return HOSTS[host].api.start("POST", "/1.0/instances", {"name": name, "source": {
        "type": "migration", "mode": "pull", **source}, **fields})


def offer(name, **fields):
    """What a target needs to know of a source."""
    started = PEER.api.start("POST", STATE["a"].path(name), {"name": full(name), "migration": True,
                                                             **fields})
    server = PEER.api.sync("GET", "/1.0")
    return {"operation": f"https://{server['environment']['addresses'][0]}"
                         f"/1.0/operations/{started['id']}",
            "secrets": started["metadata"], "certificate": server["environment"]["certificate"]}


def failure(host, operation):
    done = HOSTS[host].api.sync("GET", f"/1.0/operations/{operation['id']}/wait?timeout=60")
    suite.equal(done["status"], "Failure", done)
    return done["err"]


def names_on(host):
    peer = HOSTS[host]
    return (peer.api.sync("GET", "/1.0/instances"),
            sorted(os.listdir(os.path.join(peer.directory, "storage-pools/default/containers"))),
            sorted(os.listdir(os.path.join(peer.directory, "containers"))))


@daemon.ours
def test_refusals():
    """Wrong certificates, secrets and addresses; each leaves nothing."""
    before = names_on("b")
    source = offer("c1")
    other = HOSTS["b"].api.sync("GET", "/1.0")["environment"]["certificate"]
    for change, text in (({"certificate": other}, "certificate"),
                         ({"secrets": {"control": "x", "fs": "y"}}, "permission denied"),
                         ({"secrets": {"control": "x"}}, "Missing fs secret"),
                         ({"operation": "https://127.0.0.1:1/1.0/operations/x"}, "refused"),
                         ({"operation": "http://127.0.0.1/"}, "Invalid migration operation URL")):
        operation = start_pull("b", full("never"), {**source, **change})
        suite.contains(failure("b", operation), text)
        suite.equal(names_on("b"), before)
    suite.contains(failure("a", {"id": source["operation"].split("/")[-1]}),
                   "Timed out waiting for migration connections")
    HOSTS["b"].refused(400, "Unknown migration mode", "POST", "/1.0/instances", {
        "name": full("never"), "source": {"type": "migration", "mode": "fly"}})


@daemon.ours
def test_slow_and_broken():
    """rsync.bwlimit holds; a link that is cut leaves the target as it was, and the source free."""
    STATE["a"].create("large")
    with open(os.path.join(root_of("a", full("large")), "ballast"), "wb") as stream:
        stream.write(os.urandom(24 << 20))
    PEER.api.sync("PATCH", "/1.0/storage-pools/default", {"config": {"rsync.bwlimit": "4MB"}})
    before = names_on("b")
    source = offer("large")
    operation = start_pull("b", full("large"), source)
    path = f"/1.0/operations/{operation['id']}"

    def progress():
        return (HOSTS["b"].api.sync("GET", path)["metadata"] or {}).get("fs_progress")

    text = suite.eventually(progress, "progress")
    suite.matches(text, rf"^{full('large')}: [0-9.]+[kM]B \([0-9.]+[kM]B/s\)$")
    sending = "/1.0/operations/" + source["operation"].split("/")[-1]
    suite.matches(PEER.api.sync("GET", sending)["metadata"]["fs_progress"], "B/s")
    error = suite.raises(api.ApiError, STATE["a"].state, "large", "start")
    suite.contains(str(error), 'Instance is busy running a "copy" operation')
    suite.equal(HOSTS["b"].api.sync("GET", path)["status"], "Running", "after a moment")
    PEER.kill()
    suite.contains(failure("b", operation), "Error transferring instance data")
    suite.eventually(lambda: names_on("b") == before, "nothing is left")
    PEER.api.close()
    PEER.start()
    PEER.api.sync("PATCH", "/1.0/storage-pools/default", {"config": {"rsync.bwlimit": ""}})
    lxc("copy", f"a:{full('large')}", f"b:{full('large')}")
    lxc("delete", f"b:{full('large')}")
    STATE["a"].delete("large")


def stop_hosts():
    problems = []
    for name, peer in HOSTS.items():
        if name != "a":
            try:
                peer.stop()
            except daemon.Leftovers as error:
                problems.append(str(error))
    if problems:
        raise daemon.Leftovers("\n".join(problems))


def test_nothing_is_left_on_the_others():
    stop_hosts()


if __name__ == "__main__":
    daemon.run_suite(globals(), "migration: ")
