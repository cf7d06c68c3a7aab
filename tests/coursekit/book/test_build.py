import dataclasses
import json
import shutil

import pytest
from bs4 import BeautifulSoup

from coursekit.book import build as building
from coursekit.book import inputs, results
from coursekit.book.build import build
from coursekit.book.layout import Layout
from coursekit.book.plan import plan

from .conftest import add_page, quietly

FIRST = "alpha/first-page"


@pytest.fixture(scope="module")
def built(executed, tmp_path_factory):
    """A site of the executed book: look at it, do not change it."""
    layout = Layout(tmp_path_factory.mktemp("built") / "book")
    shutil.copytree(executed.root, layout.root)
    outcome = build(layout)
    assert outcome.faults == []
    return layout


@pytest.fixture
def site(built, tmp_path):
    """A copy of the built book, to be changed at will."""
    layout = Layout(tmp_path / "site")
    shutil.copytree(built.root, layout.root)
    shutil.rmtree(layout.build / "doctrees")  # it holds the folder's old name
    return layout


def soup(layout, page):
    html = (layout.html / f"{page}.html").read_text(encoding="utf-8")
    return BeautifulSoup(html, "html.parser")


def edit(layout, name, old, new):
    path = layout.chapters / f"{name}.md"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_front_page_is_the_index_itself(built):
    page = soup(built, "index")
    assert page.find("h1").get_text().startswith("The fixture")
    assert page.find("meta", attrs={"http-equiv": "Refresh"}) is None


def test_a_page_shows_the_outputs_of_its_run(built):
    page = soup(built, FIRST)
    assert "array([0.])" in page.get_text()
    assert "It lands on 0.0" in page.get_text()
    picture = page.select_one("div.cell_output img")
    assert picture["alt"] == "A straight line from 0 to 1."
    assert int(picture["width"]) > int(picture["height"]) > 0


def test_mathematics_is_there_without_scripts(built):
    assert soup(built, FIRST).select("span.katex math")


def test_a_question_is_made_of_form_controls(built):
    question = soup(built, FIRST).select_one("#quiz-alpha-quiz")
    controls = question.select("fieldset input")
    assert [control["type"] for control in controls] == ["checkbox"] * 3
    for control in controls:
        assert control.find_parent("label").get_text(strip=True)
    assert question.select_one("button[type=submit]")
    prompt = question.find("fieldset")["aria-labelledby"]
    assert "Which hold?" in question.select_one(f"#{prompt}").get_text()
    assert len(question.select("details.ck-reason")) == 3


def test_a_prediction_is_answered_later_and_not_before(built):
    page = soup(built, FIRST)
    asked = page.select_one("#predict-alpha-step")
    assert {c["type"] for c in asked.select("input")} == {"radio"}
    assert "forgets the factor" not in asked.get_text()
    assert "forgets the factor" in page.select_one(".ck-recall details").get_text()


def test_a_live_figure_is_drawn_in_the_page_and_loads_its_script(built):
    page = soup(built, FIRST)
    figure, other = page.select("loss-surface")
    picture = figure.select_one("svg")
    assert picture["aria-label"] == "A valley with a path down it."
    words = page.select_one(f"#{picture['aria-describedby']}")
    assert words.get_text().strip().startswith("Move the start in the book")
    assert (other["rate"], other["start"]) == ("0.12", "-3 1")
    assert "diverges" in other.get_text()
    (script,) = page.select("script[src*='figures/loss-surface.js']")
    assert "module" not in script.attrs.values()
    path = (built.html / "alpha" / script["src"].partition("?")[0]).resolve()
    assert "import " not in path.read_text(encoding="utf-8")
    assert not (path.parent / "kit.js").exists()
    assert not soup(built, "index").select("script[src*='figures/']")


def test_the_foot_of_a_page_tells_what_it_ran_on(built):
    foot = soup(built, FIRST).select_one(".ck-facts")
    record = results.load(built, FIRST)
    assert f"Python {record.python}" in foot.get_text()
    assert f"numpy {record.versions['numpy']}" in foot.get_text()
    assert f"{record.seconds:.1f} s" in foot.get_text()
    links = {a.get_text(): a["href"] for a in foot.select("a")}
    assert "/blob/notebooks/alpha/first-page.ipynb" in links["Open in Colab"]
    assert (built.html / "alpha" / links["Download the notebook"]).resolve().is_file()
    assert "issues/new?title=A+page+that+descends" in links["Report an error"]
    assert links["tiny"].endswith("/datasets/tiny/DATASHEET.md")
    assert not soup(built, "index").select(".ck-facts")


