#!/usr/bin/env python3
"""Remotes over HTTPS with both clients: passwords, tokens, fingerprints, another server in the
middle; and `config trust`."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import daemon  # noqa: E402
import images  # noqa: E402
import suite  # noqa: E402
import tls  # noqa: E402

PEER = None
STATE = {}
CLIENTS = ("berth", "lxc")


def run(client, *arguments, home, check=True, given=""):
    """(exit code, output) of a client whose configuration is its own."""
    program = os.path.join(daemon.build_directory(), "berth") if client == "berth" else client
    conf = os.path.join(PEER.base, home)
    os.makedirs(conf, exist_ok=True)
    environment = {**PEER.environment(), "BERTH_CONF": conf, "LXD_CONF": conf}
    done = subprocess.run([program, *arguments], env=environment, input=given, text=True,
                          capture_output=True, timeout=60, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"{client} {arguments}: {done.stdout}{done.stderr}")
    return done.returncode, done.stdout + done.stderr


def test_listen():
    STATE["address"] = f"127.0.0.1:{tls.free_port()}"
    for key, value in (("core.https_address", STATE["address"]), ("core.trust_password", "sesame")):
        run("berth", "config", "set", key, value, home="local")


def test_password():
    for client in CLIENTS:
        add = (client, "remote", "add", "far", STATE["address"], "--accept-certificate")
        home = client + "-password"
        suite.equal(run(*add, "--password", "wrong", home=home, check=False)[0], 1)
        _, text = run(*add, "--password", "sesame", home=home)
        suite.matches(text, "Client certificate now trusted by server: far", "output")
        suite.matches(run(client, "remote", "list", home=home)[1], "far .*https://127.0.0.1",
                      "remotes")
        run(client, "list", "far:", home=home)


def test_configurations_are_the_same():
    """What one client wrote, the other one uses."""
    run("lxc", "info", "far:", home="berth-password")
    run("berth", "info", "far:", home="lxc-password")


def test_token():
    for maker in CLIENTS:
        for client in CLIENTS:
            home = f"{client}-token-{maker}"
            name = ("--name", home) if maker == "lxc" else (home,)
            token = run(maker, "config", "trust", "add", *name, home="local")[1]
            token = max(token.split(), key=len)
            suite.matches(run(maker, "config", "trust", "list-tokens", home="local")[1], home,
                          "tokens")
            run(client, "remote", "add", "far", token, home=home)
            suite.matches(run(client, "config", "trust", "list", "far:", home=home)[1],
                          home, "trusted clients")
            suite.equal(run(client, "remote", "add", "again", token, home=home + "-2",
                            check=False)[0], 1)


def test_revoked_token():
    token = run("berth", "config", "trust", "add", "gone", home="local")[1].split()[-1]
    run("berth", "config", "trust", "revoke-token", "gone", home="local")
    suite.equal(run("berth", "remote", "add", "far", token, home="gone", check=False)[0], 1)


def test_fingerprint_question():
    code, text = run("berth", "remote", "add", "far", STATE["address"], home="asked",
                     given="n\n", check=False)
    suite.equal(code, 1)
    suite.matches(text, "Certificate fingerprint: [0-9a-f]{64}", "question")
    run("berth", "remote", "add", "far", STATE["address"], home="asked", given="y\nsesame\n")


def test_switch_rename_remove():
    home = "berth-password"
    run("berth", "remote", "rename", "far", "distant", home=home)
    run("berth", "remote", "switch", "distant", home=home)
    suite.equal(run("berth", "remote", "get-default", home=home)[1], "distant\n")
    run("berth", "list", home=home)
    run("berth", "remote", "switch", "local", home=home)
    run("berth", "remote", "remove", "distant", home=home)
    suite.equal(os.listdir(os.path.join(PEER.base, home, "servercerts")), [])


def test_trust_edit_and_remove():
    pair = tls.make_certificate(PEER.base, "laptop")
    run("berth", "config", "trust", "add", pair[0], "--name", "laptop", home="local")
    client = tls.TlsApi(STATE["address"], pair)
    suite.equal(client.sync("GET", "/1.0")["auth"], "trusted")
    lines = run("berth", "config", "trust", "list", "--format", "csv", home="local")[1]
    found = [line.split(",")[3] for line in lines.splitlines() if ",laptop," in line]
    text = run("berth", "config", "trust", "show", found[0], home="local")[1]
    suite.matches(text, "restricted: false", "show")
    run("berth", "config", "trust", "edit", found[0], home="local",
        given=text.replace("restricted: false", "restricted: true"))
    suite.equal(client.get("/1.0/instances").status, 403)
    run("berth", "config", "trust", "remove", found[0], home="local")
    suite.equal(client.sync("GET", "/1.0")["auth"], "untrusted")


def test_launch_and_exec():
    run("berth", "image", "import", images.made("busybox", ".tar.gz"), "--alias", "remote-test", home="local")
    for client in CLIENTS:
        home, name = client + "-token-lxc", f"{PEER.prefix}{client}"
        run(client, "launch", "far:remote-test", "far:" + name, home=home)
        _, text = run(client, "exec", "far:" + name, "--", "sh", "-c", "cat; echo over wss",
                      home=home, given="hello\n")
        suite.equal(text, "hello\nover wss\n")
        path = os.path.join(PEER.base, "big")
        with open(path, "wb") as stream:
            stream.write(os.urandom(3 << 20))
        run(client, "file", "push", path, f"far:{name}/root/big", home=home)
        run(client, "file", "pull", f"far:{name}/root/big", path + ".back", home=home)
        with open(path, "rb") as one, open(path + ".back", "rb") as two:
            suite.equal(one.read() == two.read(), True)
        run(client, "delete", "-f", "far:" + name, home=home)


def test_another_server_is_noticed():
    """A certificate that is not the pinned one ends the talk."""
    for name in ("server.crt", "server.key"):
        os.unlink(os.path.join(PEER.directory, name))
    PEER.restart()
    code, text = run("berth", "list", "far:", home="berth-token-lxc", check=False)
    suite.equal(code, 1)
    suite.matches(text, "certificate is not the one", "error")
    shutil.rmtree(os.path.join(PEER.base, "asked"))
    PEER.purge_images()


if __name__ == "__main__":
    daemon.run_suite(globals(), "remote: ")
