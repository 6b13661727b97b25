#!/usr/bin/env python3
"""Profiles and projects: create, list, edit, rename, delete, what each refuses."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import suite  # noqa: E402

PEER = None
PROFILES = "/1.0/profiles"
PROJECTS = "/1.0/projects"


def refused(*expected):
    PEER.refused(*expected)


def test_create_and_show():
    body = {"name": "web", "description": "for web servers",
            "config": {"limits.cpu": "2", "user.note": "a < b & c", "environment.A": "1"},
            "devices": {"root": {"type": "disk", "path": "/", "pool": "default"}}}
    answer = PEER.api.request("POST", PROFILES, body)
    suite.equal((answer.status, answer.headers["location"]), (201, "/1.0/profiles/web"))
    suite.equal(PEER.api.sync("GET", PROFILES + "/web"), {**body, "used_by": []})
    suite.equal(sorted(PEER.api.sync("GET", PROFILES)),
                ["/1.0/profiles/default", "/1.0/profiles/web"])


def test_create_again():
    refused(409, "(?i)already exists", "POST", PROFILES, {"name": "web"})


def test_replace():
    PEER.api.sync("PUT", PROFILES + "/web", {"description": "d", "config": {"limits.cpu": "1"},
                                             "devices": {}})
    found = PEER.api.sync("GET", PROFILES + "/web")
    suite.equal((found["description"], found["config"], found["devices"]),
                ("d", {"limits.cpu": "1"}, {}))


def test_patch_keeps_the_rest():
    PEER.api.sync("PATCH", PROFILES + "/web", {"config": {"user.b": "2"}})
    found = PEER.api.sync("GET", PROFILES + "/web")
    suite.equal(found["config"], {"limits.cpu": "1", "user.b": "2"})


def test_unknown_json_keys_are_ignored():
    PEER.api.sync("PUT", PROFILES + "/web", {**PEER.api.sync("GET", PROFILES + "/web"),
                                             "no_such_key": [1, 2]})


def test_rename():
    answer = PEER.api.request("POST", PROFILES + "/web", {"name": "www"})
    suite.equal((answer.status, answer.headers["location"]), (201, "/1.0/profiles/www"))
    refused(404, "not found", "GET", PROFILES + "/web")


def test_bad_names():
    for name in ("", "a/b", ".", ".."):
        found, error = PEER.api.refusal("POST", PROFILES, {"name": name})
        suite.equal(found, 400, f"status for {name!r} ({error})")


def test_bad_keys_and_values():
    for config, text in (({"no.such.key": "1"}, "no.such.key"),
                         ({"limits.memory": "lots"}, "limits.memory|lots"),
                         ({"boot.autostart": "perhaps"}, "boot.autostart|perhaps"),
                         ({"security.privileged": "7"}, "security.privileged|7"),
                         ({"volatile.x": "1"}, "(?i)volatile")):
        refused(400, text, "PUT", PROFILES + "/www", {"config": config, "devices": {}})


def test_bad_devices():
    for device, text in (({"type": "tape"}, "(?i)tape|type"), ({}, "(?i)type"),
                         ({"type": "disk", "no.such": "1", "path": "/x"}, "(?i)no.such|source")):
        refused(400, text, "PUT", PROFILES + "/www", {"config": {}, "devices": {"x": device}})


def test_default_profile_stays():
    refused(403, 'The "default" profile cannot be deleted', "DELETE", PROFILES + "/default")
    refused(403, 'The "default" profile cannot be renamed', "POST", PROFILES + "/default",
            {"name": "other"})


def test_delete():
    PEER.api.sync("DELETE", PROFILES + "/www")
    refused(404, "not found", "DELETE", PROFILES + "/www")


# -- projects ------------------------------------------------------------------------------------
def test_project_create():
    answer = PEER.api.request("POST", PROJECTS, {
        "name": "blue", "description": "b", "config": {"features.images": "false"}})
    suite.equal((answer.status, answer.headers["location"]), (201, "/1.0/projects/blue"))
    found = PEER.api.sync("GET", PROJECTS + "/blue")
    suite.equal(found["description"], "b")
    for key, value in (("features.images", "false"), ("features.profiles", "true"),
                       ("features.storage.volumes", "true")):
        suite.equal(found["config"][key], value, key)
    suite.equal(found["used_by"], ["/1.0/profiles/default?project=blue"])


def test_project_has_its_own_profiles():
    suite.equal(PEER.api.sync("GET", PROFILES + "?project=blue"),
                ["/1.0/profiles/default?project=blue"])
    PEER.api.sync("POST", PROFILES + "?project=blue", {"name": "only-blue"})
    refused(404, "not found", "GET", PROFILES + "/only-blue")
    PEER.api.sync("DELETE", PROFILES + "/only-blue?project=blue")


def test_project_in_use_stays():
    PEER.api.sync("POST", PROFILES + "?project=blue", {"name": "only-blue"})
    refused(400, "(?i)only empty projects", "DELETE", PROJECTS + "/blue")
    PEER.api.sync("DELETE", PROFILES + "/only-blue?project=blue")


def test_project_shares_profiles_without_the_feature():
    PEER.api.sync("POST", PROJECTS, {"name": "red", "config": {"features.profiles": "false"}})
    PEER.api.sync("POST", PROFILES + "?project=red", {"name": "shared"})
    suite.equal(PEER.api.sync("GET", PROFILES + "/shared")["name"], "shared")
    PEER.api.sync("DELETE", PROFILES + "/shared")
    PEER.api.sync("DELETE", PROJECTS + "/red")


def test_project_edit_and_rename():
    config = PEER.api.sync("GET", PROJECTS + "/blue")["config"]
    PEER.api.sync("PUT", PROJECTS + "/blue", {"description": "c", "config": config})
    PEER.api.sync("PATCH", PROJECTS + "/blue", {"config": {**config, "user.x": "1"}})
    found = PEER.api.sync("GET", PROJECTS + "/blue")
    suite.equal((found["description"], found["config"]["user.x"]), ("c", "1"))
    PEER.api.operation("POST", PROJECTS + "/blue", {"name": "green"})
    refused(404, "not found", "GET", PROJECTS + "/blue")
    PEER.api.sync("DELETE", PROJECTS + "/green")


def test_project_refusals():
    for name in ("", "a/b", "a b", "."):
        suite.equal(PEER.api.refusal("POST", PROJECTS, {"name": name})[0], 400, f"name {name!r}")
    refused(400, "no.such", "POST", PROJECTS, {"name": "x", "config": {"no.such": "1"}})
    refused(409, "(?i)already exists", "POST", PROJECTS, {"name": "default"})
    refused(403, "default", "DELETE", PROJECTS + "/default")
    refused(403, "default", "POST", PROJECTS + "/default", {"name": "other"})


if __name__ == "__main__":
    daemon.run_suite(globals(), "profiles: ")
