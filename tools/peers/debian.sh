#!/usr/bin/env bash
# The peers that Debian ships: openssl (3.0), gpgsm, and NSS's cmsutil, certutil, pk12util.
# Installs what is missing when run as root; otherwise names it.
. "$(dirname "$0")/common.sh"

missing=()
command -v openssl >/dev/null || missing+=(openssl)
command -v gpgsm >/dev/null || missing+=(gpgsm gpg-agent)
command -v gpgconf >/dev/null || missing+=(gpgconf)
command -v certutil >/dev/null && command -v cmsutil >/dev/null || missing+=(libnss3-tools)

if ((${#missing[@]})); then
    if [[ "$(id -u)" != 0 ]] || ! command -v apt-get >/dev/null; then
        note "missing, and apt-get as root is needed: ${missing[*]}"
        exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update >&2 || note "apt-get update reported a fault; going on with what it has"
    apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
fi
note "$(openssl version)"
note "$(gpgsm --version | head -1)"
note "NSS $(dpkg-query -W -f '${Version}' libnss3 2>/dev/null || echo '(version unknown)')"
