#!/usr/bin/env python3
"""The daemon as a program: options, subcommands, socket activation, its directory, its database."""
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import images  # noqa: E402
import instances  # noqa: E402
import netns  # noqa: E402
import suite  # noqa: E402

PEER = None


def run(*arguments, code=0, peer=None, data=None):
    """Output of one of the daemon's subcommands."""
    peer = peer or PEER
    done = subprocess.run([peer.program, *arguments], env=peer.environment(), text=True, input=data,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
                          check=False)
    suite.equal(done.returncode != 0, code != 0, f"exit code {done.returncode} of {arguments}: "
                                                 f"{done.stdout}")
    return done.stdout


def fresh(**options):
    return daemon.Daemon(pool=False, **options)


def test_help_and_version():
    said = run("--help")
    for word in ("--group", "--logfile", "--debug", "--verbose", "waitready", "shutdown",
                 "activateifneeded", "init"):
        suite.contains(said, word, "help")
    suite.matches(run("--version"), r"^\d+\.\d+")
    for command in ("waitready", "shutdown", "activateifneeded", "sql", "init"):
        suite.contains(run(command, "--help"), command, "help of a subcommand")


def test_usage_errors():
    run("--no-such-option", code=1)
    run("nosuchcommand", code=1)
    run("sql", "nowhere", "SELECT 1", code=1)


def test_waitready():
    run("waitready", "--timeout=5")
    other = fresh(start=False)
    run("waitready", "--timeout=1", peer=other, code=1)
    other.clean_up()


def test_directory():
    modes = {"": 0o711, "containers": 0o711, "database": 0o700, "devices": 0o711, "images": 0o700,
             "logs": 0o700, "security": 0o700, "shmounts": 0o711, "storage-pools": 0o711}
    for name, mode in modes.items():
        found = os.stat(os.path.join(PEER.directory, name)).st_mode
        suite.equal(oct(found & 0o777), oct(mode), f"mode of {name or 'the directory'}")
    found = os.stat(PEER.socket).st_mode
    suite.equal(oct(found & 0o777), "0o660", "mode of the socket")