def test_the_exercise_section_links_to_starter_and_answers(built):
    links = {
        a.get_text(): a["href"]
        for a in soup(built, FIRST).select("#exercise .ck-links a")
    }
    assert links["Open in Colab"].endswith("/exercises/alpha/first-page.ipynb")
    for words in ("Download the notebook", "Reference answers"):
        assert (built.html / "alpha" / links[words]).resolve().is_file()


def test_answers_show_the_reference_and_nothing_of_the_grader(built):
    text = soup(built, "answers/alpha/first-page").select_one("article").get_text()
    assert "return w - rate * 2 * w" in text
    for secret in (
        "SOLUTION",
        "evidence",
        "judge",
        "close(",
        "secret nudge",
        "check = 1",
    ):
        assert secret not in text


def test_without_answers_nothing_of_them_is_in_the_site(site):
    assert build(site, answers=False).faults == []
    assert not (site.html / "answers").exists()
    assert "Reference answers" not in soup(site, FIRST).get_text()
    for path in site.html.rglob("*"):
        if path.suffix in {".html", ".js", ".ipynb"}:
            assert "rate * 2 * w" not in path.read_text(encoding="utf-8"), path


def test_part_contents_link_to_pages_that_are_there(built):
    links = [a["href"] for a in soup(built, "alpha/index").select("article li a")]
    assert links == ["first-page.html"]


def test_nothing_changed_means_no_sphinx(built, monkeypatch):
    monkeypatch.setattr(building, "_sphinx", lambda *_: pytest.fail("Sphinx was run"))
    assert build(built).skipped


def test_editing_prose_builds_again_without_executing(site):
    edit(site, FIRST, "halves nothing", "halves little")
    report, _ = quietly(site)
    assert report.ran == []
    outcome = build(site)
    assert outcome.faults == []
    assert not outcome.skipped
    assert "halves little" in soup(site, FIRST).get_text()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("(../beta/second-page.md) or", "(../beta/no-page.md) or", "no-page"),
        ("second-page.md#the-idea", "second-page.md#no-heading", "no-heading"),
        ("{term}`learning rate`", "{term}`earning rate`", "earning rate"),
        ("`robbins1951stochastic`", "`robbins1952`", "robbins1952"),
        ("{glue:text}`landed`", "{glue:text}`fell`", "fell"),
        ("- [x] 0 :: $2", "- [x] 0 : $2", "no reason"),
        ("- [x] 0 :: $2", "- [ ] 0 :: $2", "no option is marked right"),
        ("{predicted} alpha-step", "{predicted} alpha-steps", "alpha-steps"),
        ("{quiz} alpha-quiz", "{quiz} alpha-step", "used twice"),
        (":alt: A valley", ":shows: A valley", "alt"),
        ("{live-figure} loss-surface", "{live-figure} a-hill", "a-hill: there is no"),
        ("{live-figure} loss-surface", "{live-figure} hill", "with a hyphen"),
        (":set: rate=0.12", ":set: rat=0.12", "it has no rat"),
        (":set: rate=0.12", ":set: rate", "write name=value"),
        (r"\nabla f", r"\nablaf", "nablaf"),
        ("{note}", "{notes}", "notes"),
    ],
)
def test_a_fault_breaks_the_build_with_page_and_line(site, old, new, says):
    edit(site, FIRST, old, new)
    lines = (site.chapters / f"{FIRST}.md").read_text().splitlines()
    line = next(
        n for n, text in enumerate(lines, start=1) if new.split("\n")[0] in text
    )
    outcome = build(site)
    fault = next((f for f in outcome.faults if says in f), None)
    assert fault, outcome.faults
    assert fault.startswith("chapters/alpha/first-page.md:")
    # The line of the paragraph or directive that holds it, at most a few before.
    assert line - 4 <= int(fault.split(":")[1]) <= line + 1, (line, fault)


