"""The published notebooks, in an environment like Colab's, give what the book shows."""

import hashlib
import json

import pytest

from coursekit.book import results
from coursekit.book.layout import here
from coursekit.book.notebooks import notebook, read_book
from coursekit.book.plan import plan

from . import colab


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("colab")
    colab.make(folder)
    return folder


def shown(outputs):
    """Outputs as a reader sees them; pictures by their digest."""
    found = []
    for output in outputs:
        if output["output_type"] == "stream":
            if found and found[-1][0] == output["name"]:
                found[-1] = (output["name"], found[-1][1] + output["text"])
            else:
                found.append((output["name"], output["text"]))
        elif output["output_type"] == "error":
            found.append(("error", output["ename"], output["evalue"]))
        else:
            found += sorted(
                (kind, hashlib.sha256(repr(data).encode()).hexdigest())
                if kind.startswith("image/")
                else (kind, data)
                for kind, data in output["data"].items()
            )
    return found


def differences(page, book, cells):
    """The cells whose outputs differ, as lines that name the page's line."""
    return [
        f"{page.source.path}:{cell.line}: the book shows {shown(there)!r:.300}, "
        f"the notebook {shown(done.outputs)!r:.300}"
        for cell, there, done in zip(page.source.code, book, cells, strict=True)
        if "varies" not in cell.tags and shown(there) != shown(done.outputs)
    ]


def due(layout, pages, everything):
    """Pages not compared since they changed, and the one compared longest ago."""
    changed, others = [], []
    for page in pages:
        state = _state(layout, page)
        same = state.is_file() and state.read_text() == page.key
        (others if same else changed).append(page)
    if everything:
        return pages
    oldest = sorted(others, key=lambda page: _state(layout, page).stat().st_mtime)
    return changed + oldest[:1]


def _state(layout, page):
    return layout.build / "colab" / f"{page.name}.key"


def test_the_stand_in_has_what_colab_has_and_no_more(machine):
    import subprocess

    python = machine / "venv" / "bin" / "python"
    probe = (
        "import json, importlib.util as u\n"
        "names = ['numpy', 'sklearn', 'google.colab', 'evidently', 'coursekit',\n"
        "         'ml_from_scratch', 'sphinx']\n"
        "print(json.dumps([n for n in names if u.find_spec(n)]))"
    )
    done = subprocess.run(
        [python, "-I", "-c", probe], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == ["numpy", "sklearn", "google.colab"]


def test_notebooks_outside_the_checkout_give_what_the_book_shows(
    machine, tmp_path, audit
):
    layout = here()
    pages = plan(layout)
    book = read_book(layout, pages)
    faults = []
    chosen = due(layout, pages, audit)
    assert chosen, "the book has no pages"
    for number, page in enumerate(chosen):
        there = results.outputs(layout, page)
        assert there is not None, f"{page.name} was not executed: run the book first"
        cells = colab.execute(
            machine, notebook(layout, page, book), tmp_path / str(number)
        )
        found = differences(page, there, cells)
        faults += found
        if not found:
            _state(layout, page).parent.mkdir(parents=True, exist_ok=True)
            _state(layout, page).write_text(page.key)
    assert faults == []


def test_a_difference_is_seen(executed):
    page = plan(executed)[0]
    there = results.outputs(executed, page)

    class Cell:
        def __init__(self, outputs):
            self.outputs = outputs

    same = [Cell(outputs) for outputs in there]
    assert differences(page, there, same) == []
    other = [Cell([]), *same[1:]]
    assert len(differences(page, there, other)) == 1
