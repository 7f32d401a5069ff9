#!/usr/bin/env bash
# Fuzzes each target of rust/fuzz for the given seconds: tools/fuzz.sh [SECONDS] [TARGET...]
#
# Needs a C++ compiler for libFuzzer. Its instrumentation wants flags that the stable compiler takes only with
# RUSTC_BOOTSTRAP, so no nightly is needed. Corpora grow in target/fuzz; whatever crashes, hangs (5 s) or takes more
# than 2 GB is kept in target/fuzz/artifacts and makes this script fail.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds="${1:-30}"
shift || true
python="${PYTHON:-.venv/bin/python}"
cache="${MAILSEAL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mailseal}/cargo-fuzz-0.13.2"
work="$PWD/target/fuzz"
command -v g++ >/dev/null || command -v clang++ >/dev/null || { echo "fuzz: libFuzzer needs a C++ compiler (g++)" >&2; exit 1; }
[ -x "$cache/bin/cargo-fuzz" ] || cargo install --quiet --locked --root "$cache" cargo-fuzz@0.13.2
"$python" tools/fuzz_seeds.py "$work/seeds"
export RUSTC_BOOTSTRAP=1
fuzz() { "$cache/bin/cargo-fuzz" "$1" --fuzz-dir rust/fuzz "${@:2}"; }
build=(--sanitizer "${MAILSEAL_SANITIZER:-none}" --target-dir "$work/build")
fuzz build "${build[@]}" 2>&1 | tail -3
failed=0
for target in "${@:-$(fuzz list)}"; do
    for name in $target; do
        mkdir -p "$work/corpus/$name" "$work/artifacts/$name"
        dictionary=rust/fuzz/dictionaries/der.dict
        case "$name" in mime | open) dictionary=rust/fuzz/dictionaries/mime.dict ;; esac
        echo "=== $name, $seconds s"
        fuzz run "${build[@]}" "$name" "$work/corpus/$name" "$work/seeds/$name" -- \
            -max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 -max_len=65536 -dict="$dictionary" \
            -artifact_prefix="$work/artifacts/$name/" -print_final_stats=1 2>&1 |
            tee "$work/$name.log" | grep -E "stat::|BINGO|SUMMARY|panicked|Test unit written" || true
        grep -q "^stat::number_of_executed_units" "$work/$name.log" && ! grep -q "SUMMARY: libFuzzer\|ERROR: " "$work/$name.log" || failed=1
        tail -40 "$work/$name.log" | grep -E "cov: [0-9]+" | tail -1 || true
    done
done
exit $failed
