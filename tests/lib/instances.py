"""Instances for the suites: one image that starts, short names for what is done often."""
import images


class Instances:
    """Creates and drives instances of one daemon; names get the daemon's prefix."""

    def __init__(self, peer):
        self.peer = peer
        self.api = peer.api

    def image(self):
        """Fingerprint of the busybox image, imported once."""
        for url in self.api.sync("GET", "/1.0/images/aliases"):
            if url.endswith("/busybox"):
                return self.api.sync("GET", url)["target"]
        done = self.api.operation("POST", "/1.0/images", images.busybox(),
                                  {"Content-Type": "application/octet-stream"})
        fingerprint = done["metadata"]["fingerprint"]
        self.api.sync("POST", "/1.0/images/aliases", {"name": "busybox", "target": fingerprint})
        return fingerprint

    def full(self, name):
        return self.peer.prefix + name

    def path(self, name, rest=""):
        return f"/1.0/instances/{self.peer.prefix}{name}{rest}"

    def create(self, name, **fields):
        source = fields.pop("source", None) or {"type": "image", "fingerprint": self.image()}
        return self.api.operation("POST", "/1.0/instances",
                                  {"name": self.full(name), "source": source, **fields})

    def state(self, name, action, force=False, timeout=30):
        return self.api.operation("PUT", self.path(name, "/state"),
                                  {"action": action, "force": force, "timeout": timeout})

    def launch(self, name, **fields):
        self.create(name, **fields)
        return self.state(name, "start")

    def show(self, name, recursion=0):
        return self.api.sync("GET", self.path(name, f"?recursion={recursion}"))

    def status(self, name):
        return self.show(name)["status"]

    def delete(self, name, force=False):
        if force and self.status(name) != "Stopped":
            self.state(name, "stop", force=True)
        return self.api.operation("DELETE", self.path(name))

    def run(self, name, *command, **fields):
        """Runs a command with recorded output: (exit code, stdout, stderr). A command that cannot
        be started is a failed operation, which has an exit code too."""
        started = self.api.start("POST", self.path(name, "/exec"), {
            "command": list(command), "wait-for-websocket": False, "interactive": False,
            "record-output": True, "environment": {}, **fields})
        done = self.api.sync("GET", f"/1.0/operations/{started['id']}/wait?timeout=60")
        outputs = [self.api.get(done["metadata"]["output"][fd]) for fd in ("1", "2")]
        for fd in ("1", "2"):
            self.api.sync("DELETE", done["metadata"]["output"][fd])
        return (done["metadata"]["return"], *(answer.body.decode() for answer in outputs))
