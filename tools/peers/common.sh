# Sourced by the scripts beside it: where peers live, and small helpers.
set -euo pipefail

# Peers are kept outside the clone so that a fresh clone finds them again.
MAILSEAL_CACHE="${MAILSEAL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mailseal}"
PEERS="$MAILSEAL_CACHE/peers"
BIN="$PEERS/bin"
mkdir -p "$BIN"

note() { printf 'peers: %s\n' "$*" >&2; }

# Debian's name for this machine's libraries, e.g. x86_64-linux-gnu.
triplet() { echo "$(uname -m)-linux-gnu"; }

# Files are written beside their place and renamed, so that an interrupted run leaves nothing half made.
write_wrapper() {
    local path="$1"
    cat >"$path.tmp"
    chmod 755 "$path.tmp"
    mv "$path.tmp" "$path"
}
