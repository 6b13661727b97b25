#!/usr/bin/env python3
"""What all endpoints share: envelope, errors, methods, ETag, projects, recursion, bad requests."""
import json
import os
import re
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import api  # noqa: E402
import daemon  # noqa: E402
import suite  # noqa: E402

PEER = None
KEYS = ["type", "status", "status_code", "operation", "error_code", "error", "metadata"]


def keys_in_order(body):
    return [key for key, _ in json.loads(body, object_pairs_hook=list)]


def test_root():
    answer = PEER.api.get("/")
    suite.equal((answer.status, answer.metadata), (200, ["/1.0"]))
    suite.equal(keys_in_order(answer.body), KEYS, "keys of the envelope")
    suite.contains(answer.headers["content-type"], "application/json")


def test_server():
    server = PEER.api.sync("GET", "/1.0")
    for key in ("config", "api_extensions", "api_status", "api_version", "auth", "public",
                "auth_methods", "environment"):
        suite.true(key in server, f"{key} is missing in /1.0")
    suite.equal((server["api_version"], server["api_status"], server["auth"], server["public"]),
                ("1.0", "stable", "trusted", False))
    suite.equal(server["auth_methods"], ["tls"])
    environment = server["environment"]
    suite.equal(environment["server_pid"], PEER.pid, "server_pid")
    for key in ("addresses", "architectures", "certificate", "certificate_fingerprint", "driver",
                "driver_version", "firewall", "kernel", "kernel_architecture", "kernel_features",
                "kernel_version", "lxc_features", "os_name", "os_version", "project", "server",
                "server_clustered", "server_event_mode", "server_name", "server_version",
                "storage", "storage_version", "storage_supported_drivers"):
        suite.true(key in environment, f"environment.{key} is missing in /1.0")
    suite.true(environment["server_clustered"] is False, "not clustered")
    suite.contains(environment["storage"], "dir", "storage")


def test_extensions_are_unique():
    extensions = PEER.api.sync("GET", "/1.0")["api_extensions"]
    suite.equal(len(extensions), len(set(extensions)), "number of extensions")
    for name in ("etag", "patch", "projects", "instances", "storage", "id_map", "file_append",
                 "event_lifecycle", "container_full", "api_filtering"):
        suite.contains(extensions, name, "extensions")


def test_unknown_path():
    for path in ("/1.0/nothing", "/nothing", "/1.0/instances/a/b/c/d"):
        answer = PEER.api.get(path)
        suite.equal((answer.status, answer.json["type"], answer.json["error_code"],
                     answer.error, answer.metadata), (404, "error", 404, "not found", None), path)
        suite.equal(keys_in_order(answer.body), KEYS, "keys of the envelope")


def test_unknown_method():
    answer = PEER.api.request("DELETE", "/1.0")
    suite.equal((answer.status, answer.error), (501, "not implemented"))
    answer = PEER.api.request("BREW", "/1.0")
    suite.equal((answer.status, answer.error), (404, 'Method "BREW" not found'))


def test_paths_are_not_normalised():
    for path in ("/1.0/", "//1.0", "/1.0/profiles/"):
        suite.true(PEER.api.get(path).status in (301, 404), f"{path} is not /1.0")


def test_missing_objects():
    cases = [("instances", "Instance not found"), ("profiles", "Profile not found"),
             ("images", "Image not found"), ("projects", "Project not found"),
             ("storage-pools", "Storage pool not found"), ("operations", "Operation not found")]
    for kind, text in cases:
        status, error = PEER.api.refusal("GET", f"/1.0/{kind}/missing")
        suite.equal(status, 404, f"status of a missing {kind}")
        suite.matches(error, f"(?i){text}", f"text of a missing {kind}")


def test_unknown_project():
    status, error = PEER.api.refusal("GET", "/1.0/profiles?project=nowhere")
    suite.equal(status, 404)
    suite.contains(error, "Project not found")


def test_etag():
    answer = PEER.api.get("/1.0/profiles/default")
    suite.matches(answer.headers["etag"], '^"[0-9a-f]{64}"$', "ETag")
    again = PEER.api.get("/1.0/profiles/default")
    suite.equal(again.headers["etag"], answer.headers["etag"], "ETag of the same object")


def test_if_match():
    path = "/1.0/profiles/etag"
    PEER.api.sync("POST", "/1.0/profiles", {"name": "etag", "config": {}, "devices": {}})
    tag = PEER.api.get(path).headers["etag"]
    body = {"config": {"user.a": "1"}, "description": "", "devices": {}}
    PEER.api.sync("PUT", path, body, {"If-Match": tag})
    answer = PEER.api.request("PUT", path, body, {"If-Match": tag})
    suite.equal(answer.status, 412)
    suite.matches(answer.error, r"^ETag doesn't match: \S+ vs \S+$")
    new = PEER.api.get(path).headers["etag"]
    suite.true(new != tag, "the tag changes with the content")
    PEER.api.sync("PUT", path, body, {"If-Match": new.strip('"')})
    PEER.api.sync("PATCH", path, body, {"If-Match": ""})
    PEER.api.sync("DELETE", path)


