#!/bin/sh
# The help of all commands, and what berth says alone, are as in cli-help.txt; "--update" rewrites
# it. A change of an option or an argument is thereby seen in review.
set -eu
TOP=$(cd "$(dirname "$0")/../.." && pwd)
PATH=${BERTH_BUILD:-$TOP/build/test}/src/cli:${BERTH_BUILD:-$TOP/build/test}:$PATH
GOLDEN=$TOP/tests/golden/cli-help.txt
OUTPUT=$(mktemp)
trap 'rm -f "$OUTPUT"' EXIT
export BERTH_CONF=/nonexistent

berth >"$OUTPUT"
echo >>"$OUTPUT"
berth --help --all --sub-commands >>"$OUTPUT"
[ "${1:-}" != --update ] || cp "$OUTPUT" "$GOLDEN"
if diff -u "$GOLDEN" "$OUTPUT" | sed 's/^/# /' | head -n 100 && cmp -s "$GOLDEN" "$OUTPUT"; then
        echo "ok help of all commands"
else
        echo "not ok help of all commands"
        exit 1
fi
