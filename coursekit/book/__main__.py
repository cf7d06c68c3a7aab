"""`python -m coursekit.book run|build|book|notebooks`: the book without the rest."""

import argparse
import sys

from coursekit.book import commands


def main(arguments: list[str] | None = None) -> int:
    """Carry out one verb.

    Parameters
    ----------
    arguments
        The command line; the process's own if None.

    Returns
    -------
    int
        Exit status: 0 when all went well.
    """
    options = _parser().parse_args(arguments)
    if options.verb == "run":
        return commands.run(options.pages, force=options.force)
    if options.verb == "notebooks":
        return commands.notebooks()
    how = {"answers": not options.no_answers, "draft": options.draft}
    if options.verb == "build":
        return commands.build(**how)
    return commands.book(port=options.port, serve=not options.no_serve, **how)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m coursekit.book", description=__doc__
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("run", help="execute what must run")
    run.add_argument("pages", nargs="*", help="pages; all if none is named")
    run.add_argument("--force", action="store_true", help="even if nothing changed")
    verbs.add_parser("notebooks", help="make the notebooks for download and Colab")
    build = verbs.add_parser("build", help="build the site from executed pages")
    book = verbs.add_parser("book", help="run, build and serve")
    book.add_argument("--port", type=int, default=0, help="port; a free one if 0")
    book.add_argument("--no-serve", action="store_true", help="stop when it is built")
    for verb in (build, book):
        verb.add_argument("--no-answers", action="store_true", help="leave answers out")
        verb.add_argument(
            "--draft", action="store_true", help="build in spite of faults"
        )
    return parser


if __name__ == "__main__":
    sys.exit(main())
