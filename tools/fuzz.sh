#!/usr/bin/env bash
# Runs each fuzz target of rust/fuzz for the given seconds. libFuzzer's instrumentation needs flags that the stable
# compiler takes only with RUSTC_BOOTSTRAP; no nightly is installed.
set -euo pipefail
cd "$(dirname "$0")/../rust/fuzz" 2>/dev/null || { echo "fuzz: there is no rust/fuzz" >&2; exit 1; }
seconds="${1:-30}"
command -v cargo-fuzz >/dev/null || cargo install --quiet --locked cargo-fuzz
for target in $(cargo fuzz list); do
    echo "=== $target"
    RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none "$target" -- -max_total_time="$seconds" -timeout=5 -rss_limit_mb=512
done
