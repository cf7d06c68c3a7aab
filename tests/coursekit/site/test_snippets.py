"""Snippets of plain pages, how much a page fetches, and the bars in the HTML."""

import pytest

from coursekit.site.cells import bar, notice, runs_here, why_not
from coursekit.site.fetched import megabytes
from coursekit.site.manifest import Manifest, PageFacts
from coursekit.site.runtime import Runtime
from coursekit.site.snippets import SnippetError, html_of, outputs_of


def facts(runs, versions=()):
    named = dict.fromkeys(versions, "1")
    return PageFacts("a/b", "B", [], 5, runs=runs, versions=named, fetches=[3, 4])


def manifest(page, *, run=True):
    return Manifest({"a/b": page}, "o/n", "https://x", "main", "notebooks", run=run)


def test_a_snippets_output_is_computed():
    said = outputs_of("print('a < b')\n[x * 2 for x in range(3)]")
    shown = html_of(said, "")
    assert (
        shown
        == '<pre class="ck-out">a &lt; b\n</pre><pre class="ck-out">[0, 2, 4]</pre>'
    )


def test_what_a_snippet_prints_stands_in_one_block():
    said = outputs_of("print(1)\nprint(2)")
    assert html_of(said, "") == '<pre class="ck-out">1\n2\n</pre>'


def test_a_snippet_that_draws_says_what():
    said = outputs_of("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    assert 'alt="A &quot;line&quot;"' in html_of(said, 'A "line"')


def test_a_snippet_that_fails_is_an_error_of_the_build():
    with pytest.raises(SnippetError, match="ZeroDivisionError"):
        outputs_of("1 / 0")


def test_bars_name_their_cell_and_hide_what_does_not_apply():
    html = bar(3)
    for act in ("run", "stop", "edit", "copy", "above", "reset"):
        assert f'data-act="{act}"' in html
    assert 'aria-label="Run cell 3">Run<' in html
    assert 'aria-label="Stop cell 3" hidden>' in html
    assert "Run all above" not in bar(1, above=False)


@pytest.mark.parametrize(
    ("run", "places", "runs"),
    [(True, ["page"], True), (True, ["local"], False), (False, ["page"], False)],
)
def test_bars_stand_where_a_page_runs_and_the_site_can(run, places, runs):
    assert runs_here(manifest(facts(places), run=run), "a/b") is runs
    assert not runs_here(manifest(facts(places), run=run), "other")


def test_a_page_says_what_it_fetches_or_why_it_does_not_run():
    there = facts(["page"])
    assert notice(manifest(there), there) == {"runs": True, "fetches": [3, 4]}
    assert notice(manifest(there), None) is None
    assert notice(manifest(there, run=False), there) is None


@pytest.mark.parametrize(
    ("versions", "why"),
    [
        (["numpy", "torch"], "it needs PyTorch"),
        (["Flask", "numpy"], "it starts a server"),
        (["numpy", "simpy"], "it needs simpy"),
        (["numpy"], "it uses the delay desk, which runs on a machine of its own"),
    ],
)
def test_why_a_page_does_not_run_is_said(versions, why):
    assert why_not(facts(["local"], versions)) == why


def test_what_a_page_fetches_is_what_its_cells_import(tmp_path):
    sizes = {"pyodide.asm.wasm": 9, "numpy.whl": 3, "sp.whl": 14, "big.whl": 50}
    kept = {}
    for name, size in sizes.items():
        kept[f"pyodide/{name}"] = tmp_path / name
        (tmp_path / name).write_bytes(bytes(size * 1_000_000))
    made = {
        "manifest.json": b'{"wheels": ["wheels/o.whl"], "imports": '
        b'{"ours": [], "ours.draw": ["scipy"]}}',
        "pyodide/pyodide-lock.json": b'{"packages": {'
        b'"numpy": {"imports": ["numpy"], "depends": [], "file_name": "numpy.whl"},'
        b'"scipy": {"imports": ["scipy"], "depends": ["numpy"], "file_name": "sp.whl"},'
        b'"big": {"imports": ["big"], "depends": [], "file_name": "big.whl"}}}',
        "wheels/o.whl": bytes(1_000_000),
    }
    runtime = Runtime("1", kept, made, [])
    assert megabytes(["x = 1"], runtime) == 9
    assert megabytes(["import numpy"], runtime) == 12
    assert megabytes(["import ours"], runtime) == 10
    assert megabytes(["import ours", "ours.draw()"], runtime) == 27
