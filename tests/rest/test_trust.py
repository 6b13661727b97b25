#!/usr/bin/env python3
"""The trust store: password, tokens, restricted and metrics certificates, renewal, guessing."""
import base64
import hashlib
import json
import os
import ssl
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import suite  # noqa: E402
import tls  # noqa: E402

PEER = None
STATE = {}
STORE = "/1.0/certificates"


def caller(name):
    """A client with a certificate of that name, made at its first call."""
    path = os.path.join(PEER.base, name)
    pair = (path + ".crt", path + ".key")
    if not os.path.exists(pair[0]):
        tls.make_certificate(PEER.base, name)
    return tls.TlsApi(STATE["address"], pair)


def fingerprint(client):
    with open(client.pair[0], encoding="ascii") as stream:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(stream.read())).hexdigest()


def forget_attempts():
    """A success clears the address's count."""
    PEER.api.sync("PATCH", "/1.0", {"config": {"core.trust_password": "open"}})
    client = caller("forget")
    client.sync("POST", STORE, {"type": "client", "password": "open"})
    PEER.api.sync("DELETE", f"{STORE}/{fingerprint(client)}")


def test_password():
    STATE["address"] = f"127.0.0.1:{tls.free_port()}"
    PEER.api.sync("PATCH", "/1.0", {"config": {"core.https_address": STATE["address"],
                                               "core.trust_password": "sesame"}})
    client = caller("one")
    suite.equal(client.refusal("POST", STORE, {"type": "client", "password": "no"})[0], 403)
    suite.equal(client.refusal("POST", STORE, {"type": "client"})[0], 403)
    answer = client.request("POST", STORE, {"type": "client", "password": "sesame", "name": "one"})
    suite.equal((answer.status, answer.headers["location"]),
                (201, f"{STORE}/{fingerprint(client)}"))
    suite.equal(client.sync("GET", "/1.0")["auth"], "trusted")
    suite.equal(client.refusal("POST", STORE, {"type": "client"}),
                (400, "Client is already trusted"))
    shown = client.sync("GET", f"{STORE}/{fingerprint(client)}")
    suite.equal((shown["name"], shown["type"], shown["restricted"], shown["projects"]),
                ("one", "client", False, []))


def test_password_is_no_secret_kept():
    suite.equal(PEER.api.sync("GET", "/1.0")["config"]["core.trust_password"], True)
    with open(os.path.join(PEER.directory, "database/global/db.bin"), "rb") as stream:
        suite.equal(b"sesame" in stream.read(), False)
    suite.equal("sesame" in PEER.log(), False)


def test_stranger_chooses_no_rights():
    for more in ({"type": "metrics"}, {"restricted": True}, {"projects": ["default"]}):
        client = caller("greedy")
        suite.equal(client.refusal("POST", STORE,
                                   {"type": "client", "password": "sesame", **more})[0], 403)
    suite.equal(client.refusal("POST", STORE, {"token": True})[0], 403)
    forget_attempts()


def make_token(**more):
    operation = PEER.api.start("POST", STORE, {"name": "t", "type": "client", "token": True,
                                               **more})
    suite.equal((operation["class"], operation["status"]), ("token", "Running"))
    meta = operation["metadata"]
    text = {"client_name": meta["request"]["name"], "fingerprint": meta["fingerprint"],
            "addresses": meta["addresses"], "secret": meta["secret"],
            "expires_at": meta["expiresAt"]}
    suite.equal(text["addresses"], [STATE["address"]])
    return base64.b64encode(json.dumps(text).encode()).decode(), operation


def test_token_works_once():
    token, _ = make_token()
    client = caller("two")
    client.sync("POST", STORE, {"type": "client", "password": token})
    suite.equal(client.sync("GET", f"{STORE}/{fingerprint(client)}")["name"], "t")
    suite.equal(caller("three").refusal("POST", STORE, {"type": "client", "password": token})[0],
                403)
    forget_attempts()


def test_token_carries_its_rights():
    PEER.api.sync("POST", "/1.0/projects", {"name": "p1"})
    token, _ = make_token(restricted=True, projects=["p1"])
    client = caller("held")
    client.sync("POST", STORE, {"type": "client", "password": token, "restricted": False,
                                "projects": []})
    shown = client.sync("GET", f"{STORE}/{fingerprint(client)}")
    suite.equal((shown["restricted"], shown["projects"]), (True, ["p1"]))
    suite.equal(client.get("/1.0/instances").status, 403)
    suite.equal(client.sync("GET", "/1.0/instances?project=p1"), [])


def test_deleted_and_expired_tokens():
    token, operation = make_token()
    PEER.api.sync("DELETE", f"/1.0/operations/{operation['id']}")
    suite.equal(caller("four").refusal("POST", STORE, {"password": token})[0], 403)
    PEER.api.sync("PATCH", "/1.0", {"config": {"core.remote_token_expiry": "1S"}})
    token, _ = make_token()
    PEER.api.sync("PATCH", "/1.0", {"config": {"core.remote_token_expiry": ""}})
    time.sleep(1.1)
    suite.equal(caller("four").refusal("POST", STORE, {"password": token})[0], 403)
    forget_attempts()


def test_restricted_renews_itself_and_no_more():
    client = caller("held")
    path = f"{STORE}/{fingerprint(client)}"
    shown = client.sync("GET", path)
    suite.equal(client.refusal("PUT", path, {**shown, "restricted": False})[0], 403)
    suite.equal(client.refusal("PATCH", path, {"projects": ["default"]})[0], 403)
    other = f"{STORE}/{fingerprint(caller('one'))}"
    suite.equal(client.refusal("PATCH", other, {"name": "x"})[0], 403)
    suite.equal(client.refusal("DELETE", path)[0], 403)
    fresh = caller("held-2")
    with open(fresh.pair[0], encoding="ascii") as stream:
        client.sync("PATCH", path, {"certificate": stream.read()})
    suite.equal(client.sync("GET", "/1.0")["auth"], "untrusted")
    suite.equal(fresh.sync("GET", "/1.0")["auth"], "trusted")


def test_admin_adds_edits_removes():
    client = caller("five")
    body = {"name": "five", "type": "client", "certificate": tls.base64_der(client.pair[0])}
    PEER.api.sync("POST", STORE, body)
    PEER.refused(409, "Certificate already in trust store", "POST", STORE, body)
    PEER.refused(400, "", "POST", STORE, {**body, "certificate": "bm90aGluZw=="})
    PEER.refused(400, "Unknown request type", "POST", STORE, {**body, "type": "king"})
    path = f"{STORE}/{fingerprint(client)}"
    answer = PEER.api.request("GET", path)
    suite.equal(PEER.api.request("PATCH", path, {"name": "x"}, {"If-Match": "no"}).status, 412)
    PEER.api.sync("PATCH", path, {"name": "V"}, {"If-Match": answer.headers["etag"]})
    suite.equal(PEER.api.sync("GET", path[:40])["name"], "V")
    PEER.api.sync("DELETE", path)
    suite.equal(client.sync("GET", "/1.0")["auth"], "untrusted")
    PEER.refused(404, "(?i)not found", "GET", path)


def test_guessing_is_slowed_down():
    client, seen = caller("six"), []
    for number in range(13):
        seen.append(client.refusal("POST", STORE, {"type": "client", "password": f"g{number}"}))
    suite.equal({status for status, _ in seen}, {403})
    suite.matches(seen[-1][1], "Too many attempts", "the last answer")
    suite.equal(client.refusal("POST", STORE, {"type": "client", "password": "open"})[0], 403)


if __name__ == "__main__":
    daemon.run_suite(globals(), "trust: ")