def test_recursion():
    urls = PEER.api.sync("GET", "/1.0/profiles")
    suite.equal(urls, ["/1.0/profiles/default"])
    objects = PEER.api.sync("GET", "/1.0/profiles?recursion=1")
    suite.equal(objects[0]["name"], "default")
    suite.equal(PEER.api.sync("GET", "/1.0/profiles?recursion=x"), urls, "recursion=x")
    suite.equal(PEER.api.sync("GET", "/1.0/instances"), [], "empty list")


def test_escaped_names():
    suite.true(PEER.api.refusal("GET", "/1.0/instances/a%2Fb")[0] in (400, 404), "a%2Fb is one name")
    suite.equal(PEER.api.get("/1.0/profiles/def%61ult").metadata["name"], "default")


def test_cut_off_json():
    for body in ('{"name": "a"', "", "[", '{"name":}', "nothing", '["a"]'):
        status, error = PEER.api.refusal("POST", "/1.0/profiles", body)
        suite.true(status in (400, 500), f"{body!r} was answered with {status}")
        suite.true(error, "an error text")


@daemon.ours
def test_json_errors_are_precise():
    status, error = PEER.api.refusal("POST", "/1.0/profiles", '{"name": "a", "config": [1]}')
    suite.equal(status, 400)
    suite.contains(error, "config")
    status, error = PEER.api.refusal("POST", "/1.0/profiles", '{"name": "a",\n "config": }')
    suite.equal(status, 400)
    suite.matches(error, "line 2|column|position")


def test_server_config():
    PEER.api.sync("PATCH", "/1.0", {"config": {"user.test": "one"}})
    suite.equal(PEER.api.sync("GET", "/1.0")["config"]["user.test"], "one")
    status, error = PEER.api.refusal("PATCH", "/1.0", {"config": {"core.nothing": "1"}})
    suite.equal(status, 400)
    suite.contains(error, "core.nothing")
    PEER.api.sync("PATCH", "/1.0", {"config": {"core.trust_password": "secret"}})
    config = PEER.api.sync("GET", "/1.0")["config"]
    suite.true(config["core.trust_password"] is True, "a hidden key reads true")
    config["user.test"] = "two"
    PEER.api.sync("PUT", "/1.0", {"config": config})
    config = PEER.api.sync("GET", "/1.0")["config"]
    suite.equal((config["user.test"], config["core.trust_password"]), ("two", True))
    PEER.api.sync("PUT", "/1.0", {"config": {}})
    config = PEER.api.sync("GET", "/1.0")["config"]
    suite.true("core.trust_password" not in config, "PUT resets the keys it does not name")


# -- raw requests --------------------------------------------------------------------------------
def raw(data, end=True):
    """Sends bytes; what comes back until the other side closes."""
    with api.connect(PEER.socket, 20) as connection:
        try:
            connection.sendall(data)
            if end:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused early: the answer is still to be read
        received = b""
        try:
            while True:
                part = connection.recv(65536)
                if not part:
                    return received
                received += part
        except OSError:
            return received


def status_of(data):
    match = re.match(rb"HTTP/1\.1 (\d+)", data)
    return int(match.group(1)) if match else None


def test_broken_request_lines():
    for line in (b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n",
                 b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\nHost a\r\n\r\n"):
        suite.true(status_of(raw(line)) in (400, 505, None), f"{line!r} is refused")
    test_root()


@daemon.ours
def test_smuggling_is_refused():
    host = b"POST /1.0/profiles HTTP/1.1\r\nHost: a\r\n"
    for head in (b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", b"Content-Length: -1\r\n",
                 b"Content-Length: 2\r\nContent-Length: 3\r\n", b"Content-Length: +2\r\n",
                 b"Transfer-Encoding: gzip\r\n", b"Transfer-Encoding : chunked\r\n",
                 b"Content-Length: 99999999999999999999\r\n", b" folded: x\r\n"):
        suite.equal(status_of(raw(host + head + b"\r\n{}")), 400, f"status for {head!r}")


def test_huge_headers():
    head = b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * (2 << 20) + b"\r\n\r\n"
    suite.true(status_of(raw(head)) in (400, 431, None), "a header of 2 MiB is refused")
    test_root()


def test_pipelined_requests():
    request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    last = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    suite.equal(raw(request * 2 + last, end=False).count(b"HTTP/1.1 200"), 3, "answers")


def test_silent_connections_block_nobody():
    silent = [api.connect(PEER.socket) for _ in range(50)]
    if not daemon.is_lxd():  # the reference waits for the first byte inside accept
        test_root()
    for connection in silent:
        connection.close()


def test_body_of_a_client_that_dies():
    head = b"POST /1.0/images HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
    with api.connect(PEER.socket) as connection:
        connection.sendall(head + b"x" * 1000)
    suite.eventually(lambda: not os.listdir(os.path.join(PEER.directory, "images")),
                     "the half upload is gone")
    suite.equal(PEER.api.sync("GET", "/1.0/images"), [])


if __name__ == "__main__":
    daemon.run_suite(globals(), "frame: ")
