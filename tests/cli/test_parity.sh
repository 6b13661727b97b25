#!/bin/sh
# The same words from lxc and from berth on one daemon: what scripts read has to be equal, byte for
# byte, and so do the exit codes. BERTH_TEST_PEER=lxd asks Debian's LXD, which serves every line.
. "$(dirname "$0")/../lib/daemon.sh"

if ! command -v lxc >/dev/null; then
        echo "skip parity # there is no lxc here"
        exit 0
fi

prepare() {
        "$TOP/tests/lib/images.py"
        berth image import "$TOP/build/images/busybox.tar.gz" --alias bb user.made=here
        berth profile create web
        berth profile set web user.x=y user.n=1
        berth profile device add web data disk source=/usr/share path=/mnt
        berth project create blue -c features.images=false
        berth init bb "${PREFIX}stopped" -p default -p web
        berth launch bb "${PREFIX}up" -c user.color=red
}

# parity WORDS...: both clients say the same and end with the same code.
parity() {
        berth "$@" >"$BASE/ours" 2>"$BASE/ours.err" </dev/null && ours=0 || ours=$?
        lxc "$@" >"$BASE/theirs" 2>"$BASE/theirs.err" </dev/null && theirs=0 || theirs=$?
        equal "$ours" "$theirs"
        diff "$BASE/theirs" "$BASE/ours"
}

# An endpoint that this daemon does not serve is no matter of the clients.
parity_if_served() {
        words=$1
        # shellcheck disable=SC2086
        if lxc $words 2>&1 </dev/null | grep -Eqx 'Error: (not found|.*missing the required.*)'; then
                skip_case "parity: $words" "not served here"
        else
                test_case "parity: $words" parity $words
        fi
}

daemon_start
test_case "parity: prepare" prepare
while read -r words; do
        parity_if_served "$(echo "$words" | sed "s/@/$PREFIX/g")" </dev/null
done <<'COMMANDS'
list
list -f csv
list -f compact
list -f yaml @stopped
list -f json @stopped
list -c 46abcdDelnPsStfF
list -c n,user.color:HUE:2,devices:data.path,config:image.os:OS
list --fast
list --all-projects
list status=stopped -f csv -c n
list user.color=red -f csv -c n
list u.c=red -f csv -c n
list nothing
list -c nz
list -c n,,s
list -f nothing
list nowhere:
info @stopped
info nothing
config show @stopped
config show @stopped --expanded
config get @up user.color
config get @up user.absent
config show
config metadata show @up
config template list @up
config template show @up hosts.tpl
config device list @stopped
config device get @stopped nothing path
profile list
profile list -f yaml
profile show web
profile get web user.x
profile show nothing
profile device show web
profile device list web
profile device get web data path
image list
image list -c lLfFpdasut
image list -f yaml
image list os=busybox -f csv
image show bb
image alias list
image get-property bb os
image show nothing
project list
project show blue
project info default
storage list
storage show default
storage info default
storage info nothing
storage volume list default
network list
operation show nothing
exec @up -- sh -c exit
exec @up -- false
exec @up -- /no/such
exec nothing -- true
exec @up -- cat /etc/hostname
file pull @up/etc/hostname -
file pull @up/no/such -
query /1.0/profiles
query --raw /1.0/profiles
query /1.0/nothing
start @up
stop @stopped
delete @up
remote get-default
COMMANDS
test_case "parity: clean up" berth delete --force "${PREFIX}up" "${PREFIX}stopped"
berth image delete bb
suite_end
