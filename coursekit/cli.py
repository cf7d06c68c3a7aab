"""The one command, `coursekit`: its verbs are what the Makefile calls.

Each verb imports what it needs when it is called, so that a quick one stays quick.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from coursekit import quick  # noqa: F401 (before any verb imports nbformat)

ROOT = Path(__file__).resolve().parent.parent
app = typer.Typer(
    help="Tools of the course.", no_args_is_help=True, pretty_exceptions_enable=False
)
exercises = typer.Typer(
    help="Write and prove exercises.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(exercises, name="exercises")

Pages = Annotated[
    list[str] | None, typer.Argument(help="Pages as part/slug; all if none is named.")
]
Names = Annotated[
    list[str] | None, typer.Argument(help="Exercises as part/slug; all if none.")
]


@app.command()
def book(
    *,
    port: Annotated[int, typer.Option(help="0 asks for a free one.")] = 0,
    answers: Annotated[bool, typer.Option(help="Publish the answer pages.")] = True,
    serve: Annotated[bool, typer.Option(help="Serve the site when built.")] = True,
) -> None:
    """Execute what changed, build the site, serve it."""
    from coursekit.book import commands

    raise typer.Exit(commands.book(port=port, answers=answers, serve=serve))


@app.command()
def run(pages: Pages = None, *, force: bool = False) -> None:
    """Execute pages whose code, library, data or packages changed."""
    from coursekit.book import commands

    raise typer.Exit(commands.run(pages or [], force=force))


@app.command()
def build(
    *,
    answers: Annotated[bool, typer.Option(help="Publish the answer pages.")] = True,
) -> None:
    """Build the site from the executed pages."""
    from coursekit.book import commands

    raise typer.Exit(commands.build(answers=answers))


@app.command()
def bundle(
    *,
    out: Annotated[
        Path | None, typer.Option(help="The file; one below dist if none is named.")
    ] = None,
) -> None:
    """Pack the built site with data and notebooks, for where there is no internet."""
    from coursekit.book import commands

    raise typer.Exit(commands.bundle(out))


@app.command()
def gates(pages: Pages = None) -> None:
    """Hold the pages to the rules of CONTRIBUTING."""
    from coursekit.gates import commands

    raise typer.Exit(commands.report(pages or []))


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True}
)
def test(context: typer.Context) -> None:
    """Execute and build the book, then run the test-suite; options go to pytest."""
    from coursekit import suite

    raise typer.Exit(suite.run(context.args))


@app.command()
def lab() -> None:
    """Open JupyterLab on chapters and exercises."""
    command = [sys.executable, "-m", "jupyter", "lab", "--notebook-dir", str(ROOT)]
    raise typer.Exit(subprocess.call([*command, "--ServerApp.default_url=/lab"]))


@app.command()
def doctor() -> None:
    """Say what this machine lacks and how to mend it."""
    from coursekit import doctor as examination

    raise typer.Exit(examination.main())


@app.command()
def deps(
    *,
    check: Annotated[bool, typer.Option(help="Compare, write nothing.")] = False,
) -> None:
    """Write the lock and environment.yml from pyproject.toml's list."""
    from coursekit import dependencies

    raise typer.Exit(dependencies.sync(check=check))


@app.command()
def bench(
    words: Annotated[
        list[str] | None, typer.Argument(help="Words of the names wanted; all if none.")
    ] = None,
) -> None:
    """Measure the library against the tools that people use."""
    from coursekit.suite import ONE_THREAD

    command = [sys.executable, "-m", "benchmarks", *(words or [])]
    raise typer.Exit(subprocess.call(command, cwd=ROOT, env=os.environ | ONE_THREAD))


Submissions = Annotated[
    Path, typer.Argument(help="Folder as an LMS exports it, a notebook, or a zip file.")
]
Graded = Annotated[Path, typer.Argument(help="Folder of an earlier grading.")]
Workers = Annotated[
    int, typer.Option(min=1, help="Submissions at a time on this machine.")
]
Dask = Annotated[
    str | None, typer.Option(help="Address of a Dask scheduler, to execute there.")
]
Rules = Annotated[Path | None, typer.Option(help="Rules for marks, a TOML file.")]
Manual = Annotated[Path | None, typer.Option(help="Marks that a person gave, a CSV.")]
Roster = Annotated[
    Path | None, typer.Option(help="Who is in the class: a CSV with key, name, id.")
]
Trust = Annotated[
    bool,
    typer.Option(
        "--trust-submissions",
        help="Go on where learners' code cannot be isolated: you know whose it is.",
    ),
]


