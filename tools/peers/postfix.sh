#!/usr/bin/env bash
# Postfix, for the tests of transport. Only its programs: the tests start an instance of their own, on loopback, with its
# own directories, and stop it; the machine's service is never started.
. "$(dirname "$0")/common.sh"

if ! command -v postfix >/dev/null && [[ ! -x /usr/sbin/postfix ]]; then
    if [[ "$(id -u)" != 0 ]] || ! command -v apt-get >/dev/null; then
        note "missing, and apt-get as root is needed: postfix"
        exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    # Debian's package would start the service: this keeps it from doing so in a container without init as well.
    policy=/usr/sbin/policy-rc.d
    [[ -e "$policy" ]] || { printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && trap 'rm -f "$policy"' EXIT; }
    echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
    apt-get -qq install -y --no-install-recommends postfix >/dev/null ||
        { apt-get -qq update >&2 && apt-get -qq install -y --no-install-recommends postfix >/dev/null; }
fi
note "Postfix $(dpkg-query -W -f '${Version}' postfix 2>/dev/null || echo '(version unknown)')"
