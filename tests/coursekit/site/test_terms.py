"""Terms: a card for each that a page uses, and a glossary that says where."""

from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from docutils import nodes

from coursekit.book.build import build
from coursekit.site import terms

from .asking import GLOSSARY, build_book, write_book


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return build_book(tmp_path_factory.mktemp("terms") / "book")


def soup(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def test_a_page_has_one_card_for_each_term_however_often_it_is_used(site):
    cards = soup(site / "alpha" / "first.html").select(".ck-card[popover='manual']")
    assert [card["id"] for card in cards] == [
        "card-term-learning-rate",
        "card-term-slope",
    ]


def test_a_card_has_the_definition_with_its_formula_and_leads_to_the_glossary(site):
    card = soup(site / "alpha" / "first.html").select_one("#card-term-slope")
    assert card.select_one(".ck-card-term").get_text() == "slope"
    text = card.select_one(".ck-card-text")
    assert "How steep a function is" in text.get_text()
    assert text.select("math")
    assert not text.select("a")
    assert [a["href"] for a in card.select("a")] == ["../glossary.html#term-slope"]


def test_a_page_without_terms_has_no_card(site):
    assert not soup(site / "index.html").select(".ck-card")


def test_a_term_is_still_a_link_into_the_glossary(site):
    links = soup(site / "alpha" / "first.html").select("a:has(> .std-term)")
    addresses = {link["href"] for link in links}
    assert "../glossary.html#term-slope" in addresses
    assert all(href.startswith("../glossary.html#term-") for href in addresses)


def test_the_glossary_is_in_order_with_an_index_of_its_letters(site):
    page = soup(site / "glossary.html")
    letters = [link["href"] for link in page.select(".ck-letters a")]
    assert letters == ["#letter-0-9", "#letter-l", "#letter-s"]
    assert [f"#{tag['id']}" for tag in page.select("h2.ck-letter")] == letters
    terms = [tag["id"] for tag in page.select("dl.glossary dt")]
    assert terms == ["term-0-1-loss", "term-learning-rate", "term-slope"]


def test_a_term_says_which_pages_use_it(site):
    page = soup(site / "glossary.html")
    meaning = page.select_one("#term-slope").find_next_sibling("dd")
    links = meaning.select(".ck-used a")
    assert [(a["href"], a.get_text()) for a in links] == [
        ("alpha/first.html", "First page"),
        ("alpha/second.html", "Second page"),
    ]
    unused = page.select_one("#term-0-1-loss").find_next_sibling("dd")
    assert not unused.select(".ck-used")


def test_the_glossarys_own_links_have_cards_that_stay_on_the_page(site):
    card = soup(site / "glossary.html").select_one(".ck-card")
    assert card.select_one("a")["href"] == "#term-learning-rate"


def test_a_changed_definition_or_use_reaches_the_pages_that_did_not_change(tmp_path):
    layout = write_book(tmp_path / "book")
    assert build(layout).faults == []
    glossary = GLOSSARY.replace("How far a step goes", "The length of a step")
    (layout.chapters / "glossary.md").write_text(glossary, encoding="utf-8")
    assert build(layout).faults == []
    card = soup(layout.html / "alpha" / "first.html").select_one(
        "#card-term-learning-rate"
    )
    assert "The length of a step" in card.get_text()
    second = layout.chapters / "alpha" / "second.md"
    second.write_text("# Second page\n\nNo term.\n", encoding="utf-8")
    assert build(layout).faults == []
    users = soup(layout.html / "glossary.html").select("#term-slope + dd .ck-used a")
    assert [a.get_text() for a in users] == ["First page"]


def test_pages_are_written_again_only_for_what_they_show(monkeypatch):
    place = ("glossary", "term-slope")
    meaning = {place: nodes.definition_list_item("", nodes.paragraph("", "steep"))}
    users = {place: ["alpha"]}
    monkeypatch.setattr(terms, "definitions", lambda _env: meaning)
    monkeypatch.setattr(terms, "pages_using", lambda _env: users)
    env = SimpleNamespace(
        coursekit_terms={"alpha": {"slope"}, "beta": set()},
        domaindata={"std": {"terms": {"slope": place}}},
        found_docs={"alpha", "beta", "glossary"},
    )
    assert terms.write_again(None, env) == ["alpha", "glossary"]
    assert terms.write_again(None, env) == []
    users[place] = ["alpha", "beta"]
    assert terms.write_again(None, env) == ["glossary"]
    meaning[place] += nodes.paragraph("", "or not")
    assert terms.write_again(None, env) == ["alpha"]
