#!/usr/bin/env python3
"""Proxy devices: all kinds of addresses, both ways, and what happens when something ends."""
import array
import os
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import hosts  # noqa: E402
import instances  # noqa: E402
import suite  # noqa: E402

PEER = None
BOX = None
NAME = "p"

# An echo server: kind and address, then how each answer begins.
ECHO = """
import ctypes, os, socket, sys, threading
kind, address, pid = sys.argv[1], sys.argv[2], int(sys.argv[3])
os.umask(0)
if pid:  # into its user and network namespace; the programs stay the host's
    os.chdir(f"/proc/{pid}/root/tmp")
    if ctypes.CDLL(None, use_errno=True).setns(os.pidfd_open(pid), 0x50000000):
        sys.exit(os.strerror(ctypes.get_errno()))
    os.setgid(0)
    os.setuid(0)
if kind == "unix":
    server = socket.socket(socket.AF_UNIX)
    server.bind(address.replace("@", chr(0)))
elif kind == "tcp":
    server = socket.create_server(("127.0.0.1", int(address)))
else:
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", int(address)))
if kind != "udp":
    server.listen(500)
print("listening", flush=True)

def serve(connection):
    while True:
        data, fds, _, _ = socket.recv_fds(connection, 65536, 4) if kind == "unix" \\
            else (connection.recv(65536), [], 0, 0)
        if fds:
            data = os.read(fds[0], 100)
        if not data:
            connection.close()
            return
        connection.sendall(data)

while True:
    if kind == "udp":
        data, peer = server.recvfrom(65536)
        server.sendto(data, peer)
    else:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
"""


