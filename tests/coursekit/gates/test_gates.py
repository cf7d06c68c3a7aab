"""Each gate lets the good page pass and fires on its own defect, at the right line."""

import shutil
from pathlib import Path

import pytest

from coursekit.gates import GATES, examine, load_book
from coursekit.gates.model import Executed

FIXTURE = Path(__file__).resolve().parents[2] / "fixtures" / "gates"
NAME = "mathematics/good"
FIGURE = 'mystnb: {image: {alt: "A line that falls from one to zero."}}'


def book_with(tmp_path, old, new, executed=None):
    """Copy the good book, change one thing in its page, and load it."""
    root = tmp_path / "book"
    shutil.copytree(FIXTURE, root)
    page = root / "chapters" / f"{NAME}.md"
    text = page.read_text(encoding="utf-8")
    assert old in text, f"the good page has no {old!r} to change"
    changed = text.replace(old, new, 1)
    page.write_text(changed, encoding="utf-8")
    line = 1 + text[: text.index(old)].count("\n")
    return load_book(root, executed), line


def test_the_good_page_passes_every_gate():
    assert examine(load_book(FIXTURE)) == []


REMOVED = """---
tags: [remove-cell]
---
unseen = 3
```

```{code-cell} ipython3
"""

# gate, what to change, what it becomes, words of the sentence, lines below the change
DEFECTS = [
    ("front-matter", "minutes: 60", "minutes: soon", "minutes", 0),
    ("front-matter", "[math.gradient-descent]", "[math.flying]", "math.flying", 0),
    ("front-matter", "mathematics/derivatives", "mathematics/magic", "magic", 0),
    (
        "front-matter",
        "needs: [mathematics/derivatives]",
        f"needs: [{NAME}]",
        "other",
        0,
    ),
    ("front-matter", "exercise: mathematics/good", "exercise: a/b", "solutions/a/b", 0),
    ("front-matter", "data: [digits]", "data: [letters]", "letters", 0),
    ("front-matter", "waive: {}", "waive: {beauty: a very good reason}", "beauty", 0),
    ("front-matter", "waive: {}", "waive: {sizes: short}", "needs a reason", 0),
    ("skills", "[math.gradient-descent]", "[]", "teaches no skill", 0),
    ("skills", "(skill:math.gradient-descent)=\n", "", "no heading carries", None),
    ("anatomy", "## Recap", "## Summary", "none of the sections", 0),
    ("anatomy", "## In production", "## The idea", "too late", 0),
    ("anatomy", "# A page without a fault", "# A page\n\n# Two", "level 1", 2),
    ("anatomy", "ran for 3 hours", "ran for hours", "no number", -2),
    ("anatomy", "A model that ran", "word " * 121 + "A model that", "opening", -2),
    ("anatomy", "- choose a rate,\n", "", "list items", None),
    ("anatomy", "### The rate is too large", "", "at least 2 failures", None),
    ("sizes", "value_3 = 3", "value_3 = 3\n" * 31, "31 lines", 0),
    (
        "sizes",
        "## In production\n",
        "## In production\n" + "word " * 3000,
        "words",
        None,
    ),
    ("figures", FIGURE, "tags: [a]", "without alt text", 2),
    ("figures", "Do it in half an hour.", "![](a.png)", "picture without alt", 0),
    (
        "directives",
        ":: the slope points uphill, so we go against it.",
        "",
        "reason",
        None,
    ),
    ("directives", "- [x] It shrinks", "- [ ] It shrinks", "a right and a wrong", -2),
    ("directives", "```{predicted} good-first", "```{predicted} other", "never", None),
    ("directives", "```{quiz} good-1", "```{quiz} good-0", "used twice", None),
    ("directives", "```{quiz} good-2", "```{note} good-2", "2 quiz items", None),
    ("links", "Do it in half an hour.", "[Read](../nowhere.md).", "nowhere.md", 0),
    ("links", "{term}`learning rate`", "{term}`flux`", "flux", 0),
    ("links", "cauchy1847method", "nobody2000nothing", "references.bib", 0),
    ("code-style", "value_3 = 3", "import os", "F401", 0),
    ("code-style", "value_3 = 3", "value_3=3", "not formatted", 0),
    (
        "code-style",
        "value_3 = 3",
        REMOVED + "value_3 = unseen",
        "`unseen` in the cells that readers see",
        7,
    ),
    ("spelling", "Do it in half an hour.", "Do it seperately.", "seperately", 0),
    ("voice", "Do it in half an hour.", "It is simply done.", "simply", 0),
    ("voice", "Do it in half an hour.", "Normalize the color.", "British", 0),
]


