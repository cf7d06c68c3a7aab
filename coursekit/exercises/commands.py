"""The verbs of `coursekit exercises`: new, sync, prove."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from coursekit import progress
from coursekit.exercises import cache
from coursekit.exercises.model import ExerciseError, load
from coursekit.exercises.proving import OnProgress, in_a_process, nobody
from coursekit.exercises.starter import path_of, starter, text_of
from coursekit.exercises.template import TEMPLATE
from coursekit.source import SourceError

__all__ = [
    "new",
    "out_of_step",
    "prove",
    "prove_many",
    "prove_one",
    "sources",
    "sync",
]

ROOT = Path(__file__).resolve().parents[2]
_NAME = re.compile(r"[a-z0-9-]+/[a-z0-9-]+")


def sources(names: Sequence[str] = (), root: Path = ROOT) -> list[Path]:
    """Return the sources of the named exercises, or of all.

    Parameters
    ----------
    names : sequence of str
        `part/slug`, or paths of sources.
    root : Path
        The checkout.

    Returns
    -------
    list of Path
        In the order of the names, or sorted.

    Raises
    ------
    FileNotFoundError
        For a name without a source.
    """
    if not names:
        return sorted((root / "solutions").glob("*/*.md"))
    found = []
    for name in names:
        path = Path(name) if name.endswith(".md") else root / f"solutions/{name}.md"
        if not path.is_file():
            known = ", ".join(_name(path) for path in sources(root=root)) or "none yet"
            raise FileNotFoundError(f"There is no exercise {name}. There are: {known}.")
        found.append(path.resolve())
    return found


def new(name: str, *, root: Path = ROOT) -> int:
    """Write the template of an exercise.

    Parameters
    ----------
    name : str
        `part/slug`, the same as its page's.
    root : Path
        The checkout.

    Returns
    -------
    int
        Exit status.
    """
    console = Console()
    path = root / "solutions" / f"{name}.md"
    if not _NAME.fullmatch(name):
        console.print(f"Name it part/slug in lower case, found {escape(repr(name))}.")
        return 2
    if path.exists():
        console.print(f"{path} is there already.")
        return 2
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEMPLATE.replace("PART/SLUG", name), encoding="utf-8")
    console.print(f"Wrote {path}. It runs; replace each of its parts by yours.")
    return 0


def sync(names: Sequence[str] = (), check: bool = False, *, root: Path = ROOT) -> int:
    """Write the starters, or say which are out of step with their sources.

    Parameters
    ----------
    names : sequence of str
        `part/slug`; all if none. Then starters without a source are removed too.
    check : bool
        Compare, write nothing.
    root : Path
        The checkout.

    Returns
    -------
    int
        Exit status: 1 where something is out of step or cannot be read.
    """
    console = Console(soft_wrap=True, highlight=False)
    try:
        stale = out_of_step(names, root=root)
    except (FileNotFoundError, SourceError, ExerciseError) as error:
        console.print(escape(str(error)))
        return 1
    for path, text in stale.items():
        shown = path.relative_to(root)
        if check:
            console.print(f"{shown} is out of step. Run: coursekit exercises sync")
        elif text is None:
            path.unlink()
            console.print(f"removed {shown}, which has no source")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            console.print(f"wrote {shown}")
    return 1 if check and stale else 0


def out_of_step(
    names: Sequence[str] = (), *, root: Path = ROOT
) -> dict[Path, str | None]:
    """Return what each starter that is out of step should hold.

    Returns
    -------
    dict of Path to str or None
        None for a starter whose source is gone.
    """
    wanted = {}
    for path in sources(names, root):
        exercise = load(path)
        wanted[path_of(exercise, root)] = text_of(starter(exercise))
    stale: dict[Path, str | None] = {
        path: text
        for path, text in wanted.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    }
    if not names:
        there = sorted((root / "exercises").glob("*/*.ipynb"))
        stale |= {path: None for path in there if path not in wanted}
    return stale


def prove(
    names: Sequence[str] = (),
    jobs: int = 2,
    seeds: int = 5,
    force: bool = False,
    *,
    root: Path = ROOT,
) -> int:
    """Prove exercises, several at a time, and print what does not hold.

    Parameters
    ----------
    names : sequence of str
        `part/slug`; all if none.
    jobs : int
        Exercises at a time.
    seeds : int
        Seeds for the reference; over five, for every other answer too.
    force : bool
        Whether to prove again what nothing has changed of.
    root : Path
        The checkout.

    Returns
    -------
    int
        Exit status: 1 where something does not hold.
    """
    console = Console(soft_wrap=True, highlight=False)
    try:
        paths = sources(names, root)
    except FileNotFoundError as error:
        console.print(escape(str(error)))
        return 2
    failed = False
    proofs = _proofs(paths, console, jobs=jobs, seeds=seeds, force=force, root=root)
    for proof in proofs:
        failed = failed or bool(proof["findings"])
        console.print(escape(_words(proof)))
    return 1 if failed else 0


def _proofs(
    paths: Sequence[Path], console: Console, **options: Any
) -> Iterator[dict[str, Any]]:
    """Give the proofs, and show how far they are meanwhile."""
    with progress.shown(console) as on_progress:
        yield from prove_many(paths, on_progress=on_progress, **options)


def _words(proof: dict[str, Any]) -> str:
    findings = proof["findings"]
    took = (
        "nothing has changed since"
        if proof.get("cached")
        else f"{sum(proof['seconds'].values()):.1f} s"
    )
    if not findings:
        return f"{proof['name']}: proven, {proof['tried']} answers judged ({took})"
    lines = [f"{proof['name']}: {len(findings)} things do not hold ({took})"]
    lines += [f"  {one['proof']}: {one['what']}" for one in findings]
    return "\n".join(lines)


def prove_one(path: Path, **options: Any) -> dict[str, Any]:
    """Prove one exercise, as `prove_many` does."""
    return next(iter(prove_many([path], **options)))


def prove_many(
    paths: Sequence[Path],
    *,
    jobs: int = 1,
    seeds: int = 5,
    full: bool = True,
    force: bool = False,
    root: Path = ROOT,
    on_progress: OnProgress = nobody,
) -> Iterator[dict[str, Any]]:
    """Prove exercises in a process of their own, which shares what takes long to start.

    Parameters
    ----------
    paths : sequence of Path
        Their sources.
    jobs : int
        Exercises at a time.
    seeds, full
        As for `proofs.prove_all`.
    force : bool
        Whether to prove again what nothing has changed of.
    root : Path
        The checkout; the cache is in its build folder.
    on_progress : callable
        Told the stage, and how many steps of how many are done.

    Yields
    ------
    dict
        `proofs.Proof` as plain data, what was proven before first; that has `cached`.
    """
    keys = {path: cache.key(path, f"{seeds} {full}", root) for path in paths}
    waiting = []
    for path in paths:
        kept = None if force else cache.get(keys[path], root)
        if kept is None:
            waiting.append(path)
        else:
            yield kept | {"cached": True}
    asked = (seeds, "full" if full else "short", jobs)
    found = in_a_process(waiting, asked, root, on_progress) if waiting else []
    for path, proof in zip(waiting, found, strict=True):
        if not proof["findings"]:
            cache.put(keys[path], proof, root)
        yield proof


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def main(arguments: Iterable[str]) -> int:
    """Run `new NAME`, `sync [--check] [NAME ...]` or `prove [NAME ...]`."""
    verb, *rest = list(arguments) or ["prove"]
    names = [word for word in rest if not word.startswith("-")]
    if verb == "new" and len(names) == 1:
        return new(names[0])
    if verb == "sync":
        return sync(names, check="--check" in rest)
    if verb == "prove":
        return prove(names, force="--force" in rest)
    Console().print("Verbs: new NAME, sync [--check] [NAME ...], prove [NAME ...].")
    return 2
