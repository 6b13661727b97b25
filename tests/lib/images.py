#!/usr/bin/env python3
"""Images for the tests: a busybox system that starts, small ones that only unpack, hostile ones."""
import bz2
import fcntl
import gzip
import io
import lzma
import os
import platform
import subprocess
import tarfile
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(TOP, "build/images")
METADATA = """architecture: {architecture}
creation_date: 1700000000
properties:
  description: {description}
  os: test
  release: "1"
templates:
  /etc/hostname:
    when: [create, copy, rename]
    template: hostname.tpl
"""


def made(system, suffix):
    """Path of an image of scripts/make-image, made once for all suites."""
    os.makedirs(FOLDER, exist_ok=True)
    path = os.path.join(FOLDER, system + suffix)
    with open(os.path.join(FOLDER, ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        script = os.path.join(TOP, "scripts/make-image")
        if not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(script):
            subprocess.run([script, system, path], check=True, stdout=subprocess.DEVNULL)
    return path


def busybox():
    """Bytes of a small image that starts."""
    with open(made("busybox", ".tar.gz"), "rb") as stream:
        return stream.read()


def debian_path():
    return made("debian", ".tar.zst")


def metadata(description="small", architecture=None):
    return METADATA.format(description=description,
                           architecture=architecture or platform.machine()).encode()


def entry(name, kind=tarfile.REGTYPE, **fields):
    found = tarfile.TarInfo(name)
    found.type, found.mode, found.mtime = kind, 0o644, 1700000000
    if kind == tarfile.DIRTYPE:
        found.mode = 0o755
    for field, value in fields.items():
        setattr(found, field, value)
    return found


def tarball(entries):
    """An uncompressed tarball of (TarInfo, bytes or None) pairs."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, data in entries:
            info.size = len(data) if data is not None else 0
            archive.addfile(info, io.BytesIO(data) if data is not None else None)
    return stream.getvalue()


def metadata_entries(description="small", **options):
    return [(entry("metadata.yaml"), metadata(description, **options)),
            (entry("templates", tarfile.DIRTYPE), None),
            (entry("templates/hostname.tpl"), b"{{ container.name }}\n")]


def root_entries(prefix="rootfs/"):
    return [(entry(prefix.rstrip("/") or ".", tarfile.DIRTYPE), None),
            (entry(prefix + "etc", tarfile.DIRTYPE), None),
            (entry(prefix + "etc/motd", uid=1000, gid=1001, mode=0o640), b"hello\n"),
            (entry(prefix + "bin", tarfile.DIRTYPE), None),
            (entry(prefix + "bin/link", tarfile.SYMTYPE, linkname="../etc/motd"), None)]


def small(description="small", extra=(), **options):
    """An uncompressed unified image without anything that could start."""
    return tarball(metadata_entries(description, **options) + root_entries() + list(extra))


def split(description="split"):
    """(metadata tarball, rootfs tarball)"""
    return tarball(metadata_entries(description)), tarball(root_entries(""))


def compressed(data, kind):
    """The data in one of LXD's formats."""
    if kind == "tar":
        return data
    if kind == "gz":
        return gzip.compress(data, mtime=0)
    if kind == "bz2":
        return bz2.compress(data)
    if kind == "xz":
        return lzma.compress(data)
    if kind == "lzma":
        return lzma.compress(data, format=lzma.FORMAT_ALONE)
    return subprocess.run(["zstd", "-q", "-c"], input=data, check=True,
                          stdout=subprocess.PIPE).stdout


def squashfs_root():
    """A squashfs file system with the small root."""
    with tempfile.TemporaryDirectory() as folder:
        tree = os.path.join(folder, "tree")
        with tarfile.open(fileobj=io.BytesIO(tarball(root_entries("")))) as archive:
            archive.extractall(tree)
        image = os.path.join(folder, "root.squashfs")
        subprocess.run(["mksquashfs", tree, image, "-quiet", "-no-progress"], check=True,
                       stdout=subprocess.DEVNULL)
        with open(image, "rb") as stream:
            return stream.read()


def bomb(mebibytes):
    """A unified image whose root is a file of zeros: small when sent, big when unpacked."""
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=9) as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for info, data in metadata_entries("bomb") + root_entries():
                info.size = len(data) if data is not None else 0
                archive.addfile(info, io.BytesIO(data) if data is not None else None)
            info = entry("rootfs/zeros", size=mebibytes << 20)
            archive.addfile(info, Zeros(mebibytes << 20))
    return stream.getvalue()


class Zeros(io.RawIOBase):
    """A stream of so many zero bytes."""

    def __init__(self, size):
        super().__init__()
        self.left = size

    def read(self, size=-1):
        count = self.left if size < 0 else min(size, self.left)
        self.left -= count
        return bytes(count)


def unique(word):
    """A description that makes an image's fingerprint new."""
    return f"{word} {time.monotonic_ns()}"


if __name__ == "__main__":
    made("busybox", ".tar.gz")
