"""Where a part's map puts its pages, and which lines it draws."""

import re
from types import SimpleNamespace

from docutils import nodes
from hypothesis import given
from hypothesis import strategies as st

from coursekit.site import partmap, tags
from coursekit.site.manifest import Manifest, PageFacts


@st.composite
def _parts(draw):
    """What each page of a part needs: pages before it, in any number."""
    count = draw(st.integers(1, 12))
    return {
        str(k): sorted(draw(st.sets(st.integers(0, k - 1).map(str), max_size=4)))
        if k
        else []
        for k in range(count)
    }


def _behind(needs, page):
    return {page}.union(*(_behind(needs, one) for one in needs[page]))


@given(_parts())
def test_what_is_left_out_of_the_needs_is_needed_by_the_way(needs):
    kept = partmap.direct(needs)
    for page, wanted in needs.items():
        assert set(kept[page]) <= set(wanted)
        assert _behind(kept, page) == _behind(needs, page)
        for one in kept[page]:
            others = [other for other in kept[page] if other != one]
            assert not any(one in _behind(needs, other) for other in others)


@given(_parts(), st.integers(2, 4))
def test_every_page_stands_alone_below_all_that_it_needs(needs, width):
    cells = partmap.placed(partmap.direct(needs), width)
    assert set(cells) == set(needs)
    assert len(set(cells.values())) == len(cells)
    assert {cell.column for cell in cells.values()} <= set(range(width))
    for page, wanted in needs.items():
        assert all(cells[one].row < cells[page].row for one in wanted)


@given(_parts())
def test_no_row_is_left_empty(needs):
    used = {cell.row for cell in partmap.placed(partmap.direct(needs)).values()}
    assert used == set(range(len(used)))


def test_a_line_goes_around_a_card_where_it_can():
    cells = partmap.placed({"a": [], "b": ["a"], "c": ["b"], "d": ["a", "c"]})
    straight = [cells[one].column for one in "abc"]
    assert straight.count(straight[0]) == 3
    assert cells["d"].column != straight[0]


def _facts(name, needs):
    return PageFacts(name, name.title(), [], 30, needs=needs)


def _drawn(part, *pages):
    manifest = Manifest({page.name: page for page in pages}, "", "", "", "")
    env = SimpleNamespace(found_docs=set(manifest.pages), docname="mathematics/index")
    made = object.__new__(partmap.PartMap)
    made.arguments, made.lineno = [part], 1
    made.manifest = lambda: manifest
    made.state = SimpleNamespace(
        document=SimpleNamespace(settings=SimpleNamespace(env=env))
    )
    return made.run()


def test_the_map_links_the_pages_that_are_there_and_draws_a_line_for_each_need():
    (made,) = _drawn(
        "mathematics",
        _facts("mathematics/vectors-and-matrices", []),
        _facts("mathematics/eigen-and-svd", ["mathematics/vectors-and-matrices"]),
        # A later page, and one of another part: no line leads to either.
        _facts(
            "mathematics/derivatives",
            ["mathematics/gradient-descent", "engineering/numpy"],
        ),
        _facts("mathematics/gradient-descent", ["mathematics/derivatives"]),
    )
    cards = [node for node in made.findall(tags.TagNode) if "ck-stop" in node["given"]]
    assert [re.search(r'data-page="([^"]+)"', card["given"])[1] for card in cards] == [
        "mathematics/vectors-and-matrices",
        "mathematics/eigen-and-svd",
        "mathematics/derivatives",
        "mathematics/gradient-descent",
    ]
    (svg,) = made.findall(nodes.raw)
    assert svg.astext().count("<path") == 2
    assert 'viewBox="0 0 3 2"' in svg.astext()
