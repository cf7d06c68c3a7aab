"""Find the cases, run them with a bar, print the table, keep the figures."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from threadpoolctl import threadpool_limits

import benchmarks.library
from benchmarks.case import Case, Growth
from benchmarks.measure import compare, growth

RESULTS = Path(__file__).resolve().parent / "results.json"
TOOLS = ("numpy", "scipy", "scikit-learn", "torch", "tokenizers", "shap")


def main(words: list[str]) -> int:
    """Measure the cases whose names hold all the words; all of them without words.

    Returns
    -------
    int
        0 where every goal is met, 1 where one is missed or no case has that name.
    """
    cases = [case for case in everything() if _wanted(case, words)]
    if not cases:
        print(f"No benchmark has {' '.join(words)!r} in its name.")
        return 1
    results = measure(cases)
    show(results)
    _keep(results if not words else _put_into_the_kept(results))
    return int(any(_missed(row) for row in results["times"]))


def _keep(results: dict[str, Any] | None) -> None:
    if results is not None:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def _put_into_the_kept(some: dict[str, Any]) -> dict[str, Any] | None:
    """Replace the rows of the cases that were run; None on another machine."""
    if not RESULTS.is_file():
        return None
    kept: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    if kept["machine"] != some["machine"]:
        print("Not kept: results.json is of another machine or of other versions.")
        return None
    for part in ("times", "growth"):
        new = {row["name"]: row for row in some[part]}
        kept[part] = [new.get(row["name"], row) for row in kept[part]]
    return kept


def everything() -> Iterator[Case | Growth]:
    """Yield all cases, module by module in alphabetical order."""
    for found in pkgutil.iter_modules(benchmarks.library.__path__):
        module = importlib.import_module(f"benchmarks.library.{found.name}")
        yield from module.CASES
        yield from module.GROWTH


def _wanted(case: Case | Growth, words: list[str]) -> bool:
    return all(word.lower() in case.name.lower() for word in words)


def measure(cases: list[Case | Growth]) -> dict[str, Any]:
    """Run the cases one after the other, on one thread; say what is being run."""
    threadpool_limits(1)
    torch.set_num_threads(1)
    times, curves = [], []
    turns = sum(c.rounds if isinstance(c, Case) else len(c.sizes) for c in cases)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("", total=turns)
        for case in cases:
            progress.update(bar, description=case.name)
            if isinstance(case, Case):
                times.append(compare(case, lambda: progress.advance(bar)))
            else:
                curves.append(growth(case, lambda: progress.advance(bar)))
    return {"machine": machine(), "times": times, "growth": curves}


def machine() -> dict[str, Any]:
    """Return what a reader must know to compare these figures with their own."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": 1,
        "python": platform.python_version(),
        **{tool: version(tool).split("+")[0] for tool in TOOLS},
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def show(results: dict[str, Any]) -> None:
    """Print the two tables."""
    console = Console()
    if results["times"]:
        console.print(_table_of_times(results["times"]))
    if results["growth"]:
        console.print(_table_of_growth(results["growth"]))


def _table_of_times(rows: list[dict[str, Any]]) -> Table:
    table = Table("task", "against", "ours", "theirs", "ratio", "goal", "memory, MiB")
    for row in rows:
        memory = f"{row['ours_mib']} / {row['theirs_mib']}" if "ours_mib" in row else ""
        goal = "" if row["goal"] is None else f"{row['goal']:g}"
        table.add_row(
            row["name"],
            row["against"],
            f"{1000 * row['ours_seconds']:.4g} ms",
            f"{1000 * row['theirs_seconds']:.4g} ms",
            f"[red]{row['ratio']:.2f}[/]" if _missed(row) else f"{row['ratio']:.2f}",
            goal,
            memory,
        )
    return table


def _table_of_growth(rows: list[dict[str, Any]]) -> Table:
    table = Table("growth of", "sizes", "seconds", "exponent", "expected")
    for row in rows:
        sizes = f"{row['sizes'][0]:,} to {row['sizes'][-1]:,}"
        spent = f"{row['seconds'][0]:.3g} to {row['seconds'][-1]:.3g}"
        expected = f"{row['expected']:.2f}"
        table.add_row(row["name"], sizes, spent, f"{row['exponent']:.2f}", expected)
    return table


def _missed(row: dict[str, Any]) -> bool:
    return row["goal"] is not None and row["ratio"] > row["goal"]
