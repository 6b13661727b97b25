"""Clients of the HTTPS listener: certificates made on the spot, and the raw API over TLS."""
import http.client
import os
import socket
import ssl
import subprocess

import api


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def make_certificate(directory, name):
    """(certificate file, key file) of a new client."""
    certificate = os.path.join(directory, name + ".crt")
    key = os.path.join(directory, name + ".key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-384", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


def base64_der(certificate):
    """What a body's "certificate" holds: PEM without its first and last line."""
    with open(certificate, encoding="ascii") as stream:
        return "".join(line.strip() for line in stream if "-----" not in line)


def context(pair=None, newest=ssl.TLSVersion.TLSv1_3):
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    found.check_hostname = False
    found.verify_mode = ssl.CERT_NONE
    found.maximum_version = newest
    if pair:
        found.load_cert_chain(*pair)
    return found


class TlsApi(api.Api):
    """The same requests as over the socket; `pair` None shows no certificate."""

    def __init__(self, address, pair=None):
        super().__init__(None)
        host, _, port = address.rpartition(":")
        self.host, self.port, self.pair = host.strip("[]"), int(port), pair

    def request(self, method, path, body=None, headers=None):
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(self.host, self.port, timeout=30,
                                                          context=context(self.pair))
        return super().request(method, path, body, headers)
