#!/usr/bin/env python3
"""exec: recorded, non-interactive, interactive; environment, user, signals, exit codes; console."""
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


class Command:
    """A command with websockets."""

    def __init__(self, *words, interactive=False, control=True, **fields):
        operation = PEER.api.start("POST", BOX.path("c", "/exec"), {
            "command": list(words), "wait-for-websocket": True, "interactive": interactive,
            "environment": {}, **fields})
        self.operation = operation
        fds = operation["metadata"]["fds"]
        suite.equal(sorted(fds), ["0", "control"] if interactive else ["0", "1", "2", "control"])
        path = f"/1.0/operations/{operation['id']}/websocket?secret="
        self.sockets = {}
        if control:
            self.sockets["control"] = PEER.api.websocket(path + fds["control"])
        for name in sorted(set(fds) - {"control"}):
            self.sockets[name] = PEER.api.websocket(path + fds[name])

    def send(self, data):
        self.sockets["0"].send(data)

    def end_input(self):
        self.sockets["0"].send(b"", api.WebSocket.TEXT)

    def control(self, command, **fields):
        self.sockets["control"].send(json.dumps({"command": command, **fields}))

    def output(self, fd="1"):
        return self.sockets[fd].drain()

    def finish(self):
        """The exit code."""
        for name in ("0", "1", "2"):
            if name in self.sockets:
                self.sockets.pop(name).close()
        done = PEER.api.wait(self.operation)
        for websocket in self.sockets.values():
            websocket.close()
        return done["metadata"]["return"]


def test_recorded():
    suite.equal(BOX.run("c", "sh", "-c", "echo out; echo err >&2; exit 3"),
                (3, "out\n", "err\n"))


def test_neither_recorded_nor_connected():
    done = PEER.api.operation("POST", BOX.path("c", "/exec"), {
        "command": ["sh", "-c", "exit 5"], "wait-for-websocket": False})
    suite.equal(done["metadata"]["return"], 5)


@daemon.ours  # the reference now and then loses what comes last on stderr
def test_output_streams():
    command = Command("sh", "-c", "echo out; echo err >&2; exit 4")
    suite.equal((command.output("1"), command.output("2")), (b"out\n", b"err\n"))
    suite.equal(command.finish(), 4)


def test_without_control():
    command = Command("echo", "plain", control=False)
    suite.equal((command.output(), command.finish()), (b"plain\n", 0))


def test_input():
    command = Command("cat")
    command.send(b"one\n")
    command.send(b"two\n")
    command.end_input()
    suite.equal((command.output(), command.finish()), (b"one\ntwo\n", 0))


def test_much_data():
    data = os.urandom(1 << 16) * 64
    command = Command("sh", "-c", "cat >/tmp/much; cat /tmp/much")
    for start in range(0, len(data), 1 << 18):
        command.send(data[start:start + (1 << 18)])
    command.end_input()
    suite.true(command.output() == data, "4 MiB come back as they went")
    suite.equal(command.finish(), 0)


def test_interactive():
    command = Command("sh", interactive=True, width=100, height=30)
    command.send(b"stty size; echo done-$((20+3)); exit 7\n")
    output = command.output("0")
    suite.contains(output.decode(), "30 100", "the terminal's size")
    suite.contains(output.decode(), "done-23")
    suite.equal(command.finish(), 7)


def test_window_resize():
    command = Command("sh", "-c", "read x; stty size", interactive=True, width=80, height=24)
    command.control("window-resize", args={"width": "132", "height": "43"})
    time.sleep(0.2)
    command.send(b"go\n")
    suite.contains(command.output("0").decode(), "43 132")
    suite.equal(command.finish(), 0)


def test_signal():
    command = Command("sh", "-c", "trap 'echo caught; exit 9' USR1; echo ready; "
                                  "while :; do sleep 0.1; done")
    kind, data = command.sockets["1"].receive()
    suite.equal(data, b"ready\n")
    command.control("signal", signal=10)
    suite.contains(command.output(), b"caught")
    suite.equal(command.finish(), 9)


def test_killed_by_a_signal():
    suite.equal(BOX.run("c", "sh", "-c", "kill -9 $$")[0], 137)


def test_closing_control_kills():
    command = Command("sleep", "1000")
    command.sockets.pop("control").close()
    suite.true(command.finish() != 0, "it was killed")
    code, output, _ = BOX.run("c", "ps")
    suite.true("sleep 1000" not in output, "the process is gone")


