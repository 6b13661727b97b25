# What both clients, the unmodified lxc and berth, do alike against one daemon. Sourced after
# tests/lib/daemon.sh by suites that set CLI to the client's name.

client() {
        timeout 120 "$CLI" "$@"
}

# The client on a terminal, as a person has it; its output without carriage returns. The input
# stays open for a while: its end would reach the command as ctrl-D.
on_terminal() {
        sleep 1 | script -qec "$CLI $*" /dev/null | tr -d '\r'
}

image_import() {
        client image import "$TOP/build/images/busybox.tar.gz" --alias bb user.made=here
        client image list --format csv | grep '^bb,'
        client image show bb | grep 'user.made: here'
        equal "$(client image alias list --format csv | cut -d, -f1)" bb
}

image_import_again() {
        expect_failure "same fingerprint|already exists" \
                "$CLI" image import "$TOP/build/images/busybox.tar.gz"
}

image_export() {
        mkdir "$BASE/exported"
        client image export bb "$BASE/exported/image"
        cmp "$BASE/exported"/* "$TOP/build/images/busybox.tar.gz"
}

image_alias() {
        fingerprint=$(client image info bb | sed -n 's/^Fingerprint: //p')
        equal "$(client image list --format csv -c F | head -n 1)" "$fingerprint"
        client image alias create other "$fingerprint"
        client image alias rename other another
        client image alias delete another
}

launch() {
        client launch bb "${PREFIX}c" -c user.color=red
        equal "$(client list --format csv -c ns)" "${PREFIX}c,RUNNING"
        equal "$(client config get "${PREFIX}c" user.color)" red
}

launch_taken_name() {
        expect_failure "already exists" "$CLI" launch bb "${PREFIX}c"
}

launch_missing_image() {
        expect_failure "not found|no.*image|couldn't find|Failed" "$CLI" launch nowhere x
        equal "$(client list --format csv -c n)" "${PREFIX}c"
}

list_formats() {
        client list | grep -E "\| +${PREFIX}c +\| RUNNING \|"
        client list --format compact | grep -E "${PREFIX}c +RUNNING"
        client list --format json | python3 -c 'import json, sys
found = json.load(sys.stdin)
assert found[0]["status"] == "Running" and found[0]["state"]["pid"] > 0, found'
        client list --format yaml | grep "name: ${PREFIX}c"
        equal "$(client list --format csv -c n user.color=red)" "${PREFIX}c"
        equal "$(client list --format csv -c n user.color=blue)" ""
        equal "$(client list --format csv -c n "^${PREFIX}c\$")" "${PREFIX}c"
        equal "$(client list --format csv -c n status=running)" "${PREFIX}c"
        equal "$(client list --format csv -c user.color,n)" "red,${PREFIX}c"
}

# Every column can be asked for and has a heading.
list_columns() {
        client list -c 46abdDlmMnNpPsStu | head -n 2 | tail -n 1 | grep NAME
        expect_failure "unknown column" "$CLI" list -c Q
}

info() {
        said=$(client info "${PREFIX}c")
        for line in "Name: ${PREFIX}c" "Status: RUNNING" "Type: container" "PID: " "Processes: "; do
                echo "$said" | grep "$line"
        done
        client info | grep 'server_pid:'
        client info --resources >/dev/null || true
}

exec_codes() {
        equal "$(client exec "${PREFIX}c" -- echo one two)" "one two"
        set +e
        client exec "${PREFIX}c" -- sh -c 'exit 42'
        equal "$?" 42
        client exec "${PREFIX}c" -- /no/such
        equal "$?" 127
        set -e
}

exec_streams() {
        equal "$(client exec "${PREFIX}c" -- sh -c 'echo out; echo err >&2' 2>/dev/null)" out
        equal "$(echo hello | client exec "${PREFIX}c" -- cat)" hello
        equal "$(head -c 300000 /dev/zero | client exec "${PREFIX}c" -- wc -c)" 300000
}

exec_options() {
        equal "$(client exec "${PREFIX}c" --env A=b --cwd /tmp --user 7 --group 8 -- \
                 sh -c 'echo $A $(pwd) $(id -u) $(id -g)')" "b /tmp 7 8"
}

exec_terminal() {
        on_terminal exec "${PREFIX}c" -- sh -c "'tty; echo done'" | grep '^/dev/'
        equal "$(client exec "${PREFIX}c" -T -- sh -c 'test -t 0 || echo none')" none
}

files() {
        mkdir -p "$BASE/tree/sub"
        echo one >"$BASE/tree/a"
        echo two >"$BASE/tree/sub/b"
        chmod 640 "$BASE/tree/sub/b"
        ln -s a "$BASE/tree/link"
        client file push "$BASE/tree/a" "${PREFIX}c/root/a" --mode 0600 --uid 3 --gid 4
        equal "$(client exec "${PREFIX}c" -- stat -c '%a %u %g' /root/a)" "600 3 4"
        equal "$(client file pull "${PREFIX}c/root/a" -)" one
        client file push -r "$BASE/tree" "${PREFIX}c/root"
        equal "$(client exec "${PREFIX}c" -- cat /root/tree/sub/b)" two
        equal "$(client exec "${PREFIX}c" -- readlink /root/tree/link)" a
        mkdir "$BASE/back"
        client file pull -r "${PREFIX}c/root/tree" "$BASE/back"
        diff -r --exclude=link "$BASE/tree" "$BASE/back/tree"
        [ -L "$BASE/back/tree/link" ]
        echo through | client file push - "${PREFIX}c/root/stdin"
        equal "$(client file pull "${PREFIX}c/root/stdin" -)" through
        client exec "${PREFIX}c" -- sh -c 'ln -s stdin /root/near; ln -s /root/near /root/far'
        equal "$(client file pull "${PREFIX}c/root/far" -)" through
        client file push -p "$BASE/tree/a" "${PREFIX}c/root/deep/er/a"
        client file delete "${PREFIX}c/root/a"
        expect_failure "not found" "$CLI" file pull "${PREFIX}c/root/a" -
        rm -rf "$BASE/tree" "$BASE/back"
}

config() {
        client config set "${PREFIX}c" user.one=1 user.two=2
        equal "$(client config get "${PREFIX}c" user.two)" 2
        client config unset "${PREFIX}c" user.two
        equal "$(client config get "${PREFIX}c" user.two)" ""
        client config show "${PREFIX}c" | sed 's/user.one: .*/user.one: edited/' |
                client config edit "${PREFIX}c"
        equal "$(client config get "${PREFIX}c" user.one)" edited
        client config show "${PREFIX}c" --expanded | grep 'pool: default'
        expect_failure "unknown configuration key|no.such" \
                "$CLI" config set "${PREFIX}c" no.such=1
}

