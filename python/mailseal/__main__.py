"""`mailseal` and `python -m mailseal`: the command line, where its extra is installed."""

from __future__ import annotations

import importlib.util
import sys


def main() -> int:
    """Runs the command line; without its packages, names the extra and returns 2."""
    missing = [name for name in ("click", "rich") if importlib.util.find_spec(name) is None]
    if missing:
        print(f"mailseal: the command line needs {' and '.join(missing)}: pip install 'mailseal[cli]'", file=sys.stderr)
        return 2
    from mailseal.cli.app import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