def test_exit_codes():
    suite.equal(BOX.run("c", "/no/such/program")[0], 127, "missing program")
    suite.equal(BOX.run("c", "/etc/passwd")[0], 126, "not executable")
    suite.equal(BOX.run("c", "true")[0], 0)


def test_environment():
    _, output, _ = BOX.run("c", "env", environment={"GIVEN": "a b", "HOME": "/elsewhere"})
    for line in ("GIVEN=a b", "HOME=/elsewhere", "USER=root", "LANG=C.UTF-8",
                 "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"):
        suite.contains(output.split("\n"), line, "environment")
    suite.true("LXD_DIR" not in output and "BERTH" not in output, "the daemon's own stays outside")


def test_instance_environment():
    PEER.api.sync("PATCH", BOX.path("c"), {"config": {"environment.FROM_CONFIG": "yes"}})
    suite.contains(BOX.run("c", "env")[1], "FROM_CONFIG=yes")


def test_user_group_and_directory():
    _, output, _ = BOX.run("c", "sh", "-c", "id -u; id -g; pwd", user=1000, group=1001, cwd="/tmp")
    suite.equal(output, "1000\n1001\n/tmp\n")


def test_failed_start_is_a_failed_operation():
    for command, code, text in (("/no/such", 127, "Command not found"),
                                ("/etc/passwd", 126, "Command not executable")):
        started = PEER.api.start("POST", BOX.path("c", "/exec"), {
            "command": [command], "wait-for-websocket": False})
        done = PEER.api.sync("GET", f"/1.0/operations/{started['id']}/wait")
        suite.equal((done["status_code"], done["err"], done["metadata"]["return"]),
                    (400, text, code))


def test_no_fds_leak_in():
    _, output, _ = BOX.run("c", "ls", "-l", "/proc/self/fd")
    found = [line.split()[8] for line in output.split("\n") if len(line.split()) > 8]
    suite.equal(found, ["0", "1", "2", "3"], "open files (ls itself has 3)")


def test_operation_object():
    operation = PEER.api.start("POST", BOX.path("c", "/exec"), {
        "command": ["true"], "wait-for-websocket": True, "environment": {}})
    suite.equal((operation["class"], operation["description"], operation["status"]),
                ("websocket", "Executing command", "Running"))
    suite.equal(operation["resources"]["instances"], [BOX.path("c")])
    suite.equal(operation["metadata"]["command"], ["true"])


def test_secrets():
    operation = PEER.api.start("POST", BOX.path("c", "/exec"), {
        "command": ["true"], "wait-for-websocket": True, "environment": {}})
    path = f"/1.0/operations/{operation['id']}/websocket"
    for secret in ("", "?secret=", "?secret=" + "0" * 64):
        suite.raises(api.ProtocolError, PEER.api.websocket, path + secret)


def test_refusals():
    suite.equal(PEER.api.refusal("POST", "/1.0/instances/missing/exec", {"command": ["ls"]})[0],
                404)
    BOX.create("stopped")
    PEER.refused(400, "(?i)instance is not running", "POST", BOX.path("stopped", "/exec"),
                 {"command": ["ls"]})
    BOX.state("stopped", "start")
    BOX.state("stopped", "freeze")
    PEER.refused(400, "(?i)instance is frozen", "POST", BOX.path("stopped", "/exec"),
                 {"command": ["ls"]})
    BOX.state("stopped", "unfreeze")
    BOX.delete("stopped", force=True)


def test_console():
    operation = PEER.api.start("POST", BOX.path("c", "/console"), {
        "width": 80, "height": 25, "type": "console"})
    path = f"/1.0/operations/{operation['id']}/websocket?secret="
    terminal = PEER.api.websocket(path + operation["metadata"]["fds"]["0"])
    control = PEER.api.websocket(path + operation["metadata"]["fds"]["control"])
    time.sleep(0.5)  # what is typed before the console is attached is lost
    terminal.send(b"echo console-$((40+2))\n")
    seen = b""
    while b"console-42" not in seen:
        kind, data = terminal.receive()
        suite.true(kind is not None, f"the console ended after {seen!r}")
        seen += data
    control.close()
    terminal.close()
    done = PEER.api.sync("GET", f"/1.0/operations/{operation['id']}/wait?timeout=20")
    suite.true(done["status_code"] >= 200, "the operation ends with its connections")


if __name__ == "__main__":
    daemon.run_suite(globals(), "exec: ")