devices() {
        mkdir -p "$BASE/shared"
        client config device add "${PREFIX}c" data disk source="$BASE/shared" path=/mnt/data
        client exec "${PREFIX}c" -- grep /mnt/data /proc/mounts
        equal "$(client config device list "${PREFIX}c")" data
        equal "$(client config device get "${PREFIX}c" data path)" /mnt/data
        client config device show "${PREFIX}c" | grep 'type: disk'
        client config device remove "${PREFIX}c" data
        ! client exec "${PREFIX}c" -- grep /mnt/data /proc/mounts
}

# The mount goes away with the command, whichever way it ends.
file_mount() {
        mkdir "$BASE/mounted"
        client exec "${PREFIX}c" -- sh -c 'mkdir /root/m; echo inside >/root/m/a'
        client file mount "${PREFIX}c/root/m" "$BASE/mounted" >"$BASE/mount.log" 2>&1 &
        mounting=$!
        for _ in $(seq 100); do
                [ ! -e "$BASE/mounted/a" ] || break
                sleep 0.1
        done
        equal "$(cat "$BASE/mounted/a")" inside
        echo outside >"$BASE/mounted/b"
        equal "$(client exec "${PREFIX}c" -- cat /root/m/b)" outside
        fusermount3 -u "$BASE/mounted"
        wait "$mounting"
        rmdir "$BASE/mounted"
}

profiles() {
        client profile create web
        client profile set web user.profile=yes
        client profile device add web data disk source=/usr/share path=/mnt
        client profile show web | grep 'user.profile: "yes"'
        client profile list --format csv | grep '^web,'
        client profile add "${PREFIX}c" web
        client config show "${PREFIX}c" --expanded | grep 'user.profile: "yes"'
        expect_failure "in use" "$CLI" profile delete web
        client profile remove "${PREFIX}c" web
        client profile copy web other
        client profile rename other third
        client profile delete third
        client profile show web | sed 's/^description:.*/description: edited/' |
                client profile edit web
        client profile show web | grep 'description: edited'
        client profile delete web
}

projects() {
        client project create blue -c features.images=false -c features.profiles=false
        client project list --format csv | grep '^blue'
        client --project blue launch bb "${PREFIX}p"
        equal "$(client --project blue list --format csv -c n)" "${PREFIX}p"
        equal "$(client list --format csv -c n)" "${PREFIX}c"
        client list --all-projects --format csv -c en | grep "blue,${PREFIX}p"
        client project switch blue
        equal "$(client list --format csv -c n)" "${PREFIX}p"
        client project switch default
        client --project blue delete --force "${PREFIX}p"
        client project delete blue
}

storage() {
        client storage list --format csv | grep '^default,dir'
        client storage show default | grep 'driver: dir'
        client storage info default | grep -i 'total space'
        client storage create second dir
        client storage set second user.x=y
        equal "$(client storage get second user.x)" y
        client storage delete second
}

