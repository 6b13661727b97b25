# Sourced by suites in shell: a daemon on a private directory, and results.
#
#   . tests/lib/daemon.sh
#   daemon_start                   sets BASE, DIRECTORY, PREFIX; exports what the clients look at
#   test_case NAME FUNCTION        runs FUNCTION in a subshell with set -eu; prints ok / not ok
#   suite_end                      stops the daemon, reports leftovers, ends with the result
#
# The trap stops the daemon when the suite dies.
set -eu

TOP=$(cd "$(dirname "$0")/../.." && pwd)
BERTH_BUILD=${BERTH_BUILD:-$TOP/build/test}
FAILED=0
BASE=

daemon_start() {
        BASE=$("$TOP/tests/lib/daemon.py" start)
        DIRECTORY=$BASE/state
        # the names of instances begin with this: leftovers are told by it
        PREFIX=$("$TOP/tests/lib/daemon.py" show "$BASE" | sed 's/.*"prefix": "\([^"]*\)".*/\1/')
        trap 'daemon_stop || true' EXIT
        trap 'exit 130' INT TERM
        export BERTH_BUILD BERTH_DIR="$DIRECTORY" LXD_DIR="$DIRECTORY"
        export BERTH_CONF="$BASE/conf" LXD_CONF="$BASE/conf" HOME="$BASE"
        PATH=$BERTH_BUILD:$PATH
}

daemon_stop() {
        [ -n "$BASE" ] || return 0
        stopping=$BASE
        BASE=
        "$TOP/tests/lib/daemon.py" stop "$stopping"
}

# What the function prints is shown only when it fails.
test_case() {
        name=$1
        shift
        output=$(mktemp)
        set +e
        (set -eu; "$@") >"$output" 2>&1 </dev/null
        code=$?
        set -e
        if [ "$code" -eq 0 ]; then
                echo "ok $name"
        else
                sed 's/^/#   /' "$output"
                echo "not ok $name"
                FAILED=1
        fi
        rm -f "$output"
}

skip_case() {
        echo "skip $1 # $2"
}

# expect_failure PATTERN COMMAND...: the command fails and says something that matches (any case).
expect_failure() {
        pattern=$1
        shift
        if said=$("$@" 2>&1); then
                echo "it should have failed: $*"
                return 1
        fi
        echo "$said" | grep -Eiq -- "$pattern" || {
                echo "it failed, but \"$pattern\" is not in what it said: $said"
                return 1
        }
}

# equal FOUND EXPECTED
equal() {
        [ "$1" = "$2" ] || {
                printf 'found:    %s\nexpected: %s\n' "$1" "$2"
                return 1
        }
}

suite_end() {
        test_case "nothing is left behind" daemon_stop
        BASE=
        exit "$FAILED"
}