class Server:
    """Runs inside the container's network and user namespace (or outside)."""

    def __init__(self, kind, address, inside=True):
        pid = BOX.api.sync("GET", BOX.path(NAME, "/state"))["pid"]
        self.process = subprocess.Popen(
            [sys.executable, "-c", ECHO, kind, str(address), str(pid if inside else 0)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if b"listening" not in self.process.stdout.readline():
            raise suite.Failure(self.process.stderr.read().decode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


def setup():
    global BOX
    if BOX is None:
        BOX = instances.Instances(PEER)
        BOX.image()
        BOX.launch(NAME)
        BOX.run(NAME, "chmod", "1777", "/tmp")
    devices({})


def devices(local):
    whole = BOX.show(NAME)
    whole["devices"] = local
    PEER.api.operation("PUT", BOX.path(NAME), whole)


def proxy(listen, connect, **keys):
    """A device, added alone."""
    config = {"type": "proxy", "listen": listen, "connect": connect,
              **{key.replace("__", "."): value for key, value in keys.items()}}
    devices({"d": config})


def refused(text, listen, connect, **keys):
    whole = BOX.show(NAME)
    whole["devices"] = {"d": {"type": "proxy", "listen": listen, "connect": connect, **keys}}
    _, error = PEER.api.refusal("PUT", BOX.path(NAME), whole)
    suite.matches(error, text)


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(family, address, data=b"hello", kind=socket.SOCK_STREAM, size=None):
    with socket.socket(family, kind) as client:
        client.settimeout(10)
        client.connect(address)
        client.sendall(data)
        found = b""
        while len(found) < (size or len(data)):
            part = client.recv(65536)
            if not part:
                break
            found += part
        return found


def local(port):
    return ("127.0.0.1", port)


def processes():
    folder = os.path.join(PEER.directory, "devices", BOX.full(NAME))
    return [name for name in (os.listdir(folder) if os.path.isdir(folder) else [])
            if name.startswith("proxy.")]


def test_tcp():
    port = free_port()
    with Server("tcp", 4321):
        proxy(f"tcp:127.0.0.1:{port}", "tcp:127.0.0.1:4321", bind="host")
        suite.equal(ask(socket.AF_INET, local(port)), b"hello")
        # much at once, both ways, over the size where splicing begins
        with socket.create_connection(local(port), 20) as client:
            block = os.urandom(1 << 20)
            got = bytearray()
            client.settimeout(0.01)
            sent = 0
            total = 8 << 20
            end = time.monotonic() + 30
            while len(got) < total and time.monotonic() < end:
                try:
                    if sent < total:
                        sent += client.send(block[sent % len(block):])
                except TimeoutError:
                    pass
                try:
                    got += client.recv(1 << 20)
                except TimeoutError:
                    pass
            suite.equal(len(got), total, "bytes that came back")
            suite.true(bytes(got[:1 << 20]) == block and bytes(got[-(1 << 20):]) == block,
                       "they are the same")
            # the end goes through
            client.settimeout(10)
            client.shutdown(socket.SHUT_WR)
            suite.equal(client.recv(10), b"")
        suite.equal(processes(), ["proxy.d"])
    # nobody listens inside now
    with socket.create_connection(local(port), 10) as client:
        client.settimeout(10)
        suite.true(not receive(client), "it is closed")


def receive(client):
    try:
        return client.recv(10)
    except ConnectionError:
        return b""


def test_restart_and_change():
    port = free_port()
    proxy(f"tcp:127.0.0.1:{port}", "tcp:127.0.0.1:4321")
    BOX.state(NAME, "restart", force=True)
    BOX.run(NAME, "chmod", "1777", "/tmp")
    with Server("tcp", 4321), Server("tcp", 1337):
        suite.equal(ask(socket.AF_INET, local(port)), b"hello")
        proxy(f"tcp:127.0.0.1:{port}", "tcp:127.0.0.1:1337")
        suite.equal(ask(socket.AF_INET, local(port)), b"hello")
    log = os.path.join(PEER.directory, "logs", BOX.full(NAME), "proxy.d.log")
    with open(log, encoding="utf-8") as stream:
        suite.contains(stream.read(), "Status: Started")
    devices({})
    suite.equal(processes(), [])
    suite.raises(ConnectionRefusedError, ask, socket.AF_INET, local(port))


def test_many_ports():
    first, second = free_port(), free_port()
    with Server("tcp", 4321), Server("tcp", 4322):
        proxy(f"tcp:127.0.0.1:{first},{second}", "tcp:127.0.0.1:4321-4322")
        suite.equal(ask(socket.AF_INET, local(first), b"one"), b"one")
        suite.equal(ask(socket.AF_INET, local(second), b"two"), b"two")
        proxy(f"tcp:127.0.0.1:{first},{second}", "tcp:127.0.0.1:4321")
        suite.equal(ask(socket.AF_INET, local(second), b"two"), b"two")


def test_udp():
    port = free_port(socket.SOCK_DGRAM)
    with Server("udp", 4321):
        proxy(f"udp:127.0.0.1:{port}", "udp:127.0.0.1:4321")
        suite.equal(ask(socket.AF_INET, local(port), kind=socket.SOCK_DGRAM), b"hello")
        clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(20)]
        for i, client in enumerate(clients):
            client.settimeout(10)
            client.sendto(b"from %d" % i, local(port))
        for i, client in enumerate(clients):
            suite.equal(client.recv(100), b"from %d" % i)
            client.close()
    port = free_port()
    with Server("udp", 4321):
        proxy(f"tcp:127.0.0.1:{port}", "udp:127.0.0.1:4321")
        suite.equal(ask(socket.AF_INET, local(port)), b"hello")


def test_unix():
    path = os.path.join(PEER.base, "host.sock")
    with Server("unix", "in.sock"):
        proxy(f"unix:{path}", "unix:/tmp/in.sock", uid="1234", gid="1235", mode="0660",
              security__uid="1234", security__gid="1234")
        info = os.stat(path)
        suite.equal((info.st_uid, info.st_gid, info.st_mode & 0o777), (1234, 1235, 0o660))
        suite.equal(ask(socket.AF_UNIX, path), b"hello")
        # an fd is passed through
        with socket.socket(socket.AF_UNIX) as client, tempfile.TemporaryFile() as stream:
            stream.write(b"in a file")
            stream.seek(0)
            client.settimeout(10)
            client.connect(path)
            client.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                     array.array("i", [stream.fileno()]))])
            suite.equal(client.recv(100), b"in a file")
    if not daemon.is_lxd():
        devices({})
        suite.true(not os.path.exists(path), "the socket's file is gone")
    port = free_port()
    BOX.run(NAME, "rm", "-f", "/tmp/in.sock")
    with Server("unix", "@name"):
        proxy(f"tcp:127.0.0.1:{port}", "unix:@name")
        suite.equal(ask(socket.AF_INET, local(port)), b"hello")
    with Server("tcp", 4321):
        proxy("unix:@berth-" + BOX.full(NAME), "tcp:127.0.0.1:4321")
        suite.equal(ask(socket.AF_UNIX, "\0berth-" + BOX.full(NAME)), b"hello")


