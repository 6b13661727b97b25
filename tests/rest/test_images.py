#!/usr/bin/env python3
"""Images: import in all formats, aliases, properties, export, refresh of use, delete, hostile ones."""
import hashlib
import io
import os
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import api  # noqa: E402
import daemon  # noqa: E402
import images  # noqa: E402
import suite  # noqa: E402

PEER = None
IMAGES = "/1.0/images"


def setup():
    PEER.purge()
    PEER.purge_images()


def upload(data, headers=None):
    """Imports a unified image; its fingerprint."""
    headers = {"Content-Type": "application/octet-stream", **(headers or {})}
    done = PEER.api.operation("POST", IMAGES, data, headers)
    return done["metadata"]["fingerprint"]


def upload_split(parts, headers=None):
    kind, body = api.multipart([("metadata", "meta.tar", parts[0]), ("rootfs", "root", parts[1])])
    return PEER.api.operation("POST", IMAGES, body, {**kind, **(headers or {})}
                              )["metadata"]["fingerprint"]


def forget(*fingerprints):
    for fingerprint in fingerprints:
        PEER.api.operation("DELETE", f"{IMAGES}/{fingerprint}")


def refused_upload(data, text, headers=None):
    headers = {"Content-Type": "application/octet-stream", **(headers or {})}
    status, error = PEER.api.refusal("POST", IMAGES, data, headers)
    suite.true(status >= 400, f"the upload was accepted ({status})")
    suite.matches(error, text, "error")
    suite.equal(PEER.api.sync("GET", IMAGES), [], "images after a refused upload")
    suite.equal(os.listdir(os.path.join(PEER.directory, "images")), [], "files left")


def container_of(fingerprint, name="c"):
    """Unpacks an image as an instance; the path of its root file system."""
    PEER.api.operation("POST", "/1.0/instances", {
        "name": PEER.prefix + name, "source": {"type": "image", "fingerprint": fingerprint}})
    return os.path.join(PEER.directory, "storage-pools/default/containers", PEER.prefix + name,
                        "rootfs")


def drop_container(name="c"):
    PEER.api.operation("DELETE", f"/1.0/instances/{PEER.prefix}{name}")


# -- import --------------------------------------------------------------------------------------
def test_unified():
    data = images.small()
    fingerprint = upload(data, {"X-LXD-properties": "a=b&c=d", "X-LXD-filename": "small.tar"})
    suite.equal(fingerprint, hashlib.sha256(data).hexdigest(), "fingerprint")
    found = PEER.api.sync("GET", f"{IMAGES}/{fingerprint}")
    suite.equal((found["size"], found["public"], found["filename"], found["type"],
                 found["architecture"], found["cached"]),
                (len(data), False, "small.tar", "container", os.uname().machine, False))
    suite.equal(found["created_at"], "2023-11-14T22:13:20Z", "creation date")
    suite.equal(found["expires_at"], "1970-01-01T00:00:00Z", "expiry date")
    for key, value in (("os", "test"), ("release", "1"), ("a", "b"), ("c", "d")):
        suite.equal(found["properties"].get(key), value, f"property {key}")
    forget(fingerprint)
    suite.equal(os.listdir(os.path.join(PEER.directory, "images")), [], "files left")


def test_formats():
    for kind in ("tar", "gz", "bz2", "xz", "lzma", "zst"):
        data = images.compressed(images.small(images.unique(kind)), kind)
        fingerprint = upload(data)
        suite.equal(fingerprint, hashlib.sha256(data).hexdigest(), f"fingerprint of {kind}")
        root = container_of(fingerprint)
        with open(root + "/etc/motd", encoding="ascii") as stream:
            suite.equal(stream.read(), "hello\n", f"a file out of {kind}")
        drop_container()
        forget(fingerprint)


def test_split():
    parts = images.split(images.unique("split"))
    fingerprint = upload_split(parts, {"X-LXD-public": "1"})
    suite.equal(fingerprint, hashlib.sha256(parts[0] + parts[1]).hexdigest(), "fingerprint")
    suite.equal(PEER.api.sync("GET", f"{IMAGES}/{fingerprint}")["public"], True)
    root = container_of(fingerprint)
    suite.equal(os.readlink(root + "/bin/link"), "../etc/motd")
    drop_container()
    forget(fingerprint)


