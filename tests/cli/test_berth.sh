#!/bin/sh
# Our own client: all that lxc does, and what is ours: help, completion, man pages, first words.
. "$(dirname "$0")/../lib/daemon.sh"
. "$(dirname "$0")/client.sh"

export CLI=berth

# Every command of the tables answers --help on stdout with code 0, at most 100 columns wide.
help_of_every_command() {
        berth manpage "$BASE/man"
        [ "$(ls "$BASE/man" | wc -l)" -gt 40 ]
        for page in "$BASE"/man/*; do
                # the line behind the heading has the words of the command
                words=$(sed -n '/^\.SH SYNOPSIS/{n;s/^\.B //;s/\\-/-/g;p}' "$page")
                said=$($words --help 2>"$BASE/errors") || { echo "$words --help failed"; return 1; }
                [ -n "$said" ] || { echo "$words --help is empty"; return 1; }
                equal "$(cat "$BASE/errors")" ""
                wide=$(echo "$said" | awk 'length($0) > 100' | head -n 1)
                equal "$wide" ""
        done
}

man_pages_are_valid() {
        berth manpage "$BASE/man"
        for page in "$BASE"/man/*; do
                head -n 5 "$page" | grep -q '^\.TH ' || { echo "$page has no heading"; return 1; }
        done
}

completion() {
        berth completion bash >"$BASE/completion.bash"
        bash -n "$BASE/completion.bash"
        berth completion zsh | grep compdef
}

completion_of_names() {
        berth completion bash >"$BASE/completion.bash"
        client launch bb "${PREFIX}z"
        found=$(bash -c '. "$1"; COMP_WORDS=(berth exec ""); COMP_CWORD=2; COMP_LINE="berth exec "
                COMP_POINT=${#COMP_LINE}
                function=$(complete -p berth | sed "s/.*-F \([^ ]*\).*/\1/")
                "$function" berth "" exec; printf "%s\n" "${COMPREPLY[@]}"' - "$BASE/completion.bash")
        echo "$found" | grep "^${PREFIX}z"
        client delete --force "${PREFIX}z"
}

usage_errors() {
        set +e
        berth nosuchcommand >"$BASE/out" 2>"$BASE/err"
        [ $? -ne 0 ] && [ ! -s "$BASE/out" ] && grep -i nosuchcommand "$BASE/err"
}

suggests_what_was_meant() {
        expect_failure "launch" berth lanuch bb x
        expect_failure "flag|option" berth list --fromat csv
        expect_failure "usage|argument|needs|missing|name an image" berth launch
}

alone_says_what_to_do_first() {
        berth 2>&1 | grep -i launch
}

no_daemon() {
        BERTH_DIR=$BASE/nowhere LXD_DIR=$BASE/nowhere \
                expect_failure "socket|daemon|connect" berth list
}

version() {
        berth version | grep -i client
        berth --version | grep -E '^[0-9]+\.'
}

colours_only_on_a_terminal() {
        ! berth list | grep "$(printf '\033')"
}

shell() {
        client launch bb "${PREFIX}s"
        { sleep 0.5; printf 'echo in-the-$((40+2))\nexit\n'; sleep 1; } |
                script -qec "berth shell ${PREFIX}s" /dev/null | grep in-the-42
        client delete --force "${PREFIX}s"
}

aliases() {
        berth alias add ls "list --format csv -c n"
        berth alias list --format csv | grep '^ls,'
        berth ls
        berth alias rename ls dir
        berth alias remove dir
}

remotes() {
        berth remote list --format csv | grep '^local'
        equal "$(berth remote get-default)" local
}

# own_cases [CASE...]: they need one image and nothing of each other.
own_cases() {
        "$TOP/tests/lib/images.py"
        client image import "$TOP/build/images/busybox.tar.gz" --alias bb
        for case in ${*:-help_of_every_command man_pages_are_valid completion completion_of_names \
                usage_errors suggests_what_was_meant alone_says_what_to_do_first no_daemon version \
                colours_only_on_a_terminal shell aliases remotes}; do
                test_case "berth: $(echo "$case" | tr _ ' ')" "$case"
        done
        client image delete bb
}

daemon_start
[ $# -gt 0 ] || client_cases
own_cases "$@"
suite_end
