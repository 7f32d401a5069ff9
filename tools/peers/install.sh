#!/usr/bin/env bash
# Installs every peer that the interop tests talk to and prints their versions. Each is tried even if another fails;
# the exit code is 1 if any is missing. Idempotent: what the cache already holds is not fetched again.
here="$(cd "$(dirname "$0")" && pwd)"
. "$here/common.sh"

failed=()
for peer in debian postfix openssl36 thunderbird_nss bouncycastle m2crypto; do
    bash "$here/$peer.sh" || failed+=("$peer")
done
if ((${#failed[@]})); then
    note "not available: ${failed[*]}"
    exit 1
fi
note "wrappers in $BIN"