def test_squashfs():
    parts = (images.split(images.unique("squash"))[0], images.squashfs_root())
    fingerprint = upload_split(parts)
    root = container_of(fingerprint)
    suite.equal(sorted(os.listdir(root)), ["bin", "etc"])
    drop_container()
    forget(fingerprint)


def test_owners_and_modes_are_kept():
    fingerprint = upload(images.small(images.unique("owners")))
    container_of(fingerprint)
    answer = PEER.api.get(f"/1.0/instances/{PEER.prefix}c/files?path=/etc/motd")
    suite.equal([answer.headers["x-lxd-" + key] for key in ("uid", "gid", "mode")],
                ["1000", "1001", "0640"])
    drop_container()
    forget(fingerprint)


def test_same_image_twice():
    data = images.small()
    fingerprint = upload(data)
    status, error = PEER.api.refusal("POST", IMAGES, data,
                                     {"Content-Type": "application/octet-stream"})
    suite.true(status in (400, 409), f"status {status}")
    suite.matches(error, "(?i)already exists|same fingerprint", "error")
    suite.equal(PEER.api.sync("GET", IMAGES), [f"{IMAGES}/{fingerprint}"])
    forget(fingerprint)


def test_wrong_expected_fingerprint():
    refused_upload(images.small(), "(?i)fingerprint", {"X-LXD-fingerprint": "0" * 64})


# -- use -----------------------------------------------------------------------------------------
def test_short_fingerprints():
    fingerprint = upload(images.small())
    suite.equal(PEER.api.sync("GET", f"{IMAGES}/{fingerprint[:12]}")["fingerprint"], fingerprint)
    suite.equal(PEER.api.refusal("GET", f"{IMAGES}/ffffffffffff")[0], 404)
    forget(fingerprint[:12])


def test_aliases():
    fingerprint = upload(images.small())
    path = IMAGES + "/aliases"
    answer = PEER.api.request("POST", path, {"name": "os/1", "target": fingerprint,
                                             "description": "one"})
    suite.equal(answer.status, 201)
    found = PEER.api.sync("GET", path + "/os%2F1")
    suite.equal((found["name"], found["target"], found["description"], found["type"]),
                ("os/1", fingerprint, "one", "container"))
    suite.equal(PEER.api.refusal("POST", path, {"name": "os/1", "target": fingerprint})[0], 409)
    suite.equal(PEER.api.refusal("POST", path, {"name": "x", "target": "f" * 64})[0], 404)
    PEER.api.sync("PUT", path + "/os%2F1", {"description": "two", "target": fingerprint})
    PEER.api.sync("POST", path + "/os%2F1", {"name": "new"})
    suite.equal(PEER.api.sync("GET", f"{IMAGES}/{fingerprint}")["aliases"],
                [{"name": "new", "description": "two"}])
    suite.equal(PEER.api.sync("GET", path), ["/1.0/images/aliases/new"])
    PEER.api.operation("POST", "/1.0/instances", {
        "name": PEER.prefix + "a", "source": {"type": "image", "alias": "new"}})
    drop_container("a")
    PEER.api.sync("DELETE", path + "/new")
    suite.equal(PEER.api.refusal("DELETE", path + "/new")[0], 404)
    forget(fingerprint)


@daemon.ours  # the reference waits for its own lock
def test_alias_patch():
    fingerprint = upload(images.small())
    path = IMAGES + "/aliases/patched"
    PEER.api.sync("POST", IMAGES + "/aliases", {"name": "patched", "target": fingerprint})
    PEER.api.sync("PATCH", path, {"description": "two"})
    found = PEER.api.sync("GET", path)
    suite.equal((found["description"], found["target"]), ("two", fingerprint))


def test_alias_goes_with_its_image():
    fingerprint = upload(images.small())
    PEER.api.sync("POST", IMAGES + "/aliases", {"name": "gone", "target": fingerprint})
    forget(fingerprint)
    suite.equal(PEER.api.sync("GET", IMAGES + "/aliases"), [])


def test_edit():
    fingerprint = upload(images.small())
    path = f"{IMAGES}/{fingerprint}"
    PEER.api.sync("PATCH", path, {"properties": {"added": "yes"}})
    suite.equal(PEER.api.sync("GET", path)["properties"].get("added"), "yes")
    PEER.api.sync("PUT", path, {"public": True, "auto_update": False,
                                "properties": {"os": "other"},
                                "expires_at": "2040-01-02T03:04:05Z"})
    found = PEER.api.sync("GET", path)
    suite.equal((found["public"], found["properties"], found["expires_at"]),
                (True, {"os": "other"}, "2040-01-02T03:04:05Z"))
    forget(fingerprint)


