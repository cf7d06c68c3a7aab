"""Executes the pages that must run, two at a time, each in a process of its own.

A page that fails does not stop the others; all failures are reported at the end, by
page and by line of the page. Nothing of a run is left behind: processes, temporary
folders and half-written results go, also when it is interrupted.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.book import results
from coursekit.book.plan import Page, plan
from coursekit.book.worker import HOW_PAGES_RUN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rich.console import Console

    from coursekit.book.layout import Layout

AT_A_TIME = 2
TIME_LIMIT = 300.0
_GUARD = Path(__file__).with_name("guard")


@dataclass
class Report:
    """What a run did.

    Attributes
    ----------
    ran
        Records of the pages that were executed, failed ones too.
    kept
        Names of the pages whose results were there.
    """

    ran: list[results.Record] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    @property
    def failed(self) -> list[results.Record]:
        """The pages that failed, by name."""
        failed = [record for record in self.ran if record.error]
        return sorted(failed, key=lambda record: record.page)


def run(layout: Layout, paths: Iterable[Path] | None = None, **how: Any) -> Report:
    """Execute what must run of some pages.

    Parameters
    ----------
    layout
        The checkout.
    paths
        The pages to look at; all of them if None.
    **how
        As for `run_planned`.

    Returns
    -------
    Report
        What ran, what was kept, what failed.

    Raises
    ------
    coursekit.source.SourceError
        If a page cannot be read.
    """
    return run_planned(layout, plan(layout, paths), **how)


def run_planned(
    layout: Layout,
    pages: list[Page],
    *,
    force: bool = False,
    at_a_time: int = AT_A_TIME,
    time_limit: float = TIME_LIMIT,
    console: Console | None = None,
) -> Report:
    """Execute what must run of planned pages.

    Parameters
    ----------
    layout
        The checkout.
    pages
        The pages, with their keys.
    force
        Execute them even where their results are there.
    at_a_time
        How many pages run at the same time.
    time_limit
        Seconds after which a page is stopped and counts as failed.
    console
        Where progress and failures are shown; standard output if None.

    Returns
    -------
    Report
        What ran, what was kept, what failed.

    Raises
    ------
    KeyboardInterrupt
        When interrupted, after everything was stopped.
    """
    from rich.console import Console

    console = console or Console()
    due = [page for page in pages if force or not results.is_fresh(layout, page)]
    report = Report(kept=[page.name for page in pages if page not in due])
    with _progress(console, due) as advance:
        for record in _all(layout, due, at_a_time, time_limit, advance):
            report.ran.append(record)
            console.print(_line(record), highlight=False, soft_wrap=True)
    for record in report.failed:
        text = explain(layout, record)
        console.print(text, highlight=False, markup=False, soft_wrap=True)
    return report


def _all(
    layout: Layout,
    pages: list[Page],
    at_a_time: int,
    time_limit: float,
    advance: Callable[[], None],
) -> Iterator[results.Record]:
    running = Running()
    pool = ThreadPoolExecutor(max_workers=at_a_time)
    try:
        jobs = [
            pool.submit(_one, layout, page, time_limit, advance, running)
            for page in pages
        ]
        for job in as_completed(jobs):
            record = job.result()
            results.save(layout, record)
            yield record
    finally:
        running.stop()
        pool.shutdown(cancel_futures=True)


class Running:
    """The workers of this run, so that an interrupt can end them all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers: set[subprocess.Popen[str]] = set()
        self._stopped = False

    @contextlib.contextmanager
    def worker(self, folder: Path) -> Iterator[subprocess.Popen[str]]:
        """Start a worker on a folder; end it and all below it on the way out."""
        with self._lock:
            if self._stopped:
                raise InterruptedError("the run was stopped")
            worker = _start(folder)
            self._workers.add(worker)
        try:
            yield worker
        finally:
            kill_tree(worker.pid)
            worker.wait()
            assert worker.stdout is not None
            worker.stdout.close()
            with self._lock:
                self._workers.discard(worker)

    def stop(self) -> None:
        """End every worker and start no more."""
        with self._lock:
            self._stopped = True
            workers = list(self._workers)
        for worker in workers:
            kill_tree(worker.pid)


def _start(folder: Path) -> subprocess.Popen[str]:
    environment = (folder / "environment.json").read_text(encoding="utf-8")
    with (folder / "stderr.txt").open("wb") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "coursekit.book.worker", str(folder)],
            cwd=folder,
            env=json.loads(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,  # Ctrl-C reaches us alone, and we end the rest
        )


def kill_tree(pid: int) -> None:
    """Kill a process and everything below it; what has ended already is fine.

    Parameters
    ----------
    pid
        The process at the top.
    """
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        top = psutil.Process(pid)
        for process in [top, *top.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def _one(
    layout: Layout,
    page: Page,
    time_limit: float,
    advance: Callable[[], None],
    running: Running,
) -> results.Record:
    """Run one page in a temporary folder and keep what it gave."""
    with tempfile.TemporaryDirectory(prefix="course-page-") as name:
        folder = Path(name)
        _prepare(layout, page, folder)
        with running.worker(folder) as worker:
            timed_out = _follow(worker, time_limit, advance)
        outcome = _outcome(folder, timed_out, time_limit)
        record = _record(page, outcome)
        if record.error is None:
            import nbformat

            executed = nbformat.read(folder / "executed.ipynb", as_version=4)
            with _STORING:
                results.store(layout, page, executed)
    return record


# jupyter-cache keeps its index in a SQLite file: one writer at a time.
_STORING = threading.Lock()


def _prepare(layout: Layout, page: Page, folder: Path) -> None:
    import nbformat
    from nbformat import v4

    cells = [
        v4.new_code_cell(cell.source, metadata={"tags": cell.tags}, id=f"cell-{number}")
        for number, cell in enumerate(page.source.code, start=1)
    ]
    kernel = {"name": "python3", "display_name": "Python 3"}
    notebook = v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, folder / "notebook.ipynb")
    environment = json.dumps(page_environment(layout, folder))
    (folder / "environment.json").write_text(environment, encoding="utf-8")