def test_from_inside():
    port = free_port()
    with Server("tcp", port, inside=False):
        proxy("tcp:127.0.0.1:80", f"tcp:127.0.0.1:{port}", bind="instance")
        code, out, err = BOX.run(NAME, "sh", "-c", "(echo hello; sleep 0.5) | nc -w 1 127.0.0.1 80")
        suite.equal((code, out), (0, "hello\n"), err)
        proxy("unix:/tmp/out.sock", f"tcp:127.0.0.1:{port}", bind="instance", uid="5", gid="6",
              mode="0600")
        suite.equal(BOX.run(NAME, "stat", "-c", "%F %u %g %a", "/tmp/out.sock")[1],
                    "socket 5 6 600\n")
        if not daemon.is_lxd():
            devices({})
            suite.true(BOX.run(NAME, "test", "-e", "/tmp/out.sock")[0] != 0, "its file is gone")


def test_proxy_protocol():
    port = free_port()
    with Server("tcp", 4321):
        proxy(f"tcp:127.0.0.1:{port}", "tcp:127.0.0.1:4321", proxy_protocol="true")
        with socket.create_connection(local(port), 10) as client:
            client.settimeout(10)
            client.sendall(b"x")
            own = client.getsockname()[1]
            expected = f"PROXY TCP4 127.0.0.1 127.0.0.1 {own} {port}\r\nx".encode()
            found = b""
            while len(found) < len(expected):
                found += client.recv(1000)
            suite.equal(found, expected)
        path = os.path.join(PEER.base, "pp.sock")
        proxy(f"unix:{path}", "tcp:127.0.0.1:4321", proxy_protocol="true")
        suite.equal(ask(socket.AF_UNIX, path, b"x", size=16), b"PROXY UNKNOWN\r\nx")


def test_refusals():
    host = "tcp:127.0.0.1:8099"
    for text, arguments, keys in (
            ('Unknown protocol type "foo"', ("foo:x", host), {}),
            ("Missing address|unix address is", ("unix:", host), {}),
            ("Mismatch between listen port", (host, "tcp:127.0.0.1:80-81"), {}),
            ("Not an IP address|not.*address", (host, "tcp:localhost:80"), {}),
            ("can only be sent to tcp", (host, "unix:/x"), {"proxy_protocol": "true"}),
            ("Only proxy devices for non-abstract", (host, host), {"uid": "5"}),
            ("Only host-bound", (host, host), {"nat": "true", "bind": "instance"}),
            ("Cannot listen on wildcard", ("tcp:0.0.0.0:80", host), {"nat": "true"}),
            ("Cannot mix IP versions", ("tcp:[::1]:80", host), {"nat": "true"}),
            ("Proxying tcp <-> udp", (host, "udp:127.0.0.1:80"), {"nat": "true"}),
            ("udp to non-udp", ("udp:127.0.0.1:8099", host), {})):
        refused(text, *arguments, **keys)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused('Failed to start device "d".*(in use)', f"tcp:127.0.0.1:{taken.getsockname()[1]}",
                host)
    suite.equal(processes(), [])


