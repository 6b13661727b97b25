#!/usr/bin/env python3
"""The HTTPS listener: where it listens, what it speaks, hostile and slow peers, and who may call
each endpoint (made from the rows in src/rest)."""
import glob
import hashlib
import os
import re
import socket
import ssl
import stat
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import suite  # noqa: E402
import tls  # noqa: E402

PEER = None
STATE = {}
ROW = re.compile(r'\.(get|put|post|patch|delete) = \{\w+, (REST_\w+)')


def listen(address):
    PEER.api.sync("PATCH", "/1.0", {"config": {"core.https_address": address}})


def reachable(address):
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
        return True
    except OSError:
        return False


def test_listens_at_once():
    STATE["port"] = tls.free_port()
    STATE["address"] = f"127.0.0.1:{STATE['port']}"
    listen(STATE["address"])
    found = tls.TlsApi(STATE["address"]).sync("GET", "/1.0")
    suite.equal((found["auth"], found["public"], found["auth_methods"], "environment" in found,
                 "config" in found), ("untrusted", False, ["tls"], False, False))


def test_moves_and_ends():
    other = f"127.0.0.1:{tls.free_port()}"
    listen(other)
    suite.equal((reachable(STATE["address"]), reachable(other)), (False, True))
    listen(f"[::]:{STATE['port']}")
    suite.equal(reachable(STATE["address"]), True)
    listen(STATE["address"])  # overlaps with the wildcard before
    suite.equal(reachable(STATE["address"]), True)
    listen("")
    suite.equal(reachable(STATE["address"]), False)
    listen(STATE["address"])


def test_taken_address_changes_nothing():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        status, _ = PEER.api.refusal("PATCH", "/1.0", {"config": {"core.https_address": taken}})
    suite.equal(status >= 400, True)
    suite.equal(PEER.api.sync("GET", "/1.0")["config"]["core.https_address"], STATE["address"])
    suite.equal(reachable(STATE["address"]), True)


def test_certificate():
    path = os.path.join(PEER.directory, "server.crt")
    text = subprocess.run(["openssl", "x509", "-in", path, "-noout", "-text"], check=True,
                          capture_output=True, text=True).stdout
    for wanted in ("O = linuxcontainers.org", "secp384r1", "TLS Web Server Authentication",
                   "DNS:" + socket.gethostname()):
        suite.matches(text, re.escape(wanted), "server.crt")
    mode = os.stat(os.path.join(PEER.directory, "server.key")).st_mode
    suite.equal(stat.S_IMODE(mode), 0o600)
    with socket.create_connection(("127.0.0.1", STATE["port"])) as plain:
        with tls.context().wrap_socket(plain) as shown:
            der = shown.getpeercert(binary_form=True)
            suite.equal(shown.version(), "TLSv1.3")
    environment = PEER.api.sync("GET", "/1.0")["environment"]
    suite.equal(environment["certificate_fingerprint"], hashlib.sha256(der).hexdigest())
    suite.equal(environment["addresses"], [STATE["address"]])


def test_old_protocol_is_refused():
    with socket.create_connection(("127.0.0.1", STATE["port"])) as plain:
        try:
            tls.context(newest=ssl.TLSVersion.TLSv1_2).wrap_socket(plain)
        except (ssl.SSLError, ConnectionError):
            return
    raise AssertionError("TLS 1.2 was taken")


