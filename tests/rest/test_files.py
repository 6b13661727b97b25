#!/usr/bin/env python3
"""Files of instances, running and stopped: read, write, append, modes, owners, links, folders."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402

PEER = None
BOX = None
NAMES = ("running", "stopped")


def setup():
    global BOX
    if BOX is None:
        BOX = instances.Instances(PEER)
        BOX.launch("running")
        BOX.create("stopped")


def path_of(name, path):
    return BOX.path(name, f"/files?path={path}")


def put(name, path, data=b"", **headers):
    headers = {"X-LXD-" + key: value for key, value in headers.items()}
    return PEER.api.request("POST", path_of(name, path), data, headers)


def get(name, path):
    return PEER.api.get(path_of(name, path))


def headers_of(answer):
    return tuple(answer.headers[f"x-lxd-{key}"] for key in ("uid", "gid", "mode", "type"))


def both(test):
    """Runs a test on the running and on the stopped instance."""
    def wrapped():
        for name in NAMES:
            test(name)
    return wrapped


@both
def test_write_and_read(name):
    suite.equal(put(name, "/root/a", b"content", uid="5", gid="6", mode="0640").status, 200)
    answer = get(name, "/root/a")
    suite.equal((answer.status, answer.body), (200, b"content"))
    suite.equal(headers_of(answer), ("5", "6", "0640", "file"))
    suite.matches(answer.headers["x-lxd-modified"], r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d.* UTC$")
    suite.contains(answer.headers["content-disposition"], "filename=a")


@both
def test_inside_and_outside_agree(name):
    put(name, "/root/b", b"x", uid="7", gid="8", mode="0600")
    if name == "running":
        suite.equal(BOX.run(name, "stat", "-c", "%u %g %a", "/root/b")[1], "7 8 600\n")


@both
def test_overwrite_keeps_mode_and_owner(name):
    put(name, "/root/c", b"first, longer", uid="1", gid="2", mode="0600")
    put(name, "/root/c", b"second", uid="3", gid="4", mode="0644")
    answer = get(name, "/root/c")
    suite.equal((answer.body, headers_of(answer)), (b"second", ("1", "2", "0600", "file")))


@both
def test_append(name):
    put(name, "/root/d", b"one ")
    put(name, "/root/d", b"two", write="append")
    suite.equal(get(name, "/root/d").body, b"one two")


@both
def test_default_owner_and_mode(name):
    put(name, "/root/e", b"")
    suite.equal(headers_of(get(name, "/root/e"))[:2], ("0", "0"))


@both
def test_directories(name):
    suite.equal(put(name, "/root/folder", type="directory", mode="0750").status, 200)
    suite.equal(put(name, "/root/folder", type="directory").status, 200)
    for child in ("two", "one", "three"):
        put(name, "/root/folder/" + child, b"")
    answer = get(name, "/root/folder")
    suite.equal(headers_of(answer), ("0", "0", "0750", "directory"))
    suite.equal(sorted(answer.metadata), ["one", "three", "two"])


@both
def test_symlinks(name):
    suite.equal(put(name, "/root/link", b"/etc/hostname", type="symlink").status, 200)
    answer = get(name, "/root/link")
    suite.equal((answer.body, headers_of(answer)[3]), (b"/etc/hostname", "symlink"))


@both
def test_delete(name):
    put(name, "/root/f", b"")
    suite.equal(PEER.api.request("DELETE", path_of(name, "/root/f")).status, 200)
    suite.equal(get(name, "/root/f").status, 404)
    suite.equal(PEER.api.request("DELETE", path_of(name, "/root/f")).status, 404)


@both
def test_missing(name):
    suite.equal(get(name, "/no/such/file").status, 404)
    suite.true(put(name, "/no/such/folder/file", b"").status in (404, 500), "no folder")


@both
def test_big_file(name):
    data = os.urandom(1 << 16) * 80
    put(name, "/root/big", data)
    suite.true(get(name, "/root/big").body == data, "5 MiB come back as they went")
    put(name, "/root/big", b"")


@both
def test_odd_names(name):
    for file, escaped in (("/root/sp ace", "/root/sp%20ace"), ("/root/ü", "/root/%C3%BC"),
                          ("/root/a&b=c", "/root/a%26b%3Dc")):
        put(name, escaped, file.encode())
        suite.equal(get(name, escaped).body, file.encode(), file)


@both
def test_bad_headers(name):
    suite.equal(put(name, "/root/g", b"", type="pipe").status, 400)
    suite.equal(put(name, "/root/g", b"", write="sideways").status, 400)
    suite.equal(get(name, "/root/g").status, 404)


@both
def test_no_path(name):
    suite.true(PEER.api.get(BOX.path(name, "/files")).status >= 400, "a path is needed")


@both
def test_links_stay_inside(name):
    """Absolute links and dots mean the container's root, whatever they look like outside."""
    secret = os.path.join(PEER.base, "secret")
    with open(secret, "w", encoding="ascii") as stream:
        stream.write("of the host")
    put(name, "/root/out", secret.encode(), type="symlink")
    put(name, "/root/up", ("../" * 15 + secret[1:]).encode(), type="symlink")
    put(name, "/root/top", b"/", type="symlink")
    for path in ("/root/out", "/root/up", "/root/top" + secret, "/.." * 15 + secret):
        suite.true(b"of the host" not in get(name, path).body, f"{path} leads outside")
    put(name, "/root/out", b"overwritten")
    put(name, "/root/top" + secret, b"overwritten")
    put(name, "/.." * 15 + secret, b"overwritten")
    with open(secret, encoding="ascii") as stream:
        suite.equal(stream.read(), "of the host")


@both
def test_no_device_is_opened(name):
    """A pipe or device in the container must not block the daemon."""
    if name == "running":
        BOX.run(name, "mkfifo", "/root/pipe")
        answer = get(name, "/root/pipe") if not daemon.is_lxd() else None
        suite.true(answer is None or answer.status >= 400, "a pipe is no file")
        suite.equal(PEER.api.get("/1.0").status, 200)


@both
def test_head(name):
    put(name, "/root/h", b"12345", mode="0644")
    answer = PEER.api.request("HEAD", path_of(name, "/root/h"))
    suite.equal((answer.status, answer.body, headers_of(answer)),
                (200, b"", ("0", "0", "0644", "file")))


def test_missing_instance():
    suite.equal(PEER.api.get("/1.0/instances/missing/files?path=/").status, 404)


if __name__ == "__main__":
    daemon.run_suite(globals(), "files: ")
