"""A papermill engine that runs cells in a child process, without the Jupyter protocol.

    papermill in.ipynb out.ipynb --engine coursekit -p seed 7

An error in a cell does not stop the next: papermill itself reports the first one when
all have run. Where an `evidence` folder is given, the cells find the name `evidence`.

papermill loads its engines while it is itself being imported, so that this module may
not import it at the top; and an engine is whatever has the three methods below.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import nbformat

from coursekit.exercises.worker import Worker, WorkerEnded

__all__ = ["CoursekitEngine", "Runs"]

_CELL_SECONDS = 60.0
_OUTPUTS = {"stream", "display_data", "execute_result"}
_MOST_OUTPUTS = 12  # a session's: standard output, standard error, ten displayed ones


class CoursekitEngine:
    """Runs a notebook's code cells in one child process."""

    @classmethod
    def execute_notebook(
        cls,
        nb: nbformat.NotebookNode,
        kernel_name: str,  # noqa: ARG003 (the cells run in this interpreter)
        output_path: str | None = None,
        progress_bar: bool | dict[str, Any] = True,
        log_output: bool = False,
        autosave_cell_every: int = 30,
        **options: Any,
    ) -> nbformat.NotebookNode:
        """Run every cell, as papermill asks for it.

        Parameters
        ----------
        nb
            The notebook, parameters injected.
        kernel_name
            Not used.
        output_path, progress_bar, log_output, autosave_cell_every
            As papermill has them.
        **options
            `evidence`, folder that evidence is written to, none by default; `forbid`,
            modules that cannot be imported; or `worker`, which runs the cells and
            sees to both itself. `execution_timeout`, seconds for a cell, 60 by
            default. `seen`, called with each cell and the raw reply to it. With
            `outputs` False only errors are kept.

        Returns
        -------
        NotebookNode
            The notebook with its outputs.
        """
        from papermill.engines import NotebookExecutionManager

        manager = NotebookExecutionManager(
            nb, output_path, log_output, progress_bar, autosave_cell_every
        )
        manager.notebook_start()
        try:
            _run_all(manager, options)
        finally:
            manager.cleanup_pbar()
            manager.notebook_complete()
        done: nbformat.NotebookNode = manager.nb
        return done

    @classmethod
    def nb_kernel_name(cls, nb: nbformat.NotebookNode, name: str | None = None) -> str:
        """Return the kernel's name, which papermill writes into the notebook."""
        from papermill.utils import nb_kernel_name

        return str(nb_kernel_name(nb, name))

    @classmethod
    def nb_language(cls, nb: nbformat.NotebookNode, language: str | None = None) -> str:
        """Return the language, by which papermill writes the parameters."""
        from papermill.utils import nb_language

        return str(nb_language(nb, language))


class Runs(Protocol):
    """Whatever runs cells one after the other."""

    def run(self, source: str, seconds: float) -> Any:
        """Run one cell and return the reply, decoded and otherwise unchecked.

        Raises
        ------
        WorkerEnded
            If there is nothing left that could run it.
        """


def _run_all(manager: Any, options: dict[str, Any]) -> None:
    seconds = options.get("execution_timeout") or _CELL_SECONDS
    seen: Callable[[nbformat.NotebookNode, Any], None] = options.get("seen") or _nobody
    with _worker(options) as worker:
        for index, cell in enumerate(manager.nb.cells):
            manager.cell_start(cell, index)
            if cell.cell_type == "code" and cell.source.strip():
                reply = _run(worker, cell.source, seconds)
                seen(cell, reply)
                cell.outputs = _outputs(reply, shown=options.get("outputs", True))
                if any(output.output_type == "error" for output in cell.outputs):
                    manager.cell_exception(cell, index)
            manager.cell_complete(cell, index)


@contextlib.contextmanager
def _worker(options: dict[str, Any]) -> Iterator[Runs]:
    """Give the worker that was handed over, which its owner ends, or one of our own."""
    given: Runs | None = options.get("worker")
    if given is not None:
        yield given
        return
    folder: str | Path | None = options.get("evidence")
    forbid: Sequence[str] = options.get("forbid") or ()
    with Worker(None if folder is None else str(folder), forbid) as worker:
        yield worker


def _nobody(cell: nbformat.NotebookNode, reply: Any) -> None:
    """Take no notice of a cell and the reply to it."""


def _run(worker: Runs, source: str, seconds: float) -> Any:
    try:
        return worker.run(source, seconds)
    except WorkerEnded as error:
        return {"failure": {"name": "WorkerEnded", "message": str(error)}}


def _outputs(reply: Any, *, shown: bool = True) -> list[nbformat.NotebookNode]:
    """Turn the child's reply into outputs; what is not of that form is left out.

    So is what comes after as many as an honest child sends: each takes time to check.
    """
    found: list[nbformat.NotebookNode] = []
    if not isinstance(reply, dict):
        return found
    listed = reply.get("outputs") if shown else None
    for raw in listed[:_MOST_OUTPUTS] if isinstance(listed, list) else []:
        if isinstance(raw, dict) and str(raw.get("output_type")) in _OUTPUTS:
            with contextlib.suppress(nbformat.ValidationError, RecursionError):
                output = nbformat.from_dict(raw)
                kind = raw["output_type"]
                nbformat.validator.validate(output, ref=kind, version=4)
                found.append(output)
    failure = reply.get("failure")
    if isinstance(failure, dict):
        trace = failure.get("traceback")
        lines = [str(line) for line in trace] if isinstance(trace, list) else []
        name, told = str(failure.get("name")), str(failure.get("message"))
        found.append(
            nbformat.v4.new_output("error", ename=name, evalue=told, traceback=lines)
        )
    return found
