"""Questions as they stand in a built page, and as the review finds them."""

import json
import re
import shutil
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from docutils import nodes

from coursekit.book.build import build
from coursekit.site.quizzes import Asked
from coursekit.site.review import questions_in, write_review_again

from .asking import FIRST, build_book, write_book


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return build_book(tmp_path_factory.mktemp("asking") / "book")


def soup(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def offered(site, page):
    """What a page's script hands to the review."""
    text = (site / "_questions" / f"{page}.js").read_text(encoding="utf-8")
    found = re.fullmatch(r'course\.offer\("([^"]+)", (.*)\);\n', text, re.DOTALL)
    assert found[1] == page
    return json.loads(found[2])


def index(site):
    return json.loads(soup(site / "review.html").select_one(".ck-review-index").string)


def test_an_option_is_one_row_with_a_control_and_a_folded_reason(site):
    option = soup(site / "alpha" / "first.html").select_one(
        "#quiz-first-one .ck-option[data-number='2']"
    )
    control = option.select_one("label > input")
    assert (control["type"], control["data-right"]) == ("radio", "true")
    assert option.select_one("label .ck-label").get_text() == "2.5"
    assert not option.select_one("details").has_attr("open")
    assert option.select_one(".ck-why").get_text().startswith("Right: it overshoots")


def test_where_more_than_one_option_holds_this_is_said(site):
    page = soup(site / "alpha" / "first.html")
    assert page.select_one("#quiz-first-many .ck-how").get_text()
    assert page.select_one("#quiz-first-many input")["type"] == "checkbox"
    assert not page.select("#quiz-first-one .ck-how")


def test_a_prediction_shows_no_reason_before_the_page_comes_back_to_it(site):
    page = soup(site / "alpha" / "first.html")
    assert not page.select("#predict-first-guess .ck-why")
    looked_back = page.select_one(".ck-recall[data-question='first-guess'] details")
    assert not looked_back.has_attr("open")
    assert len(looked_back.select(".ck-why")) == 2


def test_every_group_of_controls_has_a_name(site):
    page = soup(site / "alpha" / "first.html")
    for group in page.select("fieldset"):
        assert page.select_one(f"#{group['aria-labelledby']}").get_text().strip()


def test_a_control_whose_label_is_a_formula_alone_has_a_name_of_words(site):
    page = soup(site / "alpha" / "first.html")
    names = [tag.get("aria-label") for tag in page.select("#predict-first-guess input")]
    assert names == ["1", "0"]
    assert not page.select("#quiz-first-one input[aria-label]")


def test_the_review_knows_every_quiz_and_no_prediction(site):
    assert index(site) == [
        {
            "page": "alpha/first",
            "title": "First page",
            "ids": ["first-one", "first-many"],
        },
        {"page": "alpha/second", "title": "Second page", "ids": ["second-one"]},
    ]


def test_a_pages_script_offers_its_questions_as_they_stand_there(site):
    found = offered(site, "alpha/first")
    assert list(found) == ["first-one", "first-many"]
    there = soup(site / "alpha" / "first.html").select_one("#quiz-first-many")
    assert str(BeautifulSoup(found["first-many"], "html.parser")) == str(there)
    assert not (site / "_questions" / "glossary.js").exists()


def test_addresses_in_a_question_lead_from_the_sites_root(site):
    links = BeautifulSoup(offered(site, "alpha/first")["first-one"], "html.parser")
    assert [link["href"] for link in links.select("a")] == [
        "~/alpha/second.html",
        "~/glossary.html#term-slope",
    ]


@pytest.mark.parametrize(
    ("address", "moved"),
    [
        ("#here", "~/a/b/page.html#here"),
        ("other.html#x", "~/a/b/other.html#x"),
        ("../../_images/x.png", "~/_images/x.png"),
        ("https://example.org/x", "https://example.org/x"),
        ("mailto:x@example.org", "mailto:x@example.org"),
    ],
)
def test_an_address_is_moved_only_if_it_is_of_this_site(address, moved):
    html = f'<section class="ck-question" id="quiz-x"><a href="{address}"></section>'
    assert f'href="{moved}"' in questions_in(html, "a/b/page")["x"]


def test_every_page_links_to_the_review_if_there_is_one(site, tmp_path):
    links = soup(site / "alpha" / "first.html").select("a.ck-due-link")
    assert [link["href"] for link in links] == ["../review.html"]
    without = build_book(tmp_path / "book", review="# Review\n\nNone.\n")
    assert not soup(without / "alpha" / "first.html").select("a.ck-due-link")


def test_the_review_has_the_style_of_formulas_and_its_script(site):
    page = soup(site / "review.html")
    assert page.select("link[href*='katex']")
    scripts = [tag["src"] for tag in page.select("script[src]")]
    assert [src.partition("?")[0] for src in scripts] == [
        "_static/course.js",
        "_static/review/review.js",
    ]


def test_a_question_that_is_taken_out_leaves_the_review_at_the_next_build(tmp_path):
    layout = write_book(tmp_path / "book")
    assert build(layout).faults == []
    second = layout.chapters / "alpha" / "second.md"
    second.write_text("# Second page\n\nOf {term}`slope`.\n", encoding="utf-8")
    assert build(layout).faults == []
    assert [page["page"] for page in index(layout.html)] == ["alpha/first"]
    assert not (layout.html / "_questions" / "alpha" / "second.js").exists()


def test_the_review_is_written_again_only_when_the_questions_changed():
    env = SimpleNamespace(
        coursekit_review="review",
        coursekit_questions={"a": Asked("alpha", 3, "quiz")},
        found_docs={"review", "alpha"},
        titles={"alpha": nodes.title("", "Alpha")},
    )
    assert write_review_again(None, env) == ["review"]
    assert write_review_again(None, env) == []
    env.coursekit_questions["b"] = Asked("alpha", 9, "quiz")
    assert write_review_again(None, env) == ["review"]


def test_an_id_that_is_used_twice_is_refused_with_its_line(tmp_path):
    layout = write_book(tmp_path / "book", alpha__second=FIRST)
    faults = [fault for fault in build(layout).faults if "used twice" in fault]
    assert len(faults) == 3
    assert faults[0].startswith("chapters/alpha/second.md:")


def test_a_look_back_without_its_prediction_is_refused(tmp_path):
    text = "# Second page\n\n```{predicted} nothing\n```\n"
    layout = write_book(tmp_path / "book", alpha__second=text)
    assert any("no {predict} nothing" in fault for fault in build(layout).faults)
    shutil.rmtree(layout.root)
