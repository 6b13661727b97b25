#!/usr/bin/env python3
"""Images of other servers: LXD's protocol and simplestreams; honest, lying and broken ones."""
import hashlib
import http.server
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import images  # noqa: E402
import suite  # noqa: E402
import tls  # noqa: E402

PEER = None
STATE = {}
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    files = {}

    def do_GET(self):
        data = self.files.get(self.path)
        self.send_response(200 if data is not None else 404)
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        self.wfile.write(data or b"")

    def log_message(self, *_):
        pass


def serve(pair):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"https://localhost:{server.server_port}/streams-here/"


def make_tree(prefix, metadata, rootfs, serial="20260101_00:00", fingerprint=None):
    """A tree with one product that has one version."""
    combined = fingerprint or hashlib.sha256(metadata + rootfs).hexdigest()
    product = {
        "aliases": "small/1, small", "arch": ARCHITECTURES[os.uname().machine], "os": "Small",
        "release": "1", "versions": {serial: {"items": {
            "lxd.tar.xz": {"ftype": "lxd.tar.xz", "path": "a/lxd.tar.xz",
                           "size": len(metadata), "combined_squashfs_sha256": combined},
            "root.squashfs": {"ftype": "squashfs", "path": "a/root.squashfs",
                              "size": len(rootfs)}}}}}
    other = {**product, "arch": "s390x"}
    Handler.files = {
        prefix + "streams/v1/index.json": json.dumps({"index": {
            "images": {"datatype": "image-downloads", "path": "streams/v1/images.json"}}}).encode(),
        prefix + "streams/v1/images.json": json.dumps(
            {"products": {"a": other, "b": product}}).encode(),
        prefix + "a/lxd.tar.xz": metadata, prefix + "a/root.squashfs": rootfs}
    return combined


def pull(**source):
    return {"source": {"type": "image", "mode": "pull", "server": STATE["streams"],
                       "protocol": "simplestreams", **source}}


def test_simplestreams():
    parts = (images.split(images.unique("streams"))[0], images.squashfs_root())
    fingerprint = make_tree("/streams-here/", *parts)
    body = {**pull(alias="small"), "aliases": [{"name": "mine", "description": "d"}]}
    done = PEER.api.operation("POST", "/1.0/images", body)
    suite.equal(done["metadata"]["fingerprint"], fingerprint)
    found = PEER.api.sync("GET", "/1.0/images/" + fingerprint)
    suite.equal((found["properties"]["os"], found["properties"]["serial"], found["cached"],
                 [alias["name"] for alias in found["aliases"]]),
                ("Small", "20260101_00:00", False, ["mine"]))


def test_by_fingerprint_and_again():
    fingerprint = PEER.api.sync("GET", "/1.0/images/aliases/mine")["target"]
    done = PEER.api.operation("POST", "/1.0/images", pull(alias=fingerprint[:20]))
    suite.equal(done["metadata"]["fingerprint"], fingerprint)
    PEER.api.operation("DELETE", "/1.0/images/" + fingerprint)
    PEER.api.operation("POST", "/1.0/images", pull(fingerprint=fingerprint))
    PEER.api.operation("DELETE", "/1.0/images/" + fingerprint)


def test_lies_and_ruins():
    parts = (images.split(images.unique("lies"))[0], images.squashfs_root())
    make_tree("/streams-here/", *parts, fingerprint="0" * 64)
    PEER.refused(400, "(?i)fingerprint|match", "POST", "/1.0/images", pull(alias="small"))
    make_tree("/streams-here/", *parts)
    PEER.refused(400, "couldn't be found", "POST", "/1.0/images", pull(alias="large"))
    del Handler.files["/streams-here/a/root.squashfs"]
    suite.equal(PEER.api.refusal("POST", "/1.0/images", pull(alias="small"))[0], 400)
    Handler.files["/streams-here/streams/v1/images.json"] = b'{"products": '
    PEER.refused(400, "is no JSON", "POST", "/1.0/images", pull(alias="small"))
    for server, text in (("https://localhost:1/", "dial tcp"), ("http://localhost/", "https://"),
                         ("https://127.0.0.1:" + STATE["streams"].split(":")[2], "not trusted")):
        PEER.refused(400, text, "POST", "/1.0/images", pull(alias="small", server=server))
    suite.equal(PEER.api.sync("GET", "/1.0/images"), [])
    suite.equal(os.listdir(os.path.join(PEER.directory, "images")), [])