def test_properties_choose_an_image():
    fingerprint = upload(images.small())
    PEER.api.operation("POST", "/1.0/instances", {
        "name": PEER.prefix + "p", "source": {"type": "image", "properties": {"os": "test"}}})
    config = PEER.api.sync("GET", f"/1.0/instances/{PEER.prefix}p")["config"]
    suite.equal(config["volatile.base_image"], fingerprint)
    suite.equal((config["image.os"], config["image.release"]), ("test", "1"))
    drop_container("p")
    forget(fingerprint)


def test_use_is_noted():
    fingerprint = upload(images.small())
    before = PEER.api.sync("GET", f"{IMAGES}/{fingerprint}")["last_used_at"]
    container_of(fingerprint)
    after = PEER.api.sync("GET", f"{IMAGES}/{fingerprint}")["last_used_at"]
    suite.true(after > before, f"last use {before} became {after}")
    drop_container()
    forget(fingerprint)


def test_filter():
    one = upload(images.small("filter one"))
    two = upload(images.small("filter two"))
    def found(text):
        return PEER.api.sync("GET", f"{IMAGES}?filter={text}")
    suite.equal(len(found("properties.os%20eq%20test")), 2, "two of one os")
    suite.equal(found("properties.description%20eq%20%22filter%20two%22"), [f"{IMAGES}/{two}"])
    suite.equal(found("not%20properties.description%20eq%20%22filter%20two%22"), [f"{IMAGES}/{one}"])
    forget(one, two)


def test_export():
    data = images.compressed(images.small(images.unique("export")), "gz")
    fingerprint = upload(data)
    answer = PEER.api.get(f"{IMAGES}/{fingerprint}/export")
    suite.equal(answer.body == data, True, "the bytes of the upload come back")
    suite.contains(answer.headers["content-type"], "application/octet-stream")
    suite.contains(answer.headers["content-disposition"], fingerprint)
    forget(fingerprint)


def test_export_split():
    parts = images.split(images.unique("export"))
    fingerprint = upload_split(parts)
    answer = PEER.api.get(f"{IMAGES}/{fingerprint}/export")
    suite.contains(answer.headers["content-type"], "multipart/form-data")
    for part in parts:
        suite.true(part in answer.body, "both files are in the answer")
    suite.true(answer.body.index(parts[0]) < answer.body.index(parts[1]), "metadata comes first")
    forget(fingerprint)


def test_image_from_an_instance():
    fingerprint = upload(images.small())
    container_of(fingerprint)
    done = PEER.api.operation("POST", IMAGES, {
        "source": {"type": "instance", "name": PEER.prefix + "c"}, "properties": {"made": "here"}})
    made = done["metadata"]["fingerprint"]
    suite.equal(PEER.api.sync("GET", f"{IMAGES}/{made}")["properties"]["made"], "here")
    data = PEER.api.get(f"{IMAGES}/{made}/export").body
    names = tarfile.open(fileobj=io.BytesIO(data)).getnames()
    suite.contains(names, "rootfs/etc/motd", "files of the image")
    suite.contains(names, "metadata.yaml", "files of the image")
    drop_container()
    forget(fingerprint, made)


# -- hostile and broken --------------------------------------------------------------------------
def test_no_archive():
    refused_upload(b"this is not an image" * 100, "(?i)unsupported|recogni|not|invalid")


def test_empty_upload():
    refused_upload(b"", "(?i).")


def test_without_metadata():
    refused_upload(images.tarball(images.root_entries()), "(?i)metadata")


def test_broken_metadata():
    for text, message in ((b"architecture: [", "(?i)yaml|metadata|parse"),
                          (b"creation_date: 1\n", "(?i)architecture"),
                          (b"architecture: pdp11\ncreation_date: 1\n", "(?i)architecture|pdp11"),
                          (b"- a\n- b\n", "(?i)yaml|metadata|cannot|unmarshal")):
        data = images.tarball([(images.entry("metadata.yaml"), text)] + images.root_entries())
        refused_upload(data, message)


def test_cut_off_archive():
    data = images.compressed(images.small("cut"), "gz")
    refused_upload(data[:20], "(?i).")


