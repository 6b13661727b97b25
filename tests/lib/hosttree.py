"""Trees that look like a host's /sys, /proc and /dev, from texts. One entry a line:

    path = text          a file; with the escapes of Python's texts
    path -> target       a link
    path c 189:1         a character device (b: a block device)
    path/                a directory
"""
import os
import stat


def make(root, text):
    for line in text.split("\n"):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        words = line.split(" ", 2)
        path = os.path.join(root, words[0].lstrip("/"))
        os.makedirs(path if len(words) == 1 else os.path.dirname(path), exist_ok=True)
        if len(words) == 1:
            continue
        value = words[2] if len(words) > 2 else ""
        if words[1] == "=":
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(value.encode().decode("unicode_escape") + "\n")
        elif words[1] == "->":
            if not os.path.lexists(path):
                os.symlink(value, path)
        else:
            major, minor = map(int, value.split(":"))
            kind = stat.S_IFBLK if words[1] == "b" else stat.S_IFCHR
            os.mknod(path, kind, os.makedev(major, minor))
            os.chmod(path, 0o664)


def usb(name, vendor, product, bus, number, serial="0001"):
    """A USB device with one CDC ACM interface, as the kernel lays it out below its port."""
    device = f"/sys/devices/pci0000:00/0000:00:14.0/usb{bus}/{name}"
    minor = (bus - 1) * 128 + number - 1
    node = f"bus/usb/{bus:03d}/{number:03d}"
    return f"""
{device}/idVendor = {vendor}
{device}/idProduct = {product}
{device}/serial = {serial}
{device}/busnum = {bus}
{device}/devnum = {number}
{device}/dev = 189:{minor}
{device}/uevent = MAJOR=189\\nMINOR={minor}\\nDEVNAME={node}\\nDEVTYPE=usb_device\\nDRIVER=usb
{device}/subsystem -> ../../../../../bus/usb
{device}/{name}:1.0/bInterfaceNumber = 00
{device}/{name}:1.0/uevent = DEVTYPE=usb_interface\\nDRIVER=cdc_acm
{device}/{name}:1.0/subsystem -> ../../../../../../bus/usb
{device}/{name}:1.0/tty/ttyACM{number}/dev = 166:{number}
{device}/{name}:1.0/tty/ttyACM{number}/uevent = MAJOR=166\\nMINOR={number}\\nDEVNAME=ttyACM{number}
{device}/{name}:1.0/tty/ttyACM{number}/subsystem -> ../../../../../../../../class/tty
/sys/bus/usb/devices/{name} -> ../../../devices/pci0000:00/0000:00:14.0/usb{bus}/{name}
/sys/bus/usb/devices/{name}:1.0 -> ../../../devices/pci0000:00/0000:00:14.0/usb{bus}/{name}/{name}:1.0
/sys/class/tty/
/dev/{node} c 189:{minor}
/dev/ttyACM{number} c 166:{number}
"""


def usb_event(action, name, vendor, product, bus, number):
    """What the kernel says when it comes or goes."""
    path = f"/devices/pci0000:00/0000:00:14.0/usb{bus}/{name}"
    minor = (bus - 1) * 128 + number - 1
    parts = [f"{action}@{path}", f"ACTION={action}", f"DEVPATH={path}", "SUBSYSTEM=usb",
             "MAJOR=189", f"MINOR={minor}", f"DEVNAME=bus/usb/{bus:03d}/{number:03d}",
             "DEVTYPE=usb_device", f"PRODUCT={vendor.lstrip('0')}/{product.lstrip('0')}/100",
             f"BUSNUM={bus:03d}", f"DEVNUM={number:03d}", "SEQNUM=4711"]
    return "".join(part + "\0" for part in parts).encode()