def test_a_fault_is_reported_again_until_it_is_mended(site):
    edit(site, FIRST, "{term}`learning rate`", "{term}`earning rate`")
    assert build(site).faults
    assert build(site).faults
    edit(site, FIRST, "{term}`earning rate`", "{term}`learning rate`")
    assert build(site).faults == []


def test_a_target_that_moves_is_followed_by_pages_that_did_not_change(site):
    assert build(site).faults == []
    assert "glossary.html#term-learning-rate" in str(soup(site, FIRST))
    edit(site, "glossary", "learning rate\n", "Learning rate\n")
    assert build(site).faults == []
    assert "glossary.html#term-Learning-rate" in str(soup(site, FIRST))


def test_a_target_that_goes_is_missed_by_pages_that_did_not_change(site):
    assert build(site).faults == []
    edit(site, "glossary", "learning rate\n", "stride\n")
    (fault,) = build(site).faults
    assert fault.startswith("chapters/alpha/first-page.md:")
    assert "learning rate" in fault


def test_the_foot_of_a_page_follows_its_last_run(site):
    assert build(site).faults == []
    record = results.load(site, FIRST)
    results.save(site, dataclasses.replace(record, seconds=77.7))
    assert build(site).faults == []
    assert "77.7 s" in soup(site, FIRST).select_one(".ck-facts").get_text()


def test_a_page_that_was_not_executed_breaks_the_build(site):
    edit(site, FIRST, "rate=0.5", "rate=0.25")
    outcome = build(site)
    (fault,) = outcome.faults
    assert fault.startswith("chapters/alpha/first-page.md:1: not executed")
    assert fault.endswith("coursekit run alpha/first-page")


def test_a_page_that_failed_breaks_the_build_with_its_cell(site):
    add_page(site, "alpha/broken", "1 / 0")
    quietly(site)
    (fault,) = build(site).faults
    assert fault.startswith("chapters/alpha/broken.md:")
    assert "ZeroDivisionError" in fault


def test_a_page_that_was_removed_leaves_the_site(site):
    assert (site.html / "beta/second-page.html").is_file()
    (site.chapters / "beta/second-page.md").unlink()
    for name in (FIRST, "index"):
        path = site.chapters / f"{name}.md"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("../beta/second-page.md", "../alpha/index.md"))
    edit(site, FIRST, "#the-idea", "")
    (site.chapters / "beta/index.md").write_text("# An empty part\n")
    contents = site.root / "_toc.yml"
    kept = contents.read_text().replace(
        "    sections:\n      - file: chapters/beta/sec", "#"
    )
    contents.write_text(kept)
    assert build(site).faults == []
    assert not (site.html / "beta/second-page.html").exists()
    assert not (site.html / "notebooks/beta/second-page.ipynb").exists()


def test_the_inputs_digest_sees_every_kind_of_change(site):
    assert not inputs.unchanged(site, answers=True)
    inputs.remember(site, inputs.digest(site, answers=True))
    assert inputs.unchanged(site, answers=True)
    assert not inputs.unchanged(site, answers=False)
    for name in ("chapters/index.md", "toybox/other.py", "_toc.yml"):
        path = site.root / name
        before = path.read_bytes()
        path.write_bytes(before + b"\n")
        assert not inputs.unchanged(site, answers=True), name
        path.write_bytes(before)
    assert inputs.unchanged(site, answers=True)


def test_a_draft_shows_what_there_is(site):
    edit(site, FIRST, "rate=0.5", "rate=0.25")
    outcome = build(site, plan(site), draft=True)
    assert outcome.faults
    assert "A page that waits" in soup(site, "beta/second-page").get_text()


def test_the_manifest_is_what_gates_can_read(built):
    manifest = json.loads((built.source / "manifest.json").read_text())
    facts = manifest["pages"][FIRST]
    assert facts["skills"] == ["math.gradient-descent"]
    assert facts["has_answers"]


def test_what_an_earlier_configuration_asked_for_is_gone(site):
    build(site)
    stale = site.html / "stale.html"
    stale.write_text("as an earlier configuration wrote it", encoding="utf-8")
    config = site.root / "_config.yml"
    config.write_text(config.read_text(encoding="utf-8") + "\n# changed\n")
    assert build(site).faults == []
    assert not stale.exists()
