"""Checks Rust and Python dependencies against the public advisory databases, where these can be reached.

Exit code 0: nothing known, or a database was out of reach (said plainly); 1: a dependency is named in an advisory.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# What the tools print when they name a dependency, and when the database is the trouble.
NAMED = ("error[vulnerability]", "error[unsound]", "error[unmaintained]", "error[yanked]", "known vulnerabilit")
OUT_OF_REACH = (
    "failed to fetch advisory database",
    "failed to clone",
    "failed to load advisory database",
    "Max retries exceeded",
    "ConnectionError",
    "ServiceError",
    "Temporary failure in name resolution",
)


def run(name: str, command: list[str]) -> bool:
    """Runs one auditor and prints its outcome; False only if it names a dependency."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    output = done.stdout + done.stderr
    if done.returncode == 0:
        print(f"{name}: no advisory names a dependency")
        return True
    named = any(mark in output for mark in NAMED)
    cause = next((line.strip() for line in output.splitlines() if any(mark in line for mark in OUT_OF_REACH)), None)
    if cause is not None and not named:
        print(f"{name}: NOT CHECKED, its database cannot be reached from here: {cause[:160]}")
        return True
    print(output, file=sys.stderr)
    print(f"{name}: failed", file=sys.stderr)
    return False


def main() -> int:
    cargo_deny = sys.argv[1] if len(sys.argv) > 1 else "cargo-deny"
    requirements = Path(__file__).parent.parent / "requirements" / "dev.txt"
    outcomes = [
        run("cargo-deny advisories", [cargo_deny, "--all-features", "check", "advisories"]),
        run(
            "pip-audit",
            [sys.executable, "-m", "pip_audit", "--progress-spinner=off", "-r", str(requirements), "--no-deps"],
        ),
    ]
    return 0 if all(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
