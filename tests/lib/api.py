"""A raw client of the REST API over a unix socket: HTTP, operations, websockets, multipart.

It hides nothing: the tests look at status, headers and bodies as they come.
"""
import base64
import http.client
import json
import os
import socket
import struct
from dataclasses import dataclass, field


class ProtocolError(Exception):
    pass


class ApiError(Exception):
    def __init__(self, status, text, what):
        super().__init__(f"{what}: {status} {text}")
        self.status = status
        self.text = text


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=120):
        super().__init__("berth", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = connect(self.path, self.timeout)


def connect(path, timeout=120):
    """A connected unix socket."""
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    found.settimeout(timeout)
    found.connect(path)
    return found


@dataclass
class Response:
    status: int
    headers: dict
    body: bytes
    json: dict = field(default_factory=dict)

    @property
    def metadata(self):
        return self.json.get("metadata")

    @property
    def error(self):
        return self.json.get("error")


class Api:
    def __init__(self, path):
        self.path = path
        self.connection = None

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def request(self, method, path, body=None, headers=None):
        """One exchange. A dict or list is sent as JSON; the answer's JSON is parsed if it is any."""
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        for attempt in (1, 2):
            if self.connection is None:
                self.connection = UnixConnection(self.path)
            try:
                self.connection.request(method, path, body=body, headers=headers)
                answer = self.connection.getresponse()
                data = answer.read()
                break
            except (http.client.HTTPException, ConnectionError) as error:
                # a kept connection may have been closed by the other side meanwhile
                self.close()
                if attempt == 2:
                    raise ProtocolError(f"{method} {path}: {error!r}") from error
        response = Response(answer.status, {k.lower(): v for k, v in answer.getheaders()}, data)
        if answer.will_close:
            self.close()
        if data and response.headers.get("content-type", "").startswith("application/json"):
            try:
                response.json = json.loads(data)
            except ValueError as error:
                raise ProtocolError(f"{method} {path}: bad JSON: {data[:200]!r}") from error
        return response

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def sync(self, method, path, body=None, headers=None):
        """The metadata of a synchronous answer; raises ApiError otherwise."""
        response = self.request(method, path, body, headers)
        if response.status >= 400:
            raise ApiError(response.status, response.error or response.body[:300],
                           f"{method} {path}")
        return response.metadata

    def start(self, method, path, body=None, headers=None):
        """Starts an operation; its object."""
        response = self.request(method, path, body, headers)
        if response.status != 202:
            raise ApiError(response.status, response.error or response.body[:300],
                           f"{method} {path}")
        return response.metadata

    def wait(self, operation, seconds=60):
        """The finished operation; raises ApiError when it failed."""
        done = self.sync("GET", f"/1.0/operations/{operation['id']}/wait?timeout={seconds}")
        if done["status_code"] != 200:
            raise ApiError(done["status_code"], done["err"], f"operation {done['description']}")
        return done

    def operation(self, method, path, body=None, headers=None):
        return self.wait(self.start(method, path, body, headers))

    def refusal(self, method, path, body=None, headers=None):
        """(status, error text) of a request that fails, at once or in its operation."""
        response = self.request(method, path, body, headers)
        if response.status == 202:
            try:
                self.wait(response.metadata)
            except ApiError as error:
                return error.status, error.text
            return 200, ""
        return response.status, response.error

    def websocket(self, path, headers=None):
        return WebSocket(self.path, path, headers)


class WebSocket:
    """The client side of RFC 6455, blocking."""
    TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

    def __init__(self, socket_path, path, headers=None):
        self.socket = connect(socket_path, 60)
        key = base64.b64encode(os.urandom(16)).decode()
        head = {"Host": "berth", "Upgrade": "websocket", "Connection": "Upgrade",
                "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key, **(headers or {})}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        answer, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        self.status = int(answer.split(b" ")[1])
        if self.status != 101:
            raise ProtocolError(f"{path}: {answer.decode(errors='replace')} "
                                f"{self.buffer.decode(errors='replace')}")

    def more(self):
        data = self.socket.recv(65536)
        if not data:
            raise ProtocolError("the other side closed the connection")
        self.buffer += data

    def take(self, size):
        while len(self.buffer) < size:
            self.more()
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def send(self, data, kind=BINARY):
        if isinstance(data, str):
            data, kind = data.encode(), self.TEXT
        size = len(data)
        if size < 126:
            head = struct.pack("!BB", 0x80 | kind, 0x80 | size)
        elif size < 65536:
            head = struct.pack("!BBH", 0x80 | kind, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | kind, 0x80 | 127, size)
        mask = os.urandom(4)
        repeated = (mask * (size // 4 + 1))[:size]
        masked = (int.from_bytes(data, "big") ^ int.from_bytes(repeated, "big")) \
            .to_bytes(size, "big") if size else b""
        self.socket.sendall(head + mask + masked)

    def frame(self):
        first, second = self.take(2)
        size = second & 0x7f
        if size == 126:
            size = struct.unpack("!H", self.take(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", self.take(8))[0]
        return first & 0x80, first & 0x0f, self.take(size)

    def receive(self):
        """(kind, data) of the next message; kind CLOSE or None (connection gone) at the end."""
        whole, kind = b"", None
        try:
            while True:
                final, opcode, data = self.frame()
                if opcode == self.PING:
                    self.send(data, self.PONG)
                    continue
                if opcode == self.PONG:
                    continue
                if opcode == self.CLOSE:
                    return self.CLOSE, data
                kind = opcode or kind
                whole += data
                if final:
                    return kind, whole
        except (ProtocolError, ConnectionError):
            return None, b""

    def receive_json(self):
        kind, data = self.receive()
        if kind not in (self.TEXT, self.BINARY):
            raise ProtocolError("no message")
        return json.loads(data)

    def drain(self):
        """All data up to the end of the stream (an empty TEXT message or the close)."""
        whole = b""
        while True:
            kind, data = self.receive()
            if kind in (None, self.CLOSE) or (kind == self.TEXT and not data):
                return whole
            whole += data

    def close(self):
        try:
            self.send(struct.pack("!H", 1000), self.CLOSE)
        except OSError:
            pass
        self.socket.close()


def multipart(parts, boundary="berth-test-boundary"):
    """(headers, body) of a multipart/form-data upload; parts: (name, filename, data)."""
    body = b""
    for name, filename, data in parts:
        body += (f"--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"; "
                 f"filename=\"{filename}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
                 ).encode() + data + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    return {"Content-Type": f"multipart/form-data; boundary={boundary}"}, body