def test_one_daemon_a_directory():
    done = subprocess.run([PEER.program, "--group", "root"], env=PEER.environment(), timeout=60,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    suite.true(done.returncode != 0, "a second daemon does not start")
    suite.equal(PEER.api.get("/1.0").status, 200)


def test_unknown_group():
    other = fresh(start=False)
    run("--group", "no-such-group", peer=other, code=1)
    other.clean_up()


# -- sql -----------------------------------------------------------------------------------------
def test_sql_select():
    said = run("sql", "global", "SELECT name, description FROM profiles")
    suite.matches(said, r"\|\s*name\s*\|\s*description\s*\|")
    suite.matches(said, r"\|\s*default\s*\|\s*\|")


def test_sql_change():
    run("sql", "global", "INSERT INTO config (key, value) VALUES ('user.sql', '1')")
    said = run("sql", "global", "UPDATE config SET value = '2' WHERE key = 'user.sql'")
    suite.equal(said, "Rows affected: 1\n")
    said = run("sql", "global", "DELETE FROM config WHERE key = 'user.sql'; SELECT 1 AS one")
    suite.contains(said, "=> Query 0:")
    suite.contains(said, "=> Query 1:")


def test_sql_errors():
    suite.matches(run("sql", "global", "SELECT x FROM nowhere", code=1), "(?i)no such table")


def test_sql_from_standard_input():
    suite.matches(run("sql", "local", "-", data="SELECT 7 AS seven\n"), r"\|\s*7\s*\|")


def test_sql_dump_is_a_database():
    dump = run("sql", "global", ".dump")
    for word in ("CREATE TRIGGER", "CREATE INDEX", "CREATE VIEW"):
        suite.matches(dump, word.replace(" ", r" (UNIQUE )?"), "dump")
    copy = sqlite3.connect(":memory:")
    copy.executescript(dump)
    suite.equal(copy.execute("SELECT name FROM profiles").fetchall(), [("default",)])
    copy = sqlite3.connect(":memory:")
    copy.executescript(run("sql", "global", ".schema"))
    suite.equal(copy.execute("SELECT count(*) FROM profiles").fetchone(), (0,))


def test_database_is_whole():
    run("sql", "global", ".sync")
    path = os.path.join(PEER.directory, "database/global/db.bin")
    copy = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    suite.equal(copy.execute("PRAGMA integrity_check").fetchone(), ("ok",))
    suite.equal(copy.execute("PRAGMA foreign_key_check").fetchall(), [])
    suite.equal(copy.execute("SELECT name FROM profiles").fetchall(), [("default",)])


# -- init ----------------------------------------------------------------------------------------
@daemon.ours  # the reference fails where it finds no free subnet for a bridge
def test_init_auto():
    with netns.Namespace() as place, fresh(namespace=place) as other:
        run("init", "--auto", peer=other)
        pool = other.api.sync("GET", "/1.0/storage-pools/default")
        suite.equal(pool["driver"], "dir")
        devices = other.api.sync("GET", "/1.0/profiles/default")["devices"]
        suite.equal(devices["root"], {"type": "disk", "path": "/", "pool": "default"})
        suite.equal(devices["eth0"], {"type": "nic", "name": "eth0", "network": "lxdbr0"})
        suite.equal(other.api.sync("GET", "/1.0/networks/lxdbr0")["config"]["ipv4.nat"], "true")
        suite.contains(run("init", "--dump", peer=other), "name: lxdbr0")
        other.api.sync("PUT", "/1.0/profiles/default", {
            "config": {}, "description": "", "devices": {"root": devices["root"]}})


@daemon.ours
def test_init_questions():
    """A pool and a bridge with addresses of the user's choice."""
    answers = ["yes", "some", "dir", "yes", "own0", "10.41.0.1/24", "yes", "none", "no", "no"]
    with netns.Namespace() as place, fresh(namespace=place) as other:
        run("init", peer=other, data="\n".join(answers) + "\n")
        suite.equal(other.api.sync("GET", "/1.0/networks/own0")["config"], {
            "ipv4.address": "10.41.0.1/24", "ipv4.nat": "true", "ipv6.address": "none"})
        devices = other.api.sync("GET", "/1.0/profiles/default")["devices"]
        suite.equal((devices["root"]["pool"], devices["eth0"]["network"]), ("some", "own0"))
        other.api.sync("PUT", "/1.0/profiles/default", {
            "config": {}, "description": "", "devices": {"root": devices["root"]}})


PRESEED = """config:
  user.seed: "1"
storage_pools:
- name: seeded
  driver: dir
profiles:
- name: default
  devices:
    root: {path: /, pool: seeded, type: disk}
- name: second
  config:
    limits.cpu: "1"
projects:
- name: side
  description: beside
"""


def test_init_preseed():
    with fresh() as other:
        for _ in range(2):  # again changes nothing
            run("init", "--preseed", peer=other, data=PRESEED)
        suite.equal(other.api.sync("GET", "/1.0")["config"]["user.seed"], "1")
        suite.equal(other.api.sync("GET", "/1.0/storage-pools"), ["/1.0/storage-pools/seeded"])
        suite.equal(other.api.sync("GET", "/1.0/profiles/second")["config"], {"limits.cpu": "1"})
        suite.equal(other.api.sync("GET", "/1.0/projects/side")["description"], "beside")
        dump = run("init", "--dump", peer=other)
        suite.matches(dump, r"(?m)^  user\.seed: \"1\"$")
        suite.matches(dump, r"(?m)^- .*|^  name: seeded$")


def test_init_preseed_undoes_itself():
    with fresh() as other:
        bad = PRESEED.replace("limits.cpu: \"1\"", "no.such.key: \"1\"")
        run("init", "--preseed", peer=other, data=bad, code=1)
        suite.equal(other.api.sync("GET", "/1.0/storage-pools"), [])


# -- start and end -------------------------------------------------------------------------------
def test_shutdown():
    other = fresh()
    run("shutdown", "--timeout=30", peer=other)
    suite.true(other.reap(5), "the daemon has ended")
    other.stop()


def test_activate_if_needed():
    other = daemon.Daemon()
    box = instances.Instances(other)
    other.terminate()
    suite.true("activating..." not in run("activateifneeded", peer=other), "nothing to do")
    other.start()
    box.create("a", source={"type": "none"}, config={"boot.autostart": "true"})
    other.terminate()
    # the socket's own unit would now start the daemon; here nobody listens
    said = subprocess.run([other.program, "activateifneeded", "--debug"], env=other.environment(),
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                          check=False).stdout
    suite.contains(said, "Daemon has auto-started instances, activating...")
    other.start()
    other.stop()


def test_socket_activation():
    other = fresh(start=False)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(other.socket)
    os.chmod(other.socket, 0o660)
    listening.listen(8)
    def hand_over():
        os.dup2(listening.fileno(), 3)
        os.set_inheritable(3, True)
    environment = {**other.environment(), "LISTEN_FDS": "1"}
    # LISTEN_PID has to be the daemon's own
    command = ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "-", other.program, "--group", "root",
               "--logfile", os.path.join(other.base, "daemon.log")]
    other.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                     preexec_fn=hand_over, close_fds=False, start_new_session=True)
    other.write_pid()
    listening.close()
    other.wait_ready()
    suite.equal(other.api.get("/1.0").status, 200)
    other.terminate()
    suite.true(os.path.exists(other.socket), "a handed-over socket is not removed")
    other.clean_up()


