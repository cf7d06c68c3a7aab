"""Compares what is vendored with what npm has: `python -m coursekit.site.vendor`.

For moving to another version, or for showing that the locks are true. Nothing is
written unless all hashes agree. `--lock` takes over new hashes: KaTeX's after
`sphinxcontrib-katex` moved to a new KaTeX, Pyodide's after `RELEASE` in `pyodide.py`
was changed.
"""

from __future__ import annotations

import argparse

from coursekit.site.vendor import LockError, katex, pyodide

_WHAT = {"katex": katex.compare, "pyodide": pyodide.compare}


def main(arguments: list[str] | None = None) -> None:
    """Fetch, compare, and only then write."""
    parser = argparse.ArgumentParser(
        prog="python -m coursekit.site.vendor", description=__doc__
    )
    parser.add_argument("what", nargs="*", metavar="katex|pyodide")
    parser.add_argument("--lock", action="store_true", help="take over new hashes")
    options = parser.parse_args(arguments)
    try:
        for name in options.what or _WHAT:
            print(_WHAT[name](lock=options.lock))
    except KeyError as error:
        raise SystemExit(f"Nothing is vendored under the name {error}.") from None
    except LockError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
