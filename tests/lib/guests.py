"""What the network tests do inside containers of the busybox image."""
import suite

# Writes down what DHCP said, and follows it.
DHCP_SCRIPT = r"""#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip addr flush dev "$interface"
ip addr add "$ip/$mask" dev "$interface"
[ -z "$mtu" ] || ip link set "$interface" mtu "$mtu"
[ -z "$router" ] || ip route add default via "$router" dev "$interface"
mkdir -p /etc
echo "search $search $domain" >/etc/resolv.conf
for server in $dns; do echo "nameserver $server" >>/etc/resolv.conf; done
set >/tmp/dhcp
"""


def shell(machines, name, text, check=True):
    """The output of a script that runs inside."""
    code, out, errors = machines.run(name, "sh", "-c", text)
    if check and code != 0:
        raise suite.Failure(f"{text!r} in {name}: {code} {out} {errors}")
    return out


def dhcp(machines, name, interface="eth0"):
    """The IPv4 address that it gets."""
    shell(machines, name, f"cat >/dhcp-script <<'END'\n{DHCP_SCRIPT}END\nchmod 755 /dhcp-script")
    shell(machines, name, f"ip link set {interface} up; rm -f /tmp/dhcp; mkdir -p /tmp; "
          f"udhcpc -i {interface} -n -q -f -t 10 -T 1 -x hostname:$(hostname) -s /dhcp-script")
    return ipv4(machines, name, interface)


def ipv4(machines, name, interface="eth0"):
    out = shell(machines, name, f"ip -4 -o addr show {interface}")
    return out.split("inet ")[1].split("/")[0] if "inet " in out else None


def pings(machines, name, address, count=1):
    """Whether an answer comes."""
    return machines.run(name, "ping", "-c", str(count), "-W", "2", address)[0] == 0
