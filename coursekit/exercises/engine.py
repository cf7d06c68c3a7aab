"""A papermill engine that runs cells in a child process, without the Jupyter protocol.

    papermill in.ipynb out.ipynb --engine coursekit -p seed 7

An error in a cell does not stop the next: papermill itself reports the first one when
all have run. Where an `evidence` folder is given, the cells find the name `evidence`.

papermill loads its engines while it is itself being imported, so that this module may
not import it at the top; and an engine is whatever has the three methods below.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat

from coursekit.exercises.worker import Worker, WorkerEnded

__all__ = ["CoursekitEngine"]

_CELL_SECONDS = 60.0
_OUTPUTS = {"stream", "display_data", "execute_result"}


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
            modules that cannot be imported; `execution_timeout`, seconds for a cell,
            60 by default.

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


def _run_all(manager: Any, options: dict[str, Any]) -> None:
    folder: str | Path | None = options.get("evidence")
    forbid: Sequence[str] = options.get("forbid") or ()
    seconds = options.get("execution_timeout") or _CELL_SECONDS
    with Worker(None if folder is None else str(folder), forbid) as worker:
        for index, cell in enumerate(manager.nb.cells):
            manager.cell_start(cell, index)
            if cell.cell_type == "code" and cell.source.strip():
                _run(worker, cell, seconds)
                if any(output.output_type == "error" for output in cell.outputs):
                    manager.cell_exception(cell, index)
            manager.cell_complete(cell, index)


def _run(worker: Worker, cell: nbformat.NotebookNode, seconds: float) -> None:
    try:
        reply = worker.run(cell.source, seconds)
    except WorkerEnded as error:
        reply = {"failure": {"name": "WorkerEnded", "message": str(error)}}
    cell.outputs = _outputs(reply)


def _outputs(reply: Any) -> list[nbformat.NotebookNode]:
    """Turn the child's reply into outputs; what is not of that form is left out."""
    found: list[nbformat.NotebookNode] = []
    if not isinstance(reply, dict):
        return found
    listed = reply.get("outputs")
    for raw in listed if isinstance(listed, list) else []:
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
