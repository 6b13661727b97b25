"""A tree as text, to compare what two hosts have: kinds, owners, modes, times, xattrs, links,
contents."""
import hashlib
import os
import stat
import struct


def acl(*entries):
    """A system.posix_acl_access value of (tag, permissions, id) entries."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def fill(root):
    """Makes below `root` what a copy may lose."""
    def path(name):
        return os.path.join(root, name)

    os.makedirs(path("data/deep/er"))
    for name, size in (("data/empty", 0), ("data/small", 10), ("data/big", 3 << 20)):
        with open(path(name), "wb") as stream:
            stream.write(os.urandom(size))
    with open(path("data/holes"), "wb") as stream:
        stream.seek(5 << 20)
        stream.write(b"end")
        stream.truncate(9 << 20)
    os.link(path("data/small"), path("data/deep/same"))
    os.symlink("../../outside", path("data/deep/link"))
    os.mkfifo(path("data/fifo"))
    os.mknod(path("data/null"), 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    os.setxattr(path("data/big"), "user.colour", b"blue\0green")
    os.setxattr(path("data/deep"), "trusted.note", b"kept")
    os.setxattr(path("data/small"), "security.capability",
                struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0))
    os.setxattr(path("data/big"), "system.posix_acl_access",
                acl((1, 6, 0xffffffff), (2, 4, 1234), (4, 4, 0xffffffff), (16, 6, 0xffffffff),
                    (32, 0, 0xffffffff)))
    os.chown(path("data/big"), 1000, 1001)
    os.chown(path("data/deep/link"), 7, 8, follow_symlinks=False)
    os.chmod(path("data/empty"), 0o6755)
    os.chmod(path("data/deep"), 0o1770)
    for number, name in enumerate(("data/big", "data/deep/link", "data/fifo", "data/deep", "data")):
        os.utime(path(name), ns=(1600000000123456789 + number, 1500000000987654321 + number),
                 follow_symlinks=False)


def describe(root, acls=True, hard_links=True):
    """Sorted lines, one an entry."""
    lines, inodes = [], {}
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in [*folders, *files] + (["."] if folder == root else []):
            path = os.path.join(folder, name)
            lines.append((os.path.relpath(path, root), path))
    lines.sort()
    return [line(name, path, inodes, acls, hard_links) for name, path in lines]


def line(name, path, inodes, acls, hard_links):
    info = os.lstat(path)
    kind = stat.S_IFMT(info.st_mode)
    xattrs = {key: os.getxattr(path, key, follow_symlinks=False).hex()
              for key in sorted(os.listxattr(path, follow_symlinks=False))
              if acls or not key.startswith("system.")}
    content = ""
    if kind == stat.S_IFREG:
        with open(path, "rb") as stream:
            content = hashlib.sha256(stream.read()).hexdigest()[:16]
    elif kind == stat.S_IFLNK:
        content = os.readlink(path)
    elif kind in (stat.S_IFCHR, stat.S_IFBLK):
        content = str(info.st_rdev)
    first = ""
    if hard_links and kind == stat.S_IFREG and info.st_nlink > 1:
        first = inodes.setdefault(info.st_ino, name)
    return (f"{name} {info.st_mode:o} {info.st_uid}:{info.st_gid} {info.st_mtime_ns} "
            f"{info.st_size if kind == stat.S_IFREG else 0} {content} {xattrs} {first}")
