#!/usr/bin/env bash
# Thunderbird's own NSS: the libraries of the thunderbird package, driven by Debian's cmsutil, certutil and pk12util.
# Writes the wrappers tb-cmsutil, tb-certutil, tb-pk12util. Thunderbird itself is not installed.
. "$(dirname "$0")/common.sh"

root="$PEERS/thunderbird"
libs="$root/usr/lib/thunderbird"

fetch() {
    work="$(mktemp -d "$PEERS/thunderbird.XXXXXX")"
    trap 'rm -rf "$work"' EXIT
    chmod 755 "$work"
    if ! (cd "$work" && apt-get -qq download thunderbird >&2); then
        apt-get -qq update >&2 || note "apt-get update reported a fault; going on with what it has"
        (cd "$work" && apt-get -qq download thunderbird >&2)
    fi
    dpkg -x "$work"/thunderbird_*.deb "$work/root"
    # Only NSS and NSPR are needed; the rest is 200 MB.
    find "$work/root" -type f ! -name 'libnss*' ! -name 'libsmime3*' ! -name 'libssl3*' ! -name 'libsoftokn3*' \
        ! -name 'libfreebl*' ! -name 'libnspr4*' ! -name 'libpl[cd]s*' ! -name 'libmozsqlite3*' ! -name 'libmozglue*' \
        ! -name 'libgkcodecs*' ! -name 'application.ini' -delete
    find "$work/root" -type l ! -lname 'lib*' -delete
    ls "$work"/thunderbird_*.deb | sed 's/.*thunderbird_//; s/_.*//; s/%3a/:/' >"$work/root/version"
    rm -rf "$root"
    mv "$work/root" "$root"
}

[[ -s "$root/version" ]] || fetch
for tool in cmsutil certutil pk12util; do
    real="$(command -v "$tool")" || { note "thunderbird: $tool of libnss3-tools is missing"; exit 1; }
    write_wrapper "$BIN/tb-$tool" <<WRAPPER
#!/bin/sh
export LD_LIBRARY_PATH='$libs'
exec '$real' "\$@"
WRAPPER
done
# cut short by `head`, grep would fail the pipe; so it reads all of it
nss="$(strings -a "$libs/libnss3.so" 2>/dev/null | grep -Eo 'Version: NSS [0-9.]+' || true)"
note "Thunderbird $(cat "$root/version"), ${nss:-NSS of unstated version}"