def test_hostile_peers():
    """Who connects and says nothing, half a handshake, or no TLS at all, keeps nobody waiting."""
    held = [socket.create_connection(("127.0.0.1", STATE["port"])) for _ in range(300)]
    for index, peer in enumerate(held):
        peer.sendall((b"", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\n\r\n")[index % 3])
    suite.equal(tls.TlsApi(STATE["address"]).get("/1.0").status, 200)
    for peer in held:
        peer.close()
    suite.equal(tls.TlsApi(STATE["address"]).get("/1.0").status, 200)


def test_large_bodies_and_pipelining():
    """A record that holds more than one request, and one that comes in pieces."""
    with socket.create_connection(("127.0.0.1", STATE["port"])) as plain:
        with tls.context().wrap_socket(plain) as peer:
            request = b"GET /1.0/nothing HTTP/1.1\r\nHost: a\r\n\r\n"
            peer.sendall(request * 3)
            peer.settimeout(10)
            data = b""
            while data.count(b"HTTP/1.1 404") < 3:
                data += peer.recv(65536)
            for byte in request:
                peer.sendall(bytes([byte]))
            suite.matches(peer.recv(65536).decode(), "404", "reply")


def test_survives_a_restart():
    PEER.restart()
    suite.equal(tls.TlsApi(STATE["address"]).get("/1.0").status, 200)


def rows():
    """(path, METHOD, access) of every row."""
    for path in sorted(glob.glob(os.path.join(daemon.TOP, "src/rest/**/*.c"), recursive=True)):
        with open(path, encoding="utf-8") as stream:
            for block in stream.read().split('.path = "')[1:]:
                for method, access in ROW.findall(block.split("\n        },")[0]):
                    yield block.split('"')[0], method.upper(), access


def add(name, **more):
    pair = tls.make_certificate(PEER.base, name)
    PEER.api.sync("POST", "/1.0/certificates",
                  {"name": name, "type": "client", "certificate": tls.base64_der(pair[0]), **more})
    return tls.TlsApi(STATE["address"], pair)


ALLOWED = {  # caller -> what its rows may be
    "nobody": {"REST_GUEST"},
    "unknown": {"REST_GUEST"},
    "metrics": {"REST_GUEST", "REST_METRICS"},
    "restricted": {"REST_GUEST", "REST_METRICS", "REST_TRUSTED", "REST_PROJECT"},
    "trusted": {"REST_GUEST", "REST_METRICS", "REST_TRUSTED", "REST_PROJECT", "REST_ADMIN"},
}


def test_every_endpoint_for_every_caller():
    PEER.api.sync("POST", "/1.0/projects", {"name": "own"})
    callers = {
        "nobody": tls.TlsApi(STATE["address"]),
        "unknown": tls.TlsApi(STATE["address"], tls.make_certificate(PEER.base, "unknown")),
        "metrics": add("metrics", type="metrics"),
        "restricted": add("restricted", restricted=True, projects=["own"]),
        "trusted": add("trusted"),
    }
    found = sorted(set(rows()))
    suite.equal(len(found) > 60, True)
    wrong = []
    for path, method, access in found:
        url = re.sub(r"\{[^}]*\}", "not-there", path)
        for name, caller in callers.items():
            may = access in ALLOWED[name]
            if may and (method != "GET" or url == "/1.0/events"):
                continue  # what would be done is the other suites' matter
            query = "?project=own" if name == "restricted" else ""
            status = caller.request(method, url + query,
                                    {} if method in ("PUT", "POST", "PATCH") else None).status
            # a project that is not the caller's own is refused, whether it is there or not
            if name == "restricted" and url.startswith("/1.0/projects/"):
                may = False
            if (status == 403) == may and not (may and "operations" in url):
                wrong.append((name, method, path, access, status))
            if name == "restricted" and access == "REST_PROJECT":
                status = caller.request(method, url, {} if method != "GET" else None).status
                if status != 403:
                    wrong.append((name, method, path, "in another project", status))
    suite.equal(wrong, [])


def test_restricted_sees_its_projects_only():
    caller = tls.TlsApi(STATE["address"], (os.path.join(PEER.base, "restricted.crt"),
                                           os.path.join(PEER.base, "restricted.key")))
    suite.equal(caller.sync("GET", "/1.0/projects"), ["/1.0/projects/own"])
    suite.equal("config" in caller.sync("GET", "/1.0"), False)
    for path in ("/1.0/instances?all-projects=true", "/1.0/events?all-projects=true",
                 "/1.0/operations?all-projects=true", "/1.0/instances?project=other"):
        suite.equal((path, caller.get(path).status), (path, 403))


if __name__ == "__main__":
    daemon.run_suite(globals(), "https: ")
