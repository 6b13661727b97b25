"""Trees with everything that a file system can hold, and what is compared of them."""
import hashlib
import os
import socket
import stat
import struct

ACL = "system.posix_acl_access"
CAPS = "security.capability"


def acl(base, user):
    """u::rwx,u:USER:r--,g::r-x,m::r-x,o::---"""
    none = 0xffffffff
    entries = [(1, 7, none), (2, 4, base + user), (4, 5, none), (16, 5, none), (32, 0, none)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def file_caps(base):
    """cap_net_raw=ep; in a user namespace it names the root it holds for."""
    words = struct.pack("<IIII", 1 << 13, 0, 0, 0)
    if base == 0:
        return struct.pack("<I", 0x02000001) + words
    return struct.pack("<I", 0x03000001) + words + struct.pack("<I", base)


def write(path, data, mode=0o644):
    with open(path, "wb") as stream:
        stream.write(data)
    os.chmod(path, mode)


def fill(top, base=0, devices=True):
    """Below `top`; owners count from `base`."""
    top = os.fsencode(top)
    os.mkdir(top)

    def at(name):
        return os.path.join(top, name if isinstance(name, bytes) else name.encode())

    write(at("plain"), b"content\n" * 1000, 0o640)
    write(at("empty"), b"")
    write(at("setuid"), b"#!\n", 0o4755)
    os.link(at("plain"), at("hard one"))
    os.mkdir(at("folder"), 0o1777)
    os.chmod(at("folder"), 0o1777)
    os.link(at("plain"), at("folder/hard two"))
    os.symlink("../plain", at("folder/link"))
    os.symlink("/nowhere/at all", at("dangling"))
    os.mkfifo(at("fifo"), 0o620)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(at("socket"))
    listener.close()
    if devices:
        os.mknod(at("null"), stat.S_IFCHR | 0o666, os.makedev(1, 3))
    with open(at("sparse"), "wb") as stream:
        stream.truncate(64 << 20)
        stream.seek(32 << 20)
        stream.write(b"in the middle")
    write(at("x" * 255), b"long name")
    write(at(b"\xff\xfe not utf-8"), b"bytes")
    write(at("new\nline \"quoted\" $x"), b"odd")
    deep = at("deep")
    for _ in range(30):
        os.mkdir(deep)
        deep = os.path.join(deep, b"d" * 50)
    write(at("xattrs"), b"x")
    os.setxattr(at("xattrs"), "user.note", b"\0binary\xff")
    os.setxattr(at("folder"), "user.folder", b"y")
    write(at("acl"), b"a")
    os.setxattr(at("acl"), ACL, acl(base, 33))
    write(at("caps"), b"c", 0o755)
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            owner = 1000 if name == b"plain" else 0
            os.chown(path, base + owner, base + owner, follow_symlinks=False)
    os.chmod(at("setuid"), 0o4755)  # chown takes it away
    os.setxattr(at("caps"), CAPS, file_caps(base))
    os.utime(at("plain"), ns=(1_500_000_000_123_456_789, 1_600_000_000_987_654_321))
    os.utime(at("dangling"), ns=(1, 1_400_000_000_000_000_001), follow_symlinks=False)
    os.utime(at("folder"), ns=(1, 1_300_000_000_000_000_001))
    os.chown(top, base, base)


def xattrs(path, base):
    found = {}
    for name in os.listxattr(path, follow_symlinks=False):
        if name.startswith("trusted.overlay."):
            continue
        value = os.getxattr(path, name, follow_symlinks=False)
        if name == ACL:
            value = value.replace(struct.pack("<I", base + 33), b"user")
        if name == CAPS:
            value = value[4:20]  # what it gives; not for which root
        found[name] = value
    return found


def manifest(top, base=0, times=True):
    """name -> what is compared, owners relative to `base`."""
    top = os.fsencode(top)
    found, links = {}, {}
    for folder, folders, files in os.walk(top):
        for name in [b"."] + folders + files:
            path = os.path.join(folder, name)
            info = os.lstat(path)
            kind = stat.S_IFMT(info.st_mode)
            key = os.path.relpath(path, top)
            row = [oct(info.st_mode), info.st_uid - base, info.st_gid - base]
            if times and kind != stat.S_IFSOCK:
                row.append(info.st_mtime_ns)
            if kind == stat.S_IFREG:
                with open(path, "rb") as stream:
                    row += [info.st_size, hashlib.sha256(stream.read()).hexdigest()]
                if info.st_size > 1 << 20:
                    row.append("sparse" if info.st_blocks * 512 < info.st_size / 2 else "full")
                if info.st_nlink > 1:
                    links.setdefault(info.st_ino, []).append(key)
            elif kind == stat.S_IFLNK:
                row.append(os.readlink(path))
            elif kind in (stat.S_IFCHR, stat.S_IFBLK):
                row.append(info.st_rdev)
            if kind != stat.S_IFLNK:
                row.append(xattrs(path, base))
            found[key] = row
    groups = sorted(sorted(set(names)) for names in links.values())
    found["hard links"] = [group for group in groups if len(group) > 1]
    return found


def difference(one, other):
    """Text of what differs, "" when nothing does."""
    lines = [f"{name!r}: {one.get(name)} != {other.get(name)}"
             for name in sorted(set(one) | set(other), key=str) if one.get(name) != other.get(name)]
    return "\n".join(lines[:5])