def test_patch_of_the_database():
    other = fresh()
    other.terminate()
    patch = os.path.join(other.directory, "database/patch.global.sql")
    with open(patch, "w", encoding="ascii") as stream:
        stream.write("INSERT INTO config (key, value) VALUES ('user.patched', 'yes');")
    other.start()
    suite.equal(other.api.sync("GET", "/1.0")["config"].get("user.patched"), "yes")
    suite.true(not os.path.exists(patch), "the patch is applied once")
    suite.true(os.path.isdir(os.path.join(other.directory, "database/global.bak")), "a copy")
    other.stop()


def test_bad_patch_stops_the_start():
    other = fresh()
    other.terminate()
    with open(os.path.join(other.directory, "database/patch.global.sql"), "w",
              encoding="ascii") as stream:
        stream.write("INSERT INTO nowhere VALUES (1);")
    suite.raises(RuntimeError, other.start)
    other.clean_up()


def test_database_that_is_no_database():
    other = fresh()
    other.terminate()
    path = os.path.join(other.directory, "database/global/db.bin")
    if daemon.is_lxd() or not os.path.exists(path):
        other.clean_up()
        raise suite.Skip("the reference keeps its database elsewhere")
    with open(path, "wb") as stream:
        stream.write(b"not a database" * 1000)
    suite.raises(RuntimeError, other.start)
    other.clean_up()


def test_log_file():
    suite.matches(PEER.log(), "(?i)level=|api|daemon")
    for line in PEER.log().split("\n")[:50]:
        suite.true(not re.search(r"password=\S", line), "no secrets in the log")


def test_internal_endpoints():
    suite.equal(PEER.api.get("/internal/ready").status, 200)
    suite.equal(PEER.api.get("/internal/gc").status, 200)
    answer = PEER.api.sync("POST", "/internal/sql", {"database": "global",
                                                     "query": "SELECT 1 AS one"})
    suite.equal(answer["Results"][0]["rows"], [[1]], json.dumps(answer))


def test_periodic_tasks():
    """A task runs when it is asked for, and what it does is done when the answer comes."""
    done = PEER.api.operation("POST", "/1.0/images", images.busybox(),
                              {"Content-Type": "application/octet-stream"})
    url = "/1.0/images/" + done["metadata"]["fingerprint"]
    PEER.api.sync("POST", "/internal/testing/tasks/images-prune")
    suite.equal(PEER.api.get(url).status, 200, "an image that does not expire")
    PEER.api.sync("POST", "/internal/sql", {
        "database": "global", "query": "UPDATE images SET expiry_date = '2020-01-01T00:00:00Z'"})
    PEER.api.sync("POST", "/internal/testing/tasks/images-prune")
    suite.equal(PEER.api.get(url).status, 404, "an expired image")
    PEER.refused(404, "images-prune", "POST", "/internal/testing/tasks/nothing")


def test_nothing_is_busy_when_idle():
    """An idle daemon uses no processor time worth naming."""
    def ticks():
        with open(f"/proc/{PEER.pid}/stat", encoding="ascii") as stream:
            fields = stream.read().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])
    before = ticks()
    time.sleep(2)
    suite.true(ticks() - before <= 4, f"{ticks() - before} ticks in 2 s")


if __name__ == "__main__":
    daemon.run_suite(globals(), "daemon: ")