def hostile(name, *entries):
    """Imports and unpacks an image with bad entries; what is outside must stay untouched."""
    canary = os.path.join(PEER.base, "canary")
    with open(canary, "w", encoding="ascii") as stream:
        stream.write("alive")
    data = images.small(images.unique(name), extra=[pair for made in entries
                                                   for pair in made(canary)])
    headers = {"Content-Type": "application/octet-stream"}
    answer = PEER.api.request("POST", IMAGES, data, headers)
    try:
        fingerprint = PEER.api.wait(answer.metadata)["metadata"]["fingerprint"]
        container_of(fingerprint, "h")
    except (api.ApiError, TypeError):
        pass  # refused: as good as kept inside
    with open(canary, encoding="ascii") as stream:
        suite.equal(stream.read(), "alive", f"the file outside after {name}")
    suite.equal(sorted(os.listdir(PEER.base)), BEFORE, f"files outside after {name}")
    if PEER.api.get(f"/1.0/instances/{PEER.prefix}h").status == 200:
        drop_container("h")
    for url in PEER.api.sync("GET", IMAGES):
        PEER.api.operation("DELETE", url)


BEFORE = []


def test_hostile_paths():
    with open(os.path.join(PEER.base, "canary"), "w", encoding="ascii") as stream:
        stream.write("alive")
    BEFORE[:] = sorted(os.listdir(PEER.base))
    entry, link = images.entry, images.tarfile.SYMTYPE
    hostile("absolute path", lambda canary: [(entry(canary), b"dead")])
    hostile("dots", lambda canary: [(entry("rootfs/" + "../" * 12 + canary[1:]), b"dead")])
    hostile("dots inside", lambda canary: [
        (entry("rootfs/etc/../../" + "../" * 12 + canary[1:]), b"dead")])
    hostile("link to the top", lambda canary: [
        (entry("rootfs/top", link, linkname="/"), None), (entry("rootfs/top" + canary), b"dead")])
    hostile("link upwards", lambda canary: [
        (entry("rootfs/up", link, linkname="../" * 12), None),
        (entry("rootfs/up" + canary), b"dead")])
    hostile("hard link to the outside", lambda canary: [
        (entry("rootfs/hard", images.tarfile.LNKTYPE, linkname=canary), None),
        (entry("rootfs/hard"), b"dead")])
    hostile("metadata through a link", lambda canary: [
        (entry("templates/x", link, linkname=canary), None), (entry("templates/x"), b"dead")])


def test_hostile_rootfs_link():
    """rootfs itself is a link to somewhere else."""
    link = images.entry("rootfs", images.tarfile.SYMTYPE, linkname="../../../../..")
    data = images.tarball(images.metadata_entries(images.unique("root link"))
                          + [(link, None), (images.entry("rootfs/escaped"), b"x")])
    answer = PEER.api.request("POST", IMAGES, data, {"Content-Type": "application/octet-stream"})
    try:
        container_of(PEER.api.wait(answer.metadata)["metadata"]["fingerprint"], "r")
    except (api.ApiError, TypeError):
        pass
    for folder in (PEER.base, PEER.directory, os.path.join(PEER.directory, "storage-pools")):
        suite.true("escaped" not in os.listdir(folder), f"a file came out into {folder}")
    if PEER.api.get(f"/1.0/instances/{PEER.prefix}r").status == 200:
        drop_container("r")
    for url in PEER.api.sync("GET", IMAGES):
        PEER.api.operation("DELETE", url)


def test_device_nodes_are_harmless():
    """A block device in an image does not become one that an unprivileged root could open."""
    node = images.entry("rootfs/disk", images.tarfile.BLKTYPE, devmajor=8, devminor=0)
    answer = PEER.api.request("POST", IMAGES, images.small(images.unique("node"), [(node, None)]),
                              {"Content-Type": "application/octet-stream"})
    try:
        root = container_of(PEER.api.wait(answer.metadata)["metadata"]["fingerprint"], "n")
    except (api.ApiError, TypeError):
        root = None  # refused
    if root:
        path = os.path.join(root, "disk")
        mode = os.lstat(path).st_mode if os.path.lexists(path) else 0
        owner = os.lstat(path).st_uid if mode else 0
        suite.true(not mode or (mode & 0o170000) == 0o060000 and owner >= 0, "node or nothing")
        drop_container("n")
    for url in PEER.api.sync("GET", IMAGES):
        PEER.api.operation("DELETE", url)


if __name__ == "__main__":
    daemon.run_suite(globals(), "images: ")