def test_another_daemon():
    """Unified and split images of a server with a certificate of its own."""
    with daemon.Daemon(pool=False) as other:
        address = f"127.0.0.1:{tls.free_port()}"
        other.api.sync("PATCH", "/1.0", {"config": {"core.https_address": address}})
        certificate = other.api.sync("GET", "/1.0")["environment"]["certificate"]
        unified = other.api.operation("POST", "/1.0/images", images.busybox(),
                                      {"X-LXD-public": "1"})["metadata"]["fingerprint"]
        other.api.sync("POST", "/1.0/images/aliases", {"name": "there", "target": unified})
        hidden = other.api.operation("POST", "/1.0/images", images.small(images.unique("h"))
                                     )["metadata"]["fingerprint"]
        source = {"server": "https://" + address, "protocol": "lxd", "certificate": certificate}
        PEER.refused(400, "(?i)not found", "POST", "/1.0/images", pull(**source, alias=hidden))
        PEER.refused(400, "not trusted", "POST", "/1.0/images",
                     pull(**{**source, "certificate": ""}, alias="there"))
        name = PEER.prefix + "far"
        PEER.api.operation("POST", "/1.0/instances", {
            "name": name, "source": {"type": "image", "mode": "pull", "alias": "there", **source}})
        found = PEER.api.sync("GET", "/1.0/images/" + unified)
        suite.equal((found["cached"], found["fingerprint"]), (True, unified))
        PEER.api.operation("PUT", f"/1.0/instances/{name}/state", {"action": "start"})
        PEER.api.operation("PUT", f"/1.0/instances/{name}/state", {"action": "stop",
                                                                   "force": True})
        PEER.api.operation("DELETE", f"/1.0/instances/{name}")
        PEER.api.operation("DELETE", "/1.0/images/" + unified)
        other.purge_images()


def fingerprints():
    return sorted(url.split("/")[-1] for url in PEER.api.sync("GET", "/1.0/images"))


def new_version(serial):
    parts = (images.split(images.unique(serial))[0], STATE.setdefault("root",
                                                                     images.squashfs_root()))
    return make_tree("/streams-here/", *parts, serial=serial)


def create(name, **source):
    PEER.api.operation("POST", "/1.0/instances", {"name": PEER.prefix + name, "source": {
        "type": "image", "mode": "pull", "server": STATE["streams"], "protocol": "simplestreams",
        "alias": "small", **source}})


def delete(name):
    PEER.api.operation("DELETE", f"/1.0/instances/{PEER.prefix}{name}")


def test_cache():
    """What a launch brought is marked, used again without its server, and kept current."""
    first = new_version("20260102_00:00")
    create("one")
    found = PEER.api.sync("GET", "/1.0/images/" + first)
    suite.equal((found["cached"], found["auto_update"], found["profiles"]),
                (True, True, ["default"]))
    suite.equal(found["update_source"], {
        "alias": "small", "certificate": "", "protocol": "simplestreams",
        "server": STATE["streams"], "image_type": "container"})
    files, Handler.files = Handler.files, {}
    create("two")
    Handler.files = files
    suite.equal(PEER.api.sync("GET", f"/1.0/instances/{PEER.prefix}two")["config"][
        "volatile.base_image"], first)
    suite.equal(fingerprints(), [first])


