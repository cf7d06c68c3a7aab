"""What directives draw from the build's manifest: part lists and the skills map."""

from types import SimpleNamespace

import pytest
from docutils import nodes
from sphinx import addnodes

from coursekit.site import maps, roadmap, skills, tags
from coursekit.site.manifest import Manifest, PageFacts
from coursekit.site.pathways import spoken

_PAGE = PageFacts(
    "mathematics/gradient-descent",
    "Gradient descent",
    ["math.gradient-descent"],
    60,
    needs=["mathematics/derivatives", "orientation/first-system"],
    exercise="mathematics/gradient-descent",
    exercise_minutes=45,
    exercise_questions=["q1", "q2"],
)


def _drawn(directive, *arguments, pages=(_PAGE,), found=()):
    """Run a directive for a site that has these pages."""
    manifest = Manifest({page.name: page for page in pages}, "", "", "", "")
    here = {*found, *manifest.pages}
    env = SimpleNamespace(found_docs=here, docname="mathematics/index")
    made = object.__new__(directive)
    made.arguments = list(arguments)
    made.lineno = 1
    made.manifest = lambda: manifest
    made.state = SimpleNamespace(
        document=SimpleNamespace(settings=SimpleNamespace(env=env))
    )
    return made.run()


def _rows(made, kind="li"):
    return [
        node
        for top in made
        for node in top.findall(tags.TagNode)
        if node["tag"] == kind
    ]


def test_a_part_lists_its_pages_in_the_books_order_those_to_come_plainly():
    made = _drawn(maps.PartContents, "mathematics")
    rows = _rows(made)
    planned = roadmap.contents_of("mathematics")
    assert len(rows) == len(planned) == 12
    for row, page in zip(rows, planned, strict=True):
        assert page.title in row.astext()
        links = {link["reftarget"] for link in row.findall(addnodes.pending_xref)}
        assert (f"/{page.name}" in links) == (page.name == _PAGE.name)
        assert ("to come" in row.astext()) == (page.name != _PAGE.name) or links


def test_a_part_that_is_whole_says_only_its_hours():
    titles = [page.name for page in roadmap.contents_of("orientation")]
    pages = [PageFacts(name, name, [], 50, exercise_minutes=30) for name in titles]
    first, _ = _drawn(maps.PartContents, "orientation", pages=pages)
    hours = spoken(80 * len(titles))
    assert first.astext() == f"{len(titles)} pages, {hours} with exercises."


def test_a_part_says_its_hours_a_page_its_minutes_and_what_it_needs():
    first, listed = _drawn(
        maps.PartContents, "mathematics", found=["orientation/first-system"]
    )
    # Eleven pages to come, each as long as the one that is there.
    assert first.astext() == (
        "1 of 12 pages is here, 1 h 45 min with exercises. "
        "The whole part will take about 21 hours."
    )
    (row,) = [row for row in _rows([listed]) if "data-page" in row["given"]]
    text = row.astext()
    assert "60 minutes, exercise 45 minutes, 1 skill" in text
    assert "Read first: Derivatives and the chain rule (to come), A whole" in text
    links = [link["reftarget"] for link in row.findall(addnodes.pending_xref)]
    assert links == ["/mathematics/gradient-descent", "/orientation/first-system"]


def test_a_page_that_the_plan_lacks_stands_after_the_others():
    other = PageFacts("mathematics/aside", "An aside", ["math.eigen"], 20)
    last = _rows(_drawn(maps.PartContents, "mathematics", pages=[other]))[-1]
    assert "An aside" in last.astext()


def test_a_part_that_there_is_not_is_said(caplog):
    assert _drawn(maps.PartContents, "physics") == []
    assert "there is no part 'physics'" in caplog.text


def test_the_skills_map_says_of_each_skill_where_and_how_deep():
    (made,) = _drawn(skills.SkillsMap)
    rows = [row for row in _rows([made]) if "data-skill" in row["given"]]
    assert len(rows) == len(roadmap.skills())
    taught = [row for row in rows if "data-taught" in row["given"]]
    assert [row.next_node(addnodes.pending_xref)["reftarget"] for row in taught] == [
        "skill:math.gradient-descent"
    ]
    assert 'data-exercise="mathematics/gradient-descent"' in taught[0]["given"]
    assert 'data-questions="2"' in taught[0]["given"]
    assert "built" in taught[0].astext()
    (drift,) = [row for row in rows if 'data-skill="mlops.drift"' in row["given"]]
    assert "To come in Drift" in drift.astext()


def test_each_area_counts_what_it_teaches():
    (made,) = _drawn(skills.SkillsMap)
    areas = {row["given"]: row.astext() for row in _rows([made], "details")}
    assert len(areas) == len(roadmap.AREAS)
    (maths,) = [text for given, text in areas.items() if '"math"' in given]
    assert "1 of 19 taught" in maths


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ('a "b" <c>', '<p title="a &quot;b&quot; &lt;c&gt;">'),
        (True, "<p title>"),
        (False, "<p>"),
        (3, '<p title="3">'),
    ],
)
def test_attributes_are_written_as_html_wants_them(value, written):
    assert tags.tag("p", title=value)["given"] == written


def test_text_inside_an_element_stays_text():
    made = tags.tag("p", "5 < 6", nodes.strong("", "no"))
    assert made.astext() == "5 < 6no"
