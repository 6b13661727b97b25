#!/usr/bin/env python3
"""Operations and events: life, wait, cancel, lists, the events socket and what comes over it."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import api  # noqa: E402
import daemon  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402

PEER = None
BOX = None


def setup():
    global BOX
    if BOX is None:
        BOX = instances.Instances(PEER)
        BOX.launch("c")


def sleeper(seconds=1):
    """A running task."""
    return PEER.api.start("POST", BOX.path("c", "/exec"), {
        "command": ["sleep", str(seconds)], "wait-for-websocket": False})


def listen(query):
    """An events socket; it hears what begins after this."""
    found = PEER.api.websocket("/1.0/events" + query)
    found.socket.settimeout(20)
    time.sleep(0.1)
    return found


def next_event(socket, wanted, limit=200):
    """The first event for which wanted(event) holds."""
    for _ in range(limit):
        event = socket.receive_json()
        if wanted(event):
            return event
    raise suite.Failure("the event did not come")


# -- operations ----------------------------------------------------------------------------------
def test_answer():
    answer = PEER.api.request("POST", BOX.path("c", "/exec"),
                              {"command": ["true"], "wait-for-websocket": False})
    operation = answer.metadata
    url = f"/1.0/operations/{operation['id']}"
    suite.equal((answer.status, answer.headers["location"], answer.json["operation"],
                 answer.json["type"], answer.json["status"], answer.json["status_code"]),
                (202, url, url, "async", "Operation created", 100))
    suite.equal(sorted(operation), sorted([
        "id", "class", "description", "created_at", "updated_at", "status", "status_code",
        "resources", "metadata", "may_cancel", "err", "location"]))
    suite.equal((operation["class"], operation["location"], operation["err"]), ("task", "none", ""))
    suite.matches(operation["id"], "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-")
    PEER.api.wait(operation)


def test_life():
    operation = sleeper()
    found = PEER.api.sync("GET", f"/1.0/operations/{operation['id']}")
    suite.equal((found["status"], found["status_code"]), ("Running", 103))
    done = PEER.api.wait(operation)
    suite.equal((done["status"], done["status_code"]), ("Success", 200))
    time.sleep(1)
    suite.equal(PEER.api.get(f"/1.0/operations/{operation['id']}").status, 200)
    time.sleep(5)
    suite.equal(PEER.api.get(f"/1.0/operations/{operation['id']}").status, 404)


def test_wait_with_time_out():
    operation = sleeper(3)
    before = time.monotonic()
    found = PEER.api.sync("GET", f"/1.0/operations/{operation['id']}/wait?timeout=1")
    took = time.monotonic() - before
    suite.equal(found["status"], "Running")
    suite.true(0.8 < took < 2.5, f"it took {took:.1f} s")
    PEER.api.wait(operation)


def test_lists():
    operation = sleeper()
    url = f"/1.0/operations/{operation['id']}"
    suite.contains(PEER.api.sync("GET", "/1.0/operations")["running"], url)
    found = PEER.api.sync("GET", "/1.0/operations?recursion=1")["running"]
    suite.contains([one["id"] for one in found], operation["id"])
    PEER.api.wait(operation)


def test_many_waits():
    operation = sleeper(2)
    path = f"/1.0/operations/{operation['id']}/wait"
    waiting = []
    for _ in range(200):
        connection = api.connect(PEER.socket, 30)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        waiting.append(connection)
    suite.equal(PEER.api.get("/1.0").status, 200)
    for connection in waiting:
        data = b""
        while part := connection.recv(65536):
            data += part
        connection.close()
        suite.contains(data, b'"status":"Success"', "answer of a wait")


def test_not_cancelable():
    operation = sleeper()
    status, error = PEER.api.refusal("DELETE", f"/1.0/operations/{operation['id']}")
    suite.equal(status, 400, f"status ({error})")
    suite.matches(error, "(cannot|can't) be cancelled", "error")
    PEER.api.wait(operation)


def test_unknown():
    for path in ("/1.0/operations/x", "/1.0/operations/x/wait"):
        suite.equal(PEER.api.refusal("GET", path)[0], 404, path)
    suite.equal(PEER.api.refusal("DELETE", "/1.0/operations/x")[0], 404)


def test_failure():
    PEER.refused(400, "(?i)already running", "PUT", BOX.path("c", "/state"), {"action": "start"})


# -- events --------------------------------------------------------------------------------------
def test_operation_events():
    socket = listen("?type=operation")
    operation = sleeper(1)
    event = next_event(socket, lambda e: e["metadata"]["id"] == operation["id"]
                       and e["metadata"]["status_code"] == 200)
    suite.equal((event["type"], event["project"], event["location"]),
                ("operation", "default", "none"))
    suite.matches(event["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
    socket.close()


def test_final_event_has_the_result():
    socket = listen("?type=operation")
    operation = PEER.api.start("POST", BOX.path("c", "/exec"), {
        "command": ["sh", "-c", "exit 3"], "wait-for-websocket": False})
    event = next_event(socket, lambda e: e["metadata"]["id"] == operation["id"]
                       and e["metadata"]["status_code"] >= 200)
    suite.equal(event["metadata"]["metadata"]["return"], 3)
    socket.close()


def test_lifecycle_events():
    socket = listen("?type=lifecycle")
    BOX.create("e", source={"type": "none"})
    event = next_event(socket, lambda e: e["metadata"]["action"] == "instance-created")
    suite.equal(event["metadata"]["source"], BOX.path("e"))
    BOX.delete("e")
    event = next_event(socket, lambda e: e["metadata"]["action"] == "instance-deleted")
    suite.equal(event["metadata"]["source"], BOX.path("e"))
    socket.close()


def test_lifecycle_actions():
    socket = listen("?type=lifecycle")
    seen = []
    BOX.launch("l")
    for action in ("freeze", "unfreeze", "restart", "stop"):
        BOX.state("l", action, force=action in ("restart", "stop"))
    PEER.api.sync("PATCH", BOX.path("l"), {"config": {"user.x": "1"}})
    PEER.api.operation("POST", BOX.path("l"), {"name": BOX.full("m")})
    BOX.delete("m")
    next_event(socket, lambda e: seen.append(e["metadata"]["action"]) or seen[-1] == "instance-deleted")
    for action in ("instance-created", "instance-started", "instance-paused", "instance-resumed",
                   "instance-stopped", "instance-updated", "instance-renamed"):
        suite.contains(seen, action, "lifecycle actions")
    socket.close()


def test_profile_events():
    socket = listen("?type=lifecycle")
    PEER.api.sync("POST", "/1.0/profiles", {"name": "p"})
    PEER.api.sync("PATCH", "/1.0/profiles/p", {"description": "d"})
    PEER.api.sync("POST", "/1.0/profiles/p", {"name": "q"})
    PEER.api.sync("DELETE", "/1.0/profiles/q")
    actions = [next_event(socket, lambda e: "profile" in e["metadata"]["action"])["metadata"]["action"]
               for _ in range(4)]
    suite.equal(actions, ["profile-created", "profile-updated", "profile-renamed",
                          "profile-deleted"])
    socket.close()


def test_events_name_who_asked():
    socket = listen("?type=lifecycle")
    PEER.api.sync("POST", "/1.0/profiles", {"name": "p"})
    event = next_event(socket, lambda e: e["metadata"]["action"] == "profile-created")
    suite.equal((event["metadata"]["source"], event["metadata"]["requestor"]["username"],
                 event["metadata"]["requestor"]["protocol"]), ("/1.0/profiles/p", "root", "unix"))
    PEER.api.sync("DELETE", "/1.0/profiles/p")
    socket.close()


def test_projects_are_kept_apart():
    PEER.api.sync("POST", "/1.0/projects", {"name": "apart"})
    here, there, all_projects = (listen("?type=lifecycle" + more) for more in
                                 ("", "&project=apart", "&all-projects=true"))
    PEER.api.sync("POST", "/1.0/profiles?project=apart", {"name": "p"})
    PEER.api.sync("POST", "/1.0/profiles", {"name": "p"})
    def first(socket):
        return next_event(socket, lambda e: e["metadata"]["action"] == "profile-created")["project"]
    suite.equal((first(here), first(there), first(all_projects)), ("default", "apart", "apart"))
    for socket in (here, there, all_projects):
        socket.close()
    PEER.api.sync("DELETE", "/1.0/profiles/p?project=apart")
    PEER.api.sync("DELETE", "/1.0/profiles/p")
    PEER.api.sync("DELETE", "/1.0/projects/apart")


def test_logging_events():
    socket = listen("?type=logging")
    PEER.api.get("/1.0")
    event = next_event(socket, lambda e: True)
    suite.equal(sorted(event["metadata"]), ["context", "level", "message"])
    socket.close()


def test_bad_requests():
    for query, status in (("?type=gossip", 400), ("?project=nowhere", 404),
                          ("?project=default&all-projects=true", 400)):
        error = suite.raises(api.ProtocolError, PEER.api.websocket, "/1.0/events" + query)
        suite.matches(str(error), f" {status} |\"error_code\":{500 if daemon.is_lxd() else status}",
                      f"answer to {query}")


def test_listener_that_reads_nothing():
    """It costs a bounded queue, not the daemon."""
    sleeping = PEER.api.websocket("/1.0/events")
    for number in range(300):
        PEER.api.sync("PATCH", "/1.0", {"config": {"user.n": str(number) * 1000}})
    suite.equal(PEER.api.get("/1.0").status, 200)
    sleeping.socket.close()
    PEER.api.sync("PATCH", "/1.0", {"config": {"user.n": ""}})


def test_messages_are_json_text():
    socket = listen("?type=lifecycle")
    PEER.api.sync("PATCH", "/1.0", {"config": {"user.x": "1"}})
    kind, data = socket.receive()
    suite.equal(kind, api.WebSocket.TEXT)
    suite.true(json.loads(data)["type"] == "lifecycle", "an event")
    socket.close()


if __name__ == "__main__":
    daemon.run_suite(globals(), "operations: ")