@daemon.ours
def test_without_the_daemon():
    port = free_port()
    proxy(f"tcp:127.0.0.1:{port}", "tcp:127.0.0.1:4321")
    with Server("tcp", 4321):
        PEER.terminate()
        suite.equal(ask(socket.AF_INET, local(port)), b"hello")
        PEER.start()
        suite.equal(ask(socket.AF_INET, local(port)), b"hello")
        # killed between the start of the process and the record of the device
        PEER.kill()
        subprocess.run(["sqlite3", os.path.join(PEER.directory, "database/global/db.bin"),
                        "DELETE FROM instances_devices WHERE name='d'"], check=True)
        PEER.start()
        suite.eventually(lambda: not processes(), "the process is ended")
        suite.raises(ConnectionRefusedError, ask, socket.AF_INET, local(port))
    # with the container it ends by itself
    proxy(f"tcp:127.0.0.1:{port}", "tcp:127.0.0.1:4321")
    pid = BOX.api.sync("GET", BOX.path(NAME, "/state"))["pid"]
    PEER.terminate()
    os.kill(pid, 9)

    def refuses():
        try:
            ask(socket.AF_INET, local(port))
            return False
        except ConnectionError:
            return True
    suite.eventually(refuses, "nobody listens")
    PEER.start()
    # it ran when the daemon ended: it is started again, and the proxy with it
    suite.eventually(lambda: BOX.status(NAME) == "Running", "it runs again")
    suite.equal(processes(), ["proxy.d"])


@daemon.ours
def test_many_connections():
    port = free_port()
    with Server("tcp", 4321):
        proxy(f"tcp:127.0.0.1:{port}", "tcp:127.0.0.1:4321")
        clients = [socket.create_connection(local(port), 10) for _ in range(200)]
        for client in clients:
            client.sendall(b"hello")
        for client in clients:
            client.settimeout(10)
            suite.equal(client.recv(10), b"hello")
            client.close()


def chain(name):
    return hosts.run("nft", "-nn", "list", "chain", "inet", "lxd", name, check=False)


@daemon.ours
def test_nat():
    prerouting, output = (f"{way}.{BOX.full(NAME)}.d" for way in ("prert", "out"))
    port = free_port()
    PEER.api.sync("POST", "/1.0/networks", {"name": "natbr", "type": "bridge", "config": {
        "ipv4.address": "10.9.0.1/24", "ipv6.address": "none"}})
    nic = {"type": "nic", "network": "natbr", "name": "eth0", "ipv4.address": "10.9.0.2"}
    nat = {"type": "proxy", "listen": f"tcp:10.9.0.1:{port}", "connect": "tcp:10.9.0.2:4321",
           "nat": "true"}
    refused_devices = {"nic": nic, "d": {**nat, "connect": "tcp:10.9.0.3:4321"}}
    whole = BOX.show(NAME)
    whole["devices"] = refused_devices
    suite.contains(PEER.api.refusal("PUT", BOX.path(NAME), whole)[1],
                   'Connect IP "10.9.0.3" must be one of the instance\'s static IPv4 addresses')
    devices({"nic": nic, "d": nat})
    suite.equal(processes(), [])
    for name in (prerouting, output):
        suite.contains(chain(name)[1],
                       f"ip daddr 10.9.0.1 tcp dport {port} dnat ip to 10.9.0.2:4321")
    host_name = BOX.show(NAME)["config"]["volatile.nic.host_name"]
    with open(f"/sys/class/net/{host_name}/brport/hairpin_mode", encoding="ascii") as stream:
        suite.equal(stream.read().strip(), "1")
    # the wildcard takes the first address; without nat there are no rules
    devices({"nic": nic, "d": {**nat, "connect": "tcp:0.0.0.0:4322"}})
    suite.contains(chain(prerouting)[1], "dnat ip to 10.9.0.2:4322")
    devices({"nic": nic, "d": {**nat, "nat": "false"}})
    suite.true(chain(prerouting)[0] != 0, "the rules are gone")
    suite.equal(processes(), ["proxy.d"])
    devices({"nic": nic, "d": nat})
    BOX.state(NAME, "stop", force=True)
    suite.true(chain(prerouting)[0] != 0, "the rules end with the instance")
    BOX.state(NAME, "start")
    suite.true(chain(prerouting)[0] == 0, "and come with it")
    devices({})
    suite.true(chain(prerouting)[0] != 0, "the rules are gone")
    PEER.api.sync("DELETE", "/1.0/networks/natbr")


if __name__ == "__main__":
    hosts.enter()
    daemon.run_suite(globals(), "proxies ")