volumes() {
        client storage volume create default data user.a=1 --type filesystem
        equal "$(client storage volume get default data user.a)" 1
        client storage volume set default data user.b=2
        client storage volume unset default data user.a
        client storage volume show default data | sed 's/^description:.*/description: edited/' |
                client storage volume edit default data
        client storage volume show default data | grep 'description: edited'
        client storage volume show default data | grep 'user.b: "2"'
        client storage volume list default --format csv | grep '^custom,data,edited,filesystem,0'
        client storage volume info default data | grep 'Name: data'
        client storage volume attach default data "${PREFIX}c" /mnt/data
        client exec "${PREFIX}c" -- sh -c 'echo one >/mnt/data/file'
        expect_failure "still in use" "$CLI" storage volume delete default data
        client storage volume snapshot default data first
        client exec "${PREFIX}c" -- sh -c 'echo two >/mnt/data/file'
        client storage volume detach default data "${PREFIX}c"
        expect_failure "No device found|no such file" "$CLI" storage volume detach default data "${PREFIX}c"
        client storage volume restore default data first
        client storage volume attach default data "${PREFIX}c" /mnt/data
        equal "$(client exec "${PREFIX}c" -- cat /mnt/data/file)" one
        client storage volume detach default data "${PREFIX}c"
}

volume_copies() {
        client storage create second dir
        client storage volume copy default/data second/copy
        client storage volume list second --format csv | grep '^custom (snapshot),copy/first'
        client storage volume move second/copy default/moved
        client storage volume rename default moved renamed
        client storage volume delete default renamed/first
        client storage volume copy default/data default/renamed --refresh
        client storage volume show default renamed/first | grep 'name: first'
        client storage volume export default renamed "$BASE/volume.tar.gz"
        client storage volume delete default renamed
        client storage volume import default "$BASE/volume.tar.gz"
        client storage volume show default renamed | grep 'user.b: "2"'
        client profile create volumes
        client storage volume attach-profile default renamed volumes /srv/v
        client profile device get volumes renamed path | grep /srv/v
        client storage volume detach-profile default renamed volumes
        client profile delete volumes
        client storage volume delete default renamed
        client storage volume delete default data
        client storage delete second
        equal "$(client storage volume list default --format csv | grep ^custom)" ""
}

monitor() {
        client monitor --type lifecycle --format json >"$BASE/events" &
        watcher=$!
        sleep 1
        client config set "${PREFIX}c" user.seen=1
        for _ in $(seq 50); do
                ! grep -q instance-updated "$BASE/events" || break
                sleep 0.1
        done
        kill "$watcher"
        grep instance-updated "$BASE/events"
}

query() {
        client query /1.0 | grep '"api_version": "1.0"'
        client query -X PATCH -d '{"config": {"user.q": "1"}}' "/1.0/instances/${PREFIX}c"
        equal "$(client config get "${PREFIX}c" user.q)" 1
        client query --wait -X PUT -d '{"action": "freeze"}' "/1.0/instances/${PREFIX}c/state" >/dev/null
        client query --wait -X PUT -d '{"action": "unfreeze"}' "/1.0/instances/${PREFIX}c/state" >/dev/null
        expect_failure "not found" "$CLI" query /1.0/nothing
}

operations() {
        client operation list --format csv
}

pause_and_restart() {
        client pause "${PREFIX}c"
        equal "$(client list --format csv -c s)" FROZEN
        client start "${PREFIX}c"
        client restart "${PREFIX}c" --force
        equal "$(client list --format csv -c s)" RUNNING
}

rename() {
        expect_failure "running" "$CLI" rename "${PREFIX}c" "${PREFIX}d"
        client stop "${PREFIX}c"
        client rename "${PREFIX}c" "${PREFIX}d"
        client start "${PREFIX}d"
        equal "$(client exec "${PREFIX}d" -- hostname)" "${PREFIX}d"
}

console_log() {
        client exec "${PREFIX}d" -- sh -c 'echo for-the-log >/dev/console'
        sleep 0.5
        client console "${PREFIX}d" --show-log | grep for-the-log
}

delete() {
        expect_failure "running" "$CLI" delete "${PREFIX}d"
        client stop "${PREFIX}d" --force
        expect_failure "already stopped|not running" "$CLI" stop "${PREFIX}d"
        client delete "${PREFIX}d"
        equal "$(client list --format csv)" ""
        expect_failure "not found" "$CLI" delete "${PREFIX}d"
}

image_delete() {
        client image delete bb
        equal "$(client image list --format csv)" ""
}

# What a client does from first to last: each case stands on those before it.
client_cases() {
        "$TOP/tests/lib/images.py"
        for case in image_import image_import_again image_export image_alias launch \
                launch_taken_name launch_missing_image list_formats list_columns info exec_codes \
                exec_streams exec_options exec_terminal files file_mount config devices profiles projects \
                storage volumes volume_copies monitor query operations pause_and_restart rename console_log delete \
                image_delete; do
                test_case "$CLI: $(echo "$case" | tr _ ' ')" "$case"
        done
}
