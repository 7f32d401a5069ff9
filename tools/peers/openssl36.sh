#!/usr/bin/env bash
# A current OpenSSL beside the system's: Debian sid's packages, unpacked into the cache and run under their own loader.
# Writes the wrapper `openssl36`. Nothing is installed into the system.
. "$(dirname "$0")/common.sh"

root="$PEERS/openssl36"
wrapper="$BIN/openssl36"
lib="usr/lib/$(triplet)"
loader="ld-linux-x86-64.so.2"
[[ "$(uname -m)" == aarch64 ]] && loader="ld-linux-aarch64.so.1"

# The mirror and its key, as the machine's own sources name them.
mirror() {
    { cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null || true; } |
        grep -Eo 'https?://[^ ]*/debian/?( |$)' | head -1 | tr -d ' '
}

fetch() {
    work="$(mktemp -d "$PEERS/openssl36.XXXXXX")"
    trap 'rm -rf "$work"' EXIT
    mkdir -p "$work"/{state/lists/partial,cache/archives/partial,debs,root}
    local base; base="$(mirror)"
    printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s sid main\n' \
        "${base:-http://deb.debian.org/debian}" >"$work/sources.list"
    local apt=(-qq "-oDir::Etc::sourcelist=$work/sources.list" -oDir::Etc::sourceparts=- "-oDir::State=$work/state"
        "-oDir::Cache=$work/cache" -oAPT::Sandbox::User=root -oAcquire::Languages=none)
    apt-get "${apt[@]}" update >&2
    (cd "$work/debs" && apt-get "${apt[@]}" download openssl libssl3t64 libc6 libzstd1 zlib1g openssl-provider-legacy >&2)
    local deb
    for deb in "$work"/debs/*.deb; do dpkg -x "$deb" "$work/root"; done
    rm -rf "$root"
    mv "$work/root" "$root"
}

[[ -x "$root/usr/bin/openssl" ]] || fetch
[[ -e "$root/$lib/$loader" ]] || { note "openssl36: loader $loader not found in $root/$lib"; exit 1; }
write_wrapper "$wrapper" <<WRAPPER
#!/bin/sh
export OPENSSL_CONF=/dev/null OPENSSL_MODULES='$root/$lib/ossl-modules'
exec '$root/$lib/$loader' --library-path '$root/$lib' '$root/usr/bin/openssl' "\$@"
WRAPPER
note "openssl36: $("$wrapper" version)"
