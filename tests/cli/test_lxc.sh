#!/bin/sh
# The unmodified lxc of Debian against our daemon.
. "$(dirname "$0")/../lib/daemon.sh"
. "$(dirname "$0")/client.sh"

# The client's own first connection makes a key pair; that is no part of a test.
export CLI=lxc
daemon_start
client_cases
suite_end
