#!/bin/sh
# The AppArmor profiles among the golden files are what the parser takes.
cd "$(dirname "$0")" || exit 1
parser=$(command -v apparmor_parser || command -v /usr/sbin/apparmor_parser)
for file in apparmor-*.profile; do
        name=${file%.profile}
        if [ -z "$parser" ]; then
                echo "skip $name # apparmor_parser is not installed"
        elif "$parser" -Q -K -S "$file" > /dev/null; then
                echo "ok $name"
        else
                echo "not ok $name"
                failed=1
        fi
done
exit "${failed:-0}"
