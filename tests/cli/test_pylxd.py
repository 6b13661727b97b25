#!/usr/bin/python3
"""python3-pylxd 2.2.10, unmodified, against our daemon."""
import os
import sys
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import images  # noqa: E402
import suite  # noqa: E402

try:
    warnings.simplefilter("ignore")  # it warns of every attribute that is newer than itself
    import pylxd
    import pylxd.exceptions
except ImportError:
    pylxd = None

PEER = None
CLIENT = None


def setup():
    global CLIENT
    if pylxd is None:
        raise suite.Skip("python3-pylxd is not installed")
    if CLIENT is None:
        os.environ["LXD_DIR"] = PEER.directory
        CLIENT = pylxd.Client(endpoint="http+unix://" + PEER.socket.replace("/", "%2F"))


def name(word):
    return PEER.prefix + word


def test_host_info():
    suite.equal(CLIENT.host_info["api_version"], "1.0")
    suite.true(CLIENT.trusted, "trusted")
    suite.true(CLIENT.has_api_extension("instances"), "extensions")


def test_image():
    image = CLIENT.images.create(images.busybox(), wait=True)
    image.add_alias("py", "from pylxd")
    suite.equal(CLIENT.images.get_by_alias("py").fingerprint, image.fingerprint)
    suite.true(CLIENT.images.exists(image.fingerprint), "exists")
    suite.equal([one.fingerprint for one in CLIENT.images.all()], [image.fingerprint])
    image.properties["edited"] = "yes"
    image.save(wait=True)
    suite.equal(CLIENT.images.get(image.fingerprint).properties["edited"], "yes")
    suite.true(image.export().read() == images.busybox(), "the exported bytes")


def test_profiles():
    profile = CLIENT.profiles.create("py", config={"user.a": "1"}, devices={})
    profile.config["user.b"] = "2"
    profile.save(wait=True)
    suite.equal(CLIENT.profiles.get("py").config, {"user.a": "1", "user.b": "2"})
    profile.rename("py2")
    suite.true(CLIENT.profiles.exists("py2") and not CLIENT.profiles.exists("py"), "renamed")
    CLIENT.profiles.get("py2").delete()
    suite.raises(pylxd.exceptions.NotFound, CLIENT.profiles.get, "py2")


def instance(word="c"):
    return CLIENT.containers.get(name(word))


def test_create_and_start():
    made = CLIENT.containers.create({
        "name": name("c"), "source": {"type": "image", "alias": "py"},
        "config": {"user.x": "1"}}, wait=True)
    suite.equal(made.status, "Stopped")
    made.start(wait=True)
    suite.equal(instance().status, "Running")
    suite.equal([one.name for one in CLIENT.containers.all()], [name("c")])


def test_execute():
    result = instance().execute(["sh", "-c", "echo out; echo err >&2; exit 3"])
    suite.equal((result.exit_code, result.stdout), (3, "out\n"))
    result = instance().execute(["cat"], stdin_payload="through")
    suite.equal(result.stdout, "through")
    result = instance().execute(["env"], environment={"GIVEN": "yes"})
    suite.contains(result.stdout, "GIVEN=yes")


def test_files():
    box = instance()
    box.files.put("/root/file", b"content", mode=0o600, uid=3, gid=4)
    suite.equal(box.files.get("/root/file"), b"content")
    suite.true(box.files.delete_available(), "delete is available")
    box.files.delete("/root/file")
    suite.raises(pylxd.exceptions.NotFound, box.files.get, "/root/file")
    folder = os.path.join(PEER.base, "tree")
    os.makedirs(folder + "/sub")
    for path in ("a", "sub/b"):
        with open(os.path.join(folder, path), "w", encoding="ascii") as stream:
            stream.write(path)
    box.files.recursive_put(folder, "/root/tree")
    suite.equal(box.files.get("/root/tree/sub/b"), b"sub/b")


def test_state():
    state = instance().state()
    suite.true(state.pid > 0 and state.processes > 0, "processes")
    suite.equal(state.status, "Running")


def test_config():
    box = instance()
    box.config["user.y"] = "2"
    box.save(wait=True)
    suite.equal(instance().config["user.y"], "2")


def test_freeze_and_restart():
    box = instance()
    box.freeze(wait=True)
    suite.equal(instance().status, "Frozen")
    box.unfreeze(wait=True)
    box.restart(wait=True, force=True)
    suite.equal(instance().status, "Running")


def test_events():
    websocket = CLIENT.events()
    websocket.connect()
    websocket.close()


def test_rename_stop_delete():
    box = instance()
    box.stop(wait=True, force=True)
    box.rename(name("d"), wait=True)
    instance("d").delete(wait=True)
    suite.true(not CLIENT.containers.exists(name("d")), "deleted")


def test_storage_pools():
    pool = CLIENT.storage_pools.create({"name": "py", "driver": "dir"})
    suite.equal(CLIENT.storage_pools.get("py").driver, "dir")
    pool.put({"description": "d", "config": pool.config})
    suite.true(pool.resources.get().space["total"] > 0, "space")
    pool.delete()


def test_image_delete():
    CLIENT.images.get_by_alias("py").delete(wait=True)
    suite.equal(CLIENT.images.all(), [])


if __name__ == "__main__":
    daemon.run_suite(globals(), "pylxd: ")
