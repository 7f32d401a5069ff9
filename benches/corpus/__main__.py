"""``python -m benches.corpus --out DIR --count N --seed S``: make an archive; ``--check N``: let OpenSSL read it."""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

from benches.corpus.archive import FORMS, Options, generate
from benches.corpus.mime_build import SCALES


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benches.corpus", description=__doc__)
    parser.add_argument(
        "--out", type=Path, required=True, help="folder of the corpus; empty or absent, unless only --check"
    )
    parser.add_argument("--count", type=int, default=0, help="messages to make; 0: only check what is there")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--forms", default="mbox,maildir,eml", help="comma list of mbox, maildir, eml (default: all)")
    parser.add_argument("--jobs", type=int, default=1, help="worker processes; the bytes do not depend on it")
    parser.add_argument("--scale", choices=sorted(SCALES), default="realistic", help="sizes of the attachments")
    parser.add_argument("--check", type=int, default=0, metavar="N", help="let OpenSSL and pyca check N messages")
    parsed = parser.parse_args(argv)
    forms = tuple(parsed.forms.split(","))
    if not forms or set(forms) - set(FORMS.values()):
        parser.error(f"--forms: choose from {', '.join(sorted(set(FORMS.values())))}")
    if parsed.count < 0 or parsed.jobs < 1:
        parser.error("--count and --jobs must be positive")
    parsed.forms = forms
    return parsed


def main(argv: list[str] | None = None) -> int:
    wanted = arguments(argv)
    if wanted.count:
        start = time.perf_counter()
        try:
            totals = generate(wanted.out, Options(wanted.seed, wanted.count, wanted.scale, wanted.forms), wanted.jobs)
        except FileExistsError as fault:
            print(fault, file=sys.stderr)
            return 2
        took = time.perf_counter() - start
        peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        print(
            f"{totals.messages:,} messages, {totals.octets / 1e6:,.1f} MB, {len(totals.kinds)} kinds in {took:.1f} s:"
            f" {totals.messages / took:,.0f} messages/s, {totals.octets / took / 1e6:.1f} MB/s, peak {peak >> 10} MiB"
        )
    if wanted.check:
        from benches.corpus.check import check  # only the check needs asn1crypto

        return check(wanted.out, wanted.check)
    return 0


if __name__ == "__main__":
    sys.exit(main())
