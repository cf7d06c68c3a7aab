"""papermill runs every cell in a child process, whatever the cells do."""

import contextlib
import os

import nbformat
import papermill
import pytest

from coursekit.exercises import worker
from coursekit.exercises.evidence import read
from coursekit.exercises.worker import Worker, WorkerEnded

STARTS = {"spawned": worker._Spawned}
if hasattr(os, "fork"):
    STARTS["forked"] = worker._Forked


def code(source, **metadata):
    return nbformat.v4.new_code_cell(source, metadata=metadata)


def execute(tmp_path, *cells, **options):
    """Run cells through papermill and return those of the result, by source."""
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "P", "language": "python"}
    }
    paper = tmp_path / "in.ipynb"
    nbformat.write(
        nbformat.v4.new_notebook(cells=list(cells), metadata=metadata), paper
    )
    done = tmp_path / "out.ipynb"
    with contextlib.suppress(papermill.PapermillExecutionError):
        papermill.execute_notebook(
            str(paper),
            str(done),
            engine_name="coursekit",
            progress_bar=False,
            **options,
        )
    return {
        cell.source: cell.outputs
        for cell in nbformat.read(done, as_version=4).cells
        if cell.cell_type == "code"
    }


def test_papermill_knows_the_engine_by_its_entry_point_or_by_name():
    from papermill.engines import papermill_engines

    from coursekit.exercises.engine import CoursekitEngine

    papermill_engines.register("coursekit", CoursekitEngine)
    assert papermill_engines.get_engine("coursekit") is CoursekitEngine


@pytest.fixture(params=STARTS)
def start(request, monkeypatch):
    monkeypatch.setattr(worker, "_start", STARTS[request.param])
    return STARTS[request.param]


def test_the_seed_is_injected_and_an_error_does_not_stop_the_next(tmp_path, start):
    found = execute(
        tmp_path,
        code("seed = 0", tags=["parameters"]),
        code("print('seed', seed)\n1 / 0"),
        code("seed + 1"),
        parameters={"seed": 41},
    )
    printed, error = found["print('seed', seed)\n1 / 0"]
    assert printed.text == "seed 41\n"
    assert (error.ename, error.evalue) == ("ZeroDivisionError", "division by zero")
    assert found["seed + 1"][0].data["text/plain"] == "42"


def test_what_is_displayed_reaches_the_notebook(tmp_path, start):
    source = "from IPython.display import HTML, display\ndisplay(HTML('<b>x</b>'))"
    (shown,) = execute(tmp_path, code(source))[source]
    assert shown.output_type == "display_data"
    assert shown.data["text/html"] == "<b>x</b>"


def test_evidence_is_written_where_the_engine_was_told(tmp_path, start):
    execute(tmp_path, code("evidence('q1.a', value=[1, 2])"), evidence=str(tmp_path))
    assert read(tmp_path, "q1").items == {"a": {"value": [1, 2]}}


def test_without_a_folder_there_is_no_evidence(tmp_path):
    source = "evidence('q1.a', value=1)"
    (error,) = execute(tmp_path, code(source))[source]
    assert error.ename == "NameError"


def test_forbidden_modules_are_not_there(tmp_path, start):
    source = "import json.decoder"
    (error,) = execute(tmp_path, code(source), forbid=["json.decoder"])[source]
    assert error.ename == "ModuleNotFoundError"
    assert "not there when this exercise is graded" in error.evalue


def test_a_cell_that_ends_its_process_costs_only_what_follows(tmp_path, start):
    found = execute(tmp_path, code("1 + 1"), code("import os; os._exit(0)"), code("2"))
    assert found["1 + 1"][0].data["text/plain"] == "2"
    assert found["import os; os._exit(0)"][0].evalue == "the process ended in this cell"
    assert found["2"][0].evalue == "the process had ended before this cell"


def test_a_cell_that_does_not_end_is_ended(tmp_path, start):
    source = "while True: pass"
    (error,) = execute(tmp_path, code(source), execution_timeout=1)[source]
    assert error.evalue == "the cell ran for more than 1 seconds"


def test_a_cell_cannot_answer_for_the_child(tmp_path, start):
    source = (
        "import os\nfor n in range(3, 20):\n"
        '    try:\n        os.write(n, b\'{"outputs": 7, "failure": 3}\\n[1\\n\')\n'
        "    except OSError:\n        pass"
    )
    found = execute(tmp_path, code(source), code("print('later')"))
    assert set(found) == {source, "print('later')"}


def test_reading_input_and_huge_output_do_no_harm(tmp_path):
    found = execute(tmp_path, code("input()"), code("print('x' * 10_000_000)"))
    assert found["input()"][-1].output_type == "error"
    assert len(found["print('x' * 10_000_000)"][0].text) == 200_000


def test_no_child_is_left(start):
    with Worker() as one:
        reply = one.run("import os; print(os.getpid())", 30)
        pid = int(reply["outputs"][0]["text"])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(WorkerEnded, match="had ended"):
        one.run("1", 30)