@app.command()
def assign(
    names: Names = None,
    *,
    out: Annotated[Path, typer.Option(help="A new folder for the release.")],
    roster: Roster = None,
    answers: Annotated[
        bool, typer.Option(help="Give the instructor solution notebooks.")
    ] = False,
    variants: Annotated[
        bool, typer.Option(help="Give each learner data of their own.")
    ] = False,
    start: Annotated[
        str | None, typer.Option(help="First day of the syllabus, as 2026-09-07.")
    ] = None,
    weeks: Annotated[int | None, typer.Option(help="Weeks of the syllabus.")] = None,
    hours: Annotated[float | None, typer.Option(help="Hours a week.")] = None,
    pack: Annotated[
        bool, typer.Option("--zip", help="Pack what is handed out.")
    ] = False,
    force: Annotated[
        bool, typer.Option(help="Write into a folder that holds files.")
    ] = False,
    secret: Annotated[
        Path | None, typer.Option(help="class-secret.txt of an earlier release.")
    ] = None,
) -> None:
    """Make a release of exercises for a class."""
    from coursekit.grading.assign import assign as make

    raise typer.Exit(
        make(
            names or [],
            out=out,
            roster=roster,
            answers=answers,
            variants=variants,
            start=start,
            weeks=weeks,
            hours=hours,
            zip=pack,
            force=force,
            secret=secret,
        )
    )


@app.command()
def grade(
    submissions: Submissions,
    *,
    exercise: Annotated[str, typer.Option(help="The exercise, as part/slug.")],
    out: Annotated[Path, typer.Option(help="Folder for reports, outside the other.")],
    workers: Workers = 2,
    dask: Dask = None,
    seed: Annotated[
        int | None, typer.Option(help="The secret seed; a new one if none is given.")
    ] = None,
    policy: Rules = None,
    roster: Roster = None,
    manual: Manual = None,
    trust: Trust = False,
) -> None:
    """Grade a folder of submissions; the same again goes on from where it stopped."""
    from coursekit.grading import commands

    raise typer.Exit(
        commands.grade(
            submissions,
            exercise,
            out,
            workers=workers,
            dask=dask,
            seed=seed,
            policy=policy,
            roster=roster,
            manual=manual,
            trust=trust,
        )
    )


@app.command()
def regrade(
    out: Graded,
    *,
    workers: Workers = 2,
    dask: Dask = None,
    policy: Rules = None,
    manual: Manual = None,
    trust: Trust = False,
) -> None:
    """Grade again with the same seed; only what has changed is executed."""
    from coursekit.grading import commands

    raise typer.Exit(
        commands.regrade(
            out, workers=workers, dask=dask, policy=policy, manual=manual, trust=trust
        )
    )


@app.command()
def report(out: Graded, *, policy: Rules = None, manual: Manual = None) -> None:
    """Write the reports of a grading again; nothing is executed."""
    from coursekit.grading import commands

    raise typer.Exit(commands.report(out, policy=policy, manual=manual))


@app.command(name="format")
def format_code() -> None:
    """Format and lint the code."""
    for verb in (["format"], ["check", "--fix"]):
        if code := subprocess.call([sys.executable, "-m", "ruff", *verb], cwd=ROOT):
            raise typer.Exit(code)


@exercises.command()
def new(name: str) -> None:
    """Write the template of a new exercise, part/slug."""
    from coursekit.exercises import commands

    raise typer.Exit(commands.new(name))


@exercises.command()
def sync(
    names: Names = None,
    *,
    check: Annotated[bool, typer.Option(help="Compare, write nothing.")] = False,
) -> None:
    """Write the starters from their sources."""
    from coursekit.exercises import commands

    raise typer.Exit(commands.sync(names or [], check=check))


@exercises.command()
def prove(
    names: Names = None,
    *,
    jobs: Annotated[int, typer.Option("--jobs", "-j")] = 2,
    seeds: Annotated[int, typer.Option(help="Seeds for the reference.")] = 5,
    force: Annotated[bool, typer.Option(help="Prove again what is proven.")] = False,
) -> None:
    """Prove that exercises judge rightly."""
    from coursekit.exercises import commands

    raise typer.Exit(commands.prove(names or [], jobs=jobs, seeds=seeds, force=force))


def main() -> None:
    """Run the command line."""
    app()