def test_auto_update():
    first, = fingerprints()
    PEER.api.sync("POST", "/1.0/images/aliases", {"name": "kept", "target": first})
    PEER.api.sync("GET", "/internal/testing/image-refresh")
    suite.equal(fingerprints(), [first], "nothing newer")
    second = new_version("20260103_00:00")
    PEER.api.sync("POST", "/internal/testing/tasks/images-update")
    suite.equal(fingerprints(), [first], "six hours are not over")
    PEER.api.sync("GET", "/internal/testing/image-refresh")
    suite.equal(fingerprints(), [second], "newer")
    found = PEER.api.sync("GET", "/1.0/images/" + second)
    suite.equal((found["cached"], [alias["name"] for alias in found["aliases"]]), (True, ["kept"]))
    new_version("20260104_00:00")
    Handler.files["/streams-here/a/root.squashfs"] = b"no such thing"
    PEER.api.sync("GET", "/internal/testing/image-refresh")
    suite.equal(fingerprints(), [second], "a lying server changes nothing")


def test_refresh():
    second, = fingerprints()
    third = new_version("20260105_00:00")
    path = f"/1.0/images/{second}/refresh"
    suite.equal(PEER.api.operation("POST", path)["metadata"]["refreshed"], True)
    path = f"/1.0/images/{third}/refresh"
    suite.equal(PEER.api.operation("POST", path)["metadata"]["refreshed"], False)
    suite.equal(fingerprints(), [third])
    local = PEER.api.operation("POST", "/1.0/images", images.small(images.unique("local")))
    own = local["metadata"]["fingerprint"]
    PEER.refused(400, "came from no server", "POST", f"/1.0/images/{own}/refresh")
    PEER.api.operation("DELETE", "/1.0/images/" + own)


def test_expiry():
    """Ten days unused, or what images.remote_cache_expiry says; never what was not asked for."""
    third, = fingerprints()
    old = "2020-01-01T00:00:00Z"

    def prune():
        PEER.api.sync("POST", "/internal/testing/tasks/images-prune")
        return fingerprints()

    suite.equal(prune(), [third], "new")
    PEER.api.sync("POST", "/internal/sql", {"database": "global", "query":
                  f"UPDATE images SET upload_date = '{old}', last_use_date = '{old}'"})
    PEER.api.sync("PATCH", "/1.0", {"config": {"images.remote_cache_expiry": "0"}})
    suite.equal(prune(), [third], "for ever")
    PEER.api.sync("PATCH", "/1.0", {"config": {"images.remote_cache_expiry": ""}})
    suite.equal(prune(), [], "old")
    for name in ("one", "two"):
        delete(name)


def test_secrets():
    """A stranger sees a private image with its secret, and no other one."""
    address = f"127.0.0.1:{tls.free_port()}"
    PEER.api.sync("PATCH", "/1.0", {"config": {"core.https_address": address}})
    stranger = tls.TlsApi(address)
    own, other = (PEER.api.operation("POST", "/1.0/images", images.small(images.unique(word)))[
        "metadata"]["fingerprint"] for word in ("own", "other"))
    made = PEER.api.start("POST", f"/1.0/images/{own}/secret")
    secret = made["metadata"]["secret"]
    suite.equal((made["class"], made["description"]), ("token", "Image download token"))
    for path, status in ((f"/1.0/images/{own}", 404), (f"/1.0/images/{own}?secret=wrong", 404),
                         (f"/1.0/images/{other}?secret={secret}", 404),
                         (f"/1.0/images/{own}?secret={secret}", 200),
                         (f"/1.0/images/{own}/export?secret={secret}", 200)):
        suite.equal(stranger.get(path).status, status, path)
    PEER.purge_images()
    PEER.api.sync("PATCH", "/1.0", {"config": {"core.https_address": ""}})


def main():
    with tempfile.TemporaryDirectory(prefix="berth-streams-") as directory:
        pair = (os.path.join(directory, "crt"), os.path.join(directory, "key"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout",
                        pair[1], "-out", pair[0]], check=True, capture_output=True)
        STATE["streams"] = serve(pair)
        daemon.run_suite(globals(), "image sources: ", environment={"SSL_CERT_FILE": pair[0]})


if __name__ == "__main__":
    main()
