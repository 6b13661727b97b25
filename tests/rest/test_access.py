#!/usr/bin/env python3
"""Who may call what: every row of the endpoint tables, which docs/reference/endpoints.md prints,
for every kind of client. Those that may not get 403 before anything else is looked at."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import suite  # noqa: E402
import tls  # noqa: E402

PEER = None
CLIENTS = {}
ROWS = re.compile(r"\| `([^`]+)` \| (.*) \| .*\|")
METHODS = re.compile(r"(\w+) \(([^)]+)\)")
# who gets past the door; "foreign" is the restricted client that asks for another project
MAY = {"anybody": {"none", "unknown", "metrics", "restricted", "foreign", "trusted"},
       "metrics": {"metrics", "restricted", "foreign", "trusted"},
       "trusted": {"restricted", "foreign", "trusted"},
       "project": {"restricted", "trusted"},
       "admin": {"trusted"},
       "local": set()}


def rows():
    path = os.path.join(daemon.TOP, "docs/reference/endpoints.md")
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            row = ROWS.match(line)
            for method, access in METHODS.findall(row[2]) if row else []:
                # a project's own door is that of its clients
                inside = access == "trusted" and row[1].startswith("/1.0/projects/{")
                yield method, row[1], "project" if inside else access


def add_client(name, **certificate):
    pair = tls.make_certificate(PEER.base, name)
    if certificate:
        PEER.api.sync("POST", "/1.0/certificates", {
            "name": name, "certificate": tls.base64_der(pair[0]), **certificate})
    return tls.TlsApi(CLIENTS["address"], pair)


def test_clients():
    CLIENTS["address"] = f"127.0.0.1:{tls.free_port()}"
    PEER.api.sync("PATCH", "/1.0", {"config": {"core.https_address": CLIENTS["address"]}})
    PEER.api.sync("POST", "/1.0/projects", {"name": "own", "config": {}})
    CLIENTS["none"] = tls.TlsApi(CLIENTS["address"])
    CLIENTS["unknown"] = add_client("unknown")
    CLIENTS["metrics"] = add_client("metrics", type="metrics")
    CLIENTS["restricted"] = add_client("restricted", type="client", restricted=True,
                                       projects=["own"])
    CLIENTS["foreign"] = CLIENTS["restricted"]
    CLIENTS["trusted"] = add_client("trusted", type="client")


def status_of(who, method, path):
    """What the endpoint says to a request that nothing comes of: names that are not there, and a
    body that is no JSON."""
    project = "own" if who == "restricted" else "default"
    path = re.sub(r"\{type\}", "custom", path)
    if who in ("restricted", "foreign"):
        path = re.sub(r"projects/\{[^}]*\}", f"projects/{project}", path)
    path = re.sub(r"\{[^}]*\}", "nothing-like-it", path)
    path += "?project=" + project
    body = b"[" if method in ("POST", "PUT", "PATCH") else None
    headers = {"Content-Type": "application/json"} if body else {}
    return CLIENTS[who].request(method, path, body, headers).status


def test_rows():
    """Each door is open to those it says, and to no others."""
    found, seen = [], 0
    for method, path, access in rows():
        for who in ("none", "unknown", "metrics", "restricted", "foreign", "trusted"):
            status, allowed = status_of(who, method, path), who in MAY[access]
            seen += 1
            if allowed == (status == 403):
                found.append(f"{method} {path} ({access}) for {who}: {status}")
    suite.equal(found, [])
    suite.true(seen > 600, "the rows were read")


def test_untrusted_server():
    """What strangers see of the server is what they need to become known."""
    shown = CLIENTS["none"].sync("GET", "/1.0")
    suite.equal((shown["auth"], "environment" in shown, "config" in shown),
                ("untrusted", False, False))
    for who in ("unknown", "metrics"):
        suite.equal(CLIENTS[who].sync("GET", "/1.0")["auth"], "untrusted", who)
    suite.equal(CLIENTS["restricted"].sync("GET", "/1.0")["auth"], "trusted")
    suite.true("config" not in CLIENTS["restricted"].sync("GET", "/1.0")
               or not CLIENTS["restricted"].sync("GET", "/1.0")["config"], "no configuration")


def test_lists_of_a_restricted_client():
    """Only its own projects, and what is in them."""
    PEER.api.sync("POST", "/1.0/profiles", {"name": "hidden"})
    client = CLIENTS["restricted"]
    suite.equal(client.sync("GET", "/1.0/projects"), ["/1.0/projects/own"])
    suite.equal(client.get("/1.0/projects/default").status in (403, 404), True, "another project")
    suite.equal(client.sync("GET", "/1.0/profiles?project=own"),
                ["/1.0/profiles/default?project=own"])
    for path in ("/1.0/profiles", "/1.0/instances", "/1.0/instances?all-projects=true",
                 "/1.0/operations", "/1.0/images/aliases", "/1.0/events"):
        suite.equal(client.get(path).status, 403, path)
    # copying out of a project that is not its own
    answer = client.request("POST", "/1.0/instances?project=own", {
        "name": "thief", "source": {"type": "copy", "source": "x", "project": "default"}})
    suite.equal(answer.status, 403)
    PEER.api.sync("DELETE", "/1.0/profiles/hidden")


if __name__ == "__main__":
    daemon.run_suite(globals(), "access: ")
