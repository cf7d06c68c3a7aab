import ast
import json
import re

import nbformat
import pytest

from coursekit.book import notebooks
from coursekit.book.markdown import Book, Converter, read_works
from coursekit.book.notebooks import bootstrap_cell, publish
from coursekit.book.plan import plan
from coursekit.settings import Settings
from coursekit.source import SourceError, read

SITE = "https://book.example"
PUBLISHED = Settings(
    title="T", repository="o/n", base_url=SITE, tag="v1", notebooks_branch="notebooks"
)


@pytest.fixture
def convert(executed):
    source = read(executed.chapters / "alpha" / "first-page.md")
    works = read_works(executed.chapters / "references.bib")
    targets = {"skill:math.gradient-descent": ("alpha/first-page", "The idea")}
    book = Book(SITE, works, targets)
    return Converter(book, source, {"landed": "0.0"}).convert


@pytest.fixture(scope="module")
def published(executed):
    outcome = publish(executed, plan(executed))
    assert outcome.faults == []
    return {path.stem: nbformat.read(path, as_version=4) for path in outcome.made}


def prose(notebook):
    return "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("It is {glue:text}`landed`.", "It is 0.0."),
        ("A {term}`learning rate` is", "A learning rate is"),
        ("A {term}`rate <learning rate>` is", "A rate is"),
        ("(skill:x.y)=\n## Idea", "## Idea"),
        ("[b](../beta/second-page.md)", f"[b]({SITE}/beta/second-page.html)"),
        ("[b](../beta/second-page.md#x)", f"[b]({SITE}/beta/second-page.html#x)"),
        ("[b](https://other.example/a.md)", "[b](https://other.example/a.md)"),
        (
            "{ref}`skill:math.gradient-descent`",
            f"[The idea]({SITE}/alpha/first-page.html#skill-math-gradient-descent)",
        ),
        (
            "See {cite:t}`robbins1951stochastic`.",
            f"See [Robbins and Monro (1951)]({SITE}/about/references.html).",
        ),
        (
            "See {cite:p}`robbins1951stochastic`.",
            f"See ([Robbins and Monro, 1951]({SITE}/about/references.html)).",
        ),
        ("`{term}` is code", "`{term}` is code"),
        ("```python\n{term}`x`\n```", "```python\n{term}`x`\n```"),
        ("$x$ and {math}`y`", "$x$ and $y$"),
        ("```{note}\nMind `it`.\n```", "> **Note**\n>\n> Mind `it`."),
        (":::{admonition} Take {term}`care`\nNow.\n:::", "> **Take care**\n>\n> Now."),
    ],
)
def test_what_only_the_site_understands_becomes_plain(convert, markdown, plain):
    assert convert(markdown) == plain


@pytest.mark.parametrize(
    ("markdown", "says"),
    [
        ("{glue:text}`other`", "'other'"),
        ("{cite:t}`nobody2000`", "nobody2000"),
        ("{ref}`nowhere`", "nowhere"),
        ("{unknown}`x`", "unknown"),
        ("```{tabs}\n```", "tabs"),
        ("```{predicted} never\n```", "never"),
        ("```{quiz} q\nWhich?\n```", "options"),
    ],
)
def test_what_has_no_plain_form_is_an_error_with_file_and_line(convert, markdown, says):
    with pytest.raises(SourceError, match=rf"first-page\.md:7: .*{says}"):
        convert(markdown, 7)


def test_quizzes_fold_their_answers(published):
    text = prose(published["first-page"])
    folded = re.findall(r"<details>.*?</details>", text, flags=re.DOTALL)
    assert len(folded) == 2
    outside = re.sub(r"<details>.*?</details>", "", text, flags=re.DOTALL)
    assert "1. smaller steps are safer" in outside
    assert "trusts the slope less far" not in outside
    assert "trusts the slope less far" in folded[1]


def test_live_figures_point_at_the_page(published):
    text = prose(published["first-page"])
    assert "A valley with a path down it" in text
    assert "live-figure" not in text


