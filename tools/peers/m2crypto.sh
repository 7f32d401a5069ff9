#!/usr/bin/env bash
# M2Crypto, built from PyPI's source into an environment of its own in the cache, against the system's OpenSSL.
# Writes the wrapper m2crypto-python: the Python that has it.
. "$(dirname "$0")/common.sh"

root="$PEERS/m2crypto"
version=0.51.0

build() {
    rm -rf "$root"
    python3 -m venv "$root"
    # Its build finds swig only outside of pip's isolation.
    "$root/bin/pip" install --quiet --disable-pip-version-check setuptools wheel swig==4.5.1
    PATH="$root/bin:$PATH" "$root/bin/pip" install --quiet --disable-pip-version-check --no-build-isolation \
        "M2Crypto==$version" >&2
}

have() { "$root/bin/python" -c 'import M2Crypto; print(M2Crypto.__version__)' 2>/dev/null || true; }

if [[ "$(have)" != "$version" ]]; then
    if [[ ! -e /usr/include/openssl/ssl.h ]] && [[ "$(id -u)" == 0 ]] && command -v apt-get >/dev/null; then
        DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends libssl-dev >/dev/null
    fi
    build
fi
write_wrapper "$BIN/m2crypto-python" <<WRAPPER
#!/bin/sh
exec '$root/bin/python' "\$@"
WRAPPER
note "M2Crypto $(have)"
