"""The reader of the source format: roles, lines, sentences for what is malformed."""

from pathlib import Path

import jupytext
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupytext.config import load_jupytext_config

from coursekit import source

HEAD = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {name: python3, display_name: Python 3}
"""
PAGE = (
    HEAD
    + """course:
  skills: [math.gradient-descent]
  minutes: 10
  runs: [local]
---

# A title

Some prose.

```{code-cell} ipython3
---
mystnb: {image: {alt: "A line."}}
tags: [varies]
---
first = 1
second = 2
```

More prose.

+++ {"course": {"role": "hint", "question": "q1", "level": 2}}

Look at the first line.

```{code-cell} ipython3

third = 3
```
"""
)


def written(tmp_path, text):
    path = tmp_path / "part" / "page.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_page_is_read_with_its_front_matter_name_and_title(tmp_path):
    page = source.read(written(tmp_path, PAGE))
    assert (page.name, page.title) == ("part/page", "A title")
    assert page.course is not None
    assert page.course.minutes == 10
    assert page.exercise is None


def test_every_cell_knows_the_line_of_its_first_text(tmp_path):
    page = source.read(written(tmp_path, PAGE))
    lines = PAGE.splitlines()
    assert [cell.kind for cell in page.cells] == [
        "markdown",
        "code",
        "markdown",
        "markdown",
        "code",
    ]
    for cell in page.cells:
        assert lines[cell.line - 1] == cell.source.splitlines()[0]


def test_metadata_tags_and_roles_are_read(tmp_path):
    page = source.read(written(tmp_path, PAGE))
    first = page.code[0]
    assert (first.alt, first.tags, first.role) == ("A line.", ["varies"], None)
    hint = page.cells[3].role
    assert hint is not None
    assert (hint.role, hint.question, hint.level) == ("hint", "q1", 2)


@given(
    st.lists(
        st.tuples(
            st.booleans(), st.lists(st.sampled_from(["x = 1", "", "y = x"]), max_size=4)
        ),
        min_size=1,
        max_size=6,
    )
)
def test_lines_hold_for_any_order_of_cells(blocks):
    text = [*PAGE.partition("# A title")[0].splitlines(), "# T"]
    for number, (is_code, body) in enumerate(blocks):
        inside = [f"# {number}", *body]
        text += (
            ["```{code-cell} ipython3", *inside, "```"] if is_code else ["", *inside]
        )
    whole = "\n".join(text) + "\n"
    raw = source._parse(Path("x.md"), whole)
    starts = raw.metadata.pop("source_map")
    for cell, start in zip(raw.cells, starts, strict=True):
        line = source._content_line(whole.splitlines(), cell, start)
        assert whole.splitlines()[line - 1] == cell.source.splitlines()[0]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("minutes: 10", "minutes: ten", 6, "course.minutes"),
        ("  minutes: 10\n", "", 1, "course.minutes: Field required"),
        ("minutes: 10", "minuts: 10", 6, "course.minuts"),
        ("minutes: 10", "minutes: 10\n  extra: null", 7, "leave the line out"),
        ("runs: [local]", "runs: [moon]", 7, "'moon'"),
        ('"level": 2', '"level": 4', 27, "course.level"),
        ('"role": "hint"', '"role": "help"', 27, "'help'"),
        ("tags: [varies]", "tags: [varies", 1, "malformed"),
        ("  skills: [math", "  skills: [[math", 1, "malformed"),
        ("kernelspec", "kernel", 1, "not a MyST notebook"),
    ],
)
def test_what_is_malformed_is_named_with_its_line(tmp_path, old, new, line, words):
    assert old in PAGE
    with pytest.raises(source.SourceError, match=r"page\.md") as caught:
        source.read(written(tmp_path, PAGE.replace(old, new)))
    assert words in str(caught.value)
    assert caught.value.line == line
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_file_that_is_not_text_are_one_sentence(tmp_path):
    with pytest.raises(source.SourceError, match="no such file"):
        source.read(tmp_path / "nothing.md")
    path = tmp_path / "binary.md"
    path.write_bytes(b"---\nkernelspec: \xff\n---\n")
    with pytest.raises(source.SourceError, match="not UTF-8"):
        source.read(path)


def test_plain_markdown_is_not_a_notebook():
    assert not source.is_notebook("# Title\n")
    assert not source.is_notebook("---\ntitle: x\n---\n# Title\nkernelspec: y\n")
    assert source.is_notebook(PAGE)


ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = [
    path
    for folder in ("chapters", "solutions")
    for path in sorted((ROOT / folder).glob("*/*.md"))
    if source.is_notebook(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: f"{p.parts[-3]}-{p.stem}")
def test_saving_from_jupyterlab_loses_nothing(path, tmp_path):
    """JupyterLab reads and writes the text through jupytext, with our settings."""
    config = load_jupytext_config(str(path))
    notebook = jupytext.read(path, config=config)
    copy = tmp_path / path.parent.name / path.name
    copy.parent.mkdir()
    copy.write_text(jupytext.writes(notebook, fmt="md:myst", config=config))
    before, after = source.read(path), source.read(copy)
    assert (after.course, after.exercise) == (before.course, before.exercise)
    assert [(c.kind, c.source, c.metadata) for c in after.cells] == [
        (c.kind, c.source, c.metadata) for c in before.cells
    ]