@pytest.mark.parametrize(("gate", "old", "new", "words", "below"), DEFECTS)
def test_a_defect_is_found_by_its_gate_with_its_line(
    tmp_path, gate, old, new, words, below
):
    book, line = book_with(tmp_path, old, new)
    found = [f for f in examine(book) if f.gate == gate and words in f.message]
    assert found, [str(finding) for finding in examine(book)]
    if below is not None:
        assert line + below in [finding.line for finding in found], found


def test_what_describes_a_live_figure_is_no_prose(tmp_path):
    described = "```{live-figure} a-figure\n:alt: A b.\n" + "word " * 3000 + "\n```\n"
    book, _ = book_with(
        tmp_path, "## In production\n", f"{described}\n## In production\n"
    )
    assert [f for f in examine(book) if "words" in f.message] == []


def test_only_the_cell_that_is_not_formatted_is_named(tmp_path):
    book, line = book_with(tmp_path, "value_3 = 3", "value_3=3")
    assert [finding.line for finding in examine(book)] == [line]


def stream(name, text):
    return {"output_type": "stream", "name": name, "text": text}


def shown(text):
    return {"output_type": "execute_result", "data": {"text/plain": text}}


PICTURE = {"output_type": "display_data", "data": {"image/png": ""}}
ERROR = {"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []}
OUTPUTS = [
    ("outputs", stream("stderr", "noise"), "stderr"),
    ("outputs", stream("stdout", "FutureWarning: soon"), "a warning"),
    ("outputs", shown("<object at 0x7f00aa11bb22>"), "address"),
    ("outputs", shown("[<matplotlib.lines.Line2D at 0x7f00aa11bb22>]"), "matplotlib"),
    ("outputs", shown("'/home/somebody/data'"), "path of a machine"),
    ("outputs", ERROR, "ValueError"),
    ("figures", PICTURE, "without alt text"),
]


@pytest.mark.parametrize(("gate", "output", "words"), OUTPUTS)
def test_a_stray_output_is_found(gate, output, words):
    def executed(source):
        first = source.code[0].index
        return Executed(outputs={first: [output]}, seconds=1.0, peak_bytes=1)

    found = [f for f in examine(load_book(FIXTURE, executed)) if f.gate == gate]
    assert [f for f in found if words in f.message], found


@pytest.mark.parametrize(
    ("seconds", "peak", "words"), [(61.0, 1, "61 s"), (1.0, 1_600_000_000, "1.60 GB")]
)
def test_a_page_beyond_its_budget_is_found(seconds, peak, words):
    def executed(_):
        return Executed(outputs={}, seconds=seconds, peak_bytes=peak)

    found = examine(load_book(FIXTURE, executed))
    assert [f.gate for f in found] == ["resources"]
    assert words in found[0].message


def test_a_waived_gate_is_silent_and_the_others_are_not(tmp_path):
    book, _ = book_with(
        tmp_path,
        "waive: {}",
        "waive: {resources: this fixture is slow on purpose}",
        lambda _: Executed(outputs={}, seconds=99.0, peak_bytes=1),
    )
    assert examine(book) == []


def test_a_cycle_of_two_pages_is_found_on_both(tmp_path):
    root = tmp_path / "book"
    shutil.copytree(FIXTURE, root)
    pages = root / "chapters" / "mathematics"
    good = (pages / "good.md").read_text(encoding="utf-8")
    needs = "needs: [mathematics/derivatives]"
    (pages / "good.md").write_text(
        good.replace(needs, "needs: [mathematics/derivatives]")
    )
    (pages / "derivatives.md").write_text(good.replace(needs, f"needs: [{NAME}]"))
    found = [f for f in examine(load_book(root)) if "need each other" in f.message]
    assert {f.path.stem for f in found} == {"good", "derivatives"}


def test_a_planned_skill_that_no_page_teaches_is_found(tmp_path):
    root = tmp_path / "book"
    shutil.copytree(FIXTURE, root)
    pages = root / "chapters" / "mathematics"
    (pages / "good.md").rename(pages / "gradient-descent.md")
    found = [f for f in examine(load_book(root)) if "no page teaches it" in f.message]
    assert ["math.loss-surfaces" in f.message for f in found] == [True]


def test_every_gate_has_a_defect_that_shows_it_firing():
    shown_to_fire = {defect[0] for defect in DEFECTS} | {o[0] for o in OUTPUTS}
    assert shown_to_fire | {"resources"} == set(GATES)