def test_no_markup_of_the_site_is_left(published):
    for notebook in published.values():
        text = re.sub(r"`[^`]*`", "", prose(notebook))
        assert not re.search(r"\{[\w:-]+\}`|```\{|^\(.+\)=$", text, flags=re.MULTILINE)


def test_published_notebooks_are_valid_and_begin_with_the_bootstrap(published):
    for notebook in published.values():
        nbformat.validate(notebook)
        first = notebook.cells[0]
        assert first.metadata["tags"] == ["bootstrap"]
        assert all(not cell.get("outputs") for cell in notebook.cells)


def test_publishing_twice_gives_the_same_bytes(executed):
    first = {p: p.read_bytes() for p in publish(executed, plan(executed)).made}
    assert {p: p.read_bytes() for p in publish(executed, plan(executed)).made} == first


def commands(code):
    """The arguments that the bootstrap gives to pip."""
    calls = [
        node
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "subprocess.run"
    ]
    return [[a.value for a in call.args[0].elts[1:]] for call in calls]


def test_outside_colab_the_bootstrap_does_nothing(monkeypatch):
    monkeypatch.setattr("subprocess.run", lambda *a, **k: pytest.fail("pip was run"))
    exec(bootstrap_cell(["numpy", "delay_desk", "evidently"], PUBLISHED), {})


def test_the_bootstrap_installs_ours_without_dependencies_and_what_colab_lacks():
    found = commands(bootstrap_cell(["numpy", "delay_desk", "evidently"], PUBLISHED))
    repository = "git+https://github.com/o/n@v1"
    assert found == [
        ["--no-deps", f"ml-engineer-course @ {repository}"],
        ["--no-deps", f"delay-desk @ {repository}#subdirectory=projects/delay-desk"],
        ["evidently"],
    ]


def test_the_bootstrap_pins_and_names_nothing_that_colab_preloads():
    names = ["numpy", "pandas", "sklearn", "torch", "scipy", "matplotlib", "json"]
    assert len(commands(bootstrap_cell(names, PUBLISHED))) == 1
    everything = bootstrap_cell([*names, "evidently", "fastapi"], PUBLISHED)
    assert not re.search(r"==|>=|<|~=", everything)


def test_what_is_not_known_to_be_preloaded_is_installed_by_its_own_name():
    found = commands(bootstrap_cell(["fastapi", "simpy", "PIL"], PUBLISHED))
    assert found[1:] == [["fastapi", "httpx2", "pillow", "simpy"]]


def test_the_distributions_that_the_bootstrap_names_exist():
    from coursekit.book.layout import here

    text = bootstrap_cell(["delay_desk"], PUBLISHED)
    root = here().root
    for folder in re.findall(r"subdirectory=([\w/-]+)", text):
        assert (root / folder / "pyproject.toml").is_file()
    assert 'name = "ml-engineer-course"' in (root / "pyproject.toml").read_text()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("'0.5'", "0.5"),
        ("0.5", "0.5"),
        ('"it\'s"', "it's"),
        ("'1\\xa0000'", "1\xa0000"),
        ("array([1.])", "array([1.])"),
    ],
)
def test_a_glued_value_is_shown_as_the_site_shows_it(text, shown):
    assert notebooks._shown(text) == shown


def test_bibliography_forms(tmp_path):
    path = tmp_path / "works.bib"
    path.write_text(
        "@book{one, author={Ada Lovelace}, title={N}, year={1843}}\n"
        "@book{three, author={A B and C D and E F}, title={N}, year={2000}}\n"
        "@misc{none, title={{A Standard}}, year={2020}}\n"
    )
    assert read_works(path) == {
        "one": "Lovelace (1843)",
        "three": "B and others (2000)",
        "none": "A Standard (2020)",
    }


def test_the_notebook_is_plain_json_with_a_name_for_colab(executed):
    (path, _) = sorted(publish(executed, plan(executed)).made)
    assert json.loads(path.read_text())["metadata"]["colab"]["name"].endswith(".ipynb")