def page_environment(layout: Layout, folder: Path) -> dict[str, str]:
    """Return the environment in which a page runs.

    Parameters
    ----------
    layout
        The checkout whose packages the page imports.
    folder
        A temporary folder for settings, so that the user's own change no output.

    Returns
    -------
    dict
        Environment variables, complete.
    """
    fonts = layout.build / "matplotlib"
    fonts.mkdir(parents=True, exist_ok=True)
    search_path = [_GUARD, *layout.search_path, Path(__file__).resolve().parents[2]]
    return (
        os.environ
        | HOW_PAGES_RUN
        | {
            "PYTHONPATH": os.pathsep.join(map(str, search_path)),
            "IPYTHONDIR": str(folder / "ipython"),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
            # Before the user's own folder, whose kernel may be another Python.
            "JUPYTER_PATH": str(Path(sys.prefix) / "share" / "jupyter"),
            "MPLCONFIGDIR": str(fonts),
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
    )


def _follow(
    worker: subprocess.Popen[str], time_limit: float, advance: Callable[[], None]
) -> bool:
    """Read a worker's progress until it ends; tell whether its time was up."""
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        kill_tree(worker.pid)

    timer = threading.Timer(time_limit, expire)
    timer.daemon = True
    timer.start()
    try:
        assert worker.stdout is not None
        for line in worker.stdout:
            if line.startswith("cell "):
                advance()
        worker.wait()
    finally:
        timer.cancel()
    return expired.is_set()


def _outcome(folder: Path, timed_out: bool, time_limit: float) -> dict[str, Any]:
    """Read what a worker wrote, or say why it wrote nothing."""
    file = folder / "outcome.json"
    if file.is_file() and not timed_out:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return found
    said = (folder / "stderr.txt").read_text(encoding="utf-8", errors="replace")
    sentence = (
        f"the page was stopped after {time_limit:g} s"
        if timed_out
        else "the process that runs the page ended without a result"
    )
    error = {"cell": 0, "error": sentence, "traceback": "" if timed_out else said}
    return {"seconds": 0.0, "peak_bytes": 0, "cells": [], "error": error}


def _record(page: Page, outcome: dict[str, Any]) -> results.Record:
    return results.Record(
        page=page.name,
        key=page.key,
        seconds=round(outcome["seconds"], 2),
        cpu_seconds=round(outcome.get("cpu_seconds", 0.0), 2),
        peak_bytes=outcome["peak_bytes"],
        cells=[round(seconds, 3) for seconds in outcome["cells"]],
        versions=page.versions,
        direct=list(page.direct),
        python=platform.python_version(),
        isolated=outcome.get("isolated", False),
        error=_failure(page, outcome),
    )


def _failure(page: Page, outcome: dict[str, Any]) -> results.Failure | None:
    """Say where a page failed; leaving a process running is a failure of its end."""
    error = outcome["error"]
    if error is None and outcome["left_running"]:
        commands = "; ".join(outcome["left_running"])
        sentence = f"the page left processes running: {commands}"
        error = {"cell": len(page.source.code) - 1, "error": sentence, "traceback": ""}
    if error is None:
        return None
    cell = page.source.code[error["cell"]]
    return results.Failure(
        line=cell.line,
        cell=error["cell"] + 1,
        error=error["error"],
        traceback=error["traceback"],
    )


@contextlib.contextmanager
def _progress(console: Console, pages: list[Page]) -> Iterator[Callable[[], None]]:
    """Show a bar over all cells that are to run; give what moves it by one cell."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("cells"))
    times = (TimeElapsedColumn(), TextColumn("left:"), TimeRemainingColumn())
    cells = sum(len(page.source.code) for page in pages)
    if not pages:
        yield lambda: None
        return
    with Progress(*columns, *times, console=console, transient=True) as progress:
        task = progress.add_task("", total=cells)
        yield lambda: progress.advance(task)


def _line(record: results.Record) -> str:
    verdict = "[red]failed[/red]" if record.error else "[green]ran[/green]"
    megabytes = record.peak_bytes / 2**20
    return f"{verdict} {record.page}  {record.seconds:.1f} s  {megabytes:.0f} MB"


def explain(layout: Layout, record: results.Record) -> str:
    """Say where a page failed, as an editor can open it, and why.

    Parameters
    ----------
    layout
        The checkout.
    record
        The record of a failed run.

    Returns
    -------
    str
        `chapters/part/slug.md:line: cell n: error`, and the traceback's last lines.
    """
    failure = record.error
    if failure is None:
        raise ValueError(f"{record.page} did not fail")
    path = (layout.chapters / record.page).relative_to(layout.root)
    head = f"{path}.md:{failure.line}: cell {failure.cell}: {failure.error}"
    tail = failure.traceback.strip().splitlines()[-12:]
    return "\n".join([head, *(f"    {line}" for line in tail)])
