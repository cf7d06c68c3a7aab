"""Diagnostic questions: as they stand in a page, and as a reader answers them."""

import json

import pytest
from bs4 import BeautifulSoup
from selenium.webdriver.common.by import By

from coursekit.book.build import build
from coursekit.book.serve import served

from .asking import build_book, write_book

PART = """\
# Part alpha

Two pages.

```{diagnose} alpha/first
Which is even?

- [x] 2 :: it halves.
- [ ] 3 :: it leaves one over.
```

```{diagnose} alpha/second
Which is odd?

- [ ] 2 :: it halves.
- [x] 3 :: it leaves one over.
```

```{diagnosis}
```
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return build_book(tmp_path_factory.mktemp("diagnosed") / "book", alpha__index=PART)


def page_of(site):
    text = (site / "alpha" / "index.html").read_text(encoding="utf-8")
    return BeautifulSoup(text, "html.parser")


def test_a_question_knows_its_page_and_one_may_say_that_one_does_not_know(site):
    asked = page_of(site).select_one("[data-of='alpha/first']")
    labels = [label.get_text() for label in asked.select(".ck-label")]
    assert labels == ["2", "3", "I do not know yet"]
    last = asked.select(".ck-option")[-1]
    assert last.select_one("input")["data-right"] == "false"
    assert last.select_one("a")["href"] == "first.html"
    assert last.select_one(".ck-why").get_text().startswith("Good to know: then")


def test_the_list_has_every_page_that_was_asked_about_in_order(site):
    listed = page_of(site).select(".ck-diagnosis li")
    assert [row["data-page"] for row in listed] == ["alpha/first", "alpha/second"]
    assert [row.select_one("a")["href"] for row in listed] == [
        "first.html",
        "second.html",
    ]
    assert all(int(row["data-minutes"]) > 0 for row in listed)


def test_a_diagnostic_question_is_never_asked_again_in_the_review(site):
    assert not (site / "_questions" / "alpha" / "index.js").exists()
    assert "diagnose-" not in (site / "review.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (PART.replace("alpha/second", "alpha/third"), "no page 'alpha/third'"),
        (PART.replace("alpha/second", "alpha/first"), "is used twice"),
        ("# Part\n\n```{diagnosis}\n```\n", "asks no diagnostic question"),
        ("# Part\n\n```{part-map} alphas\n```\n", "no page of a part 'alphas'"),
    ],
)
def test_what_cannot_be_diagnosed_breaks_the_build_in_a_sentence(tmp_path, text, says):
    layout = write_book(tmp_path / "book", alpha__index=text)
    faults = build(layout).faults
    assert any(says in fault for fault in faults), faults


@pytest.fixture
def reader(site, chrome):
    with served(site) as address:
        chrome.get(f"{address}/alpha/index.html")
        chrome.execute_script("localStorage.clear()")
        chrome.refresh()
        yield chrome


def answer(browser, page, number):
    asked = browser.find_element(By.CSS_SELECTOR, f"[data-of='{page}']")
    for found in (f"input[value='{number}']", ".ck-check"):
        control = asked.find_element(By.CSS_SELECTOR, found)
        browser.execute_script(
            "arguments[0].scrollIntoView({block: 'center'})", control
        )
        control.click()
    return asked


def said(browser):
    return browser.find_element(By.CSS_SELECTOR, ".ck-diagnosis-says").text


def advice(browser):
    rows = browser.find_elements(By.CSS_SELECTOR, ".ck-diagnosis .ck-advice")
    return [row.text for row in rows]


@pytest.mark.browser
def test_answers_say_which_pages_to_read_and_are_kept(reader):
    assert said(reader).startswith("Each question that you could not answer")
    answer(reader, "alpha/first", 1)
    assert said(reader) == (
        "1 of 2 questions is still open. So far you need none of the pages."
    )
    answer(reader, "alpha/second", 3)
    assert advice(reader) == ["You may skip it", "Read it"]
    assert said(reader).startswith("Read 1 page, about ")
    reader.refresh()
    assert advice(reader) == ["You may skip it", "Read it"]


@pytest.mark.browser
def test_the_first_answer_counts_until_one_answers_anew(reader):
    asked = answer(reader, "alpha/first", 2)
    assert not asked.find_element(By.CSS_SELECTOR, "input").is_enabled()
    reader.refresh()
    asked = reader.find_element(By.CSS_SELECTOR, "[data-of='alpha/first']")
    assert not asked.find_element(By.CSS_SELECTOR, "input").is_enabled()
    anew = reader.find_element(By.CSS_SELECTOR, ".ck-anew")
    reader.execute_script("arguments[0].scrollIntoView({block: 'center'})", anew)
    anew.click()
    assert advice(reader) == ["", ""]
    answer(reader, "alpha/first", 1)
    answer(reader, "alpha/second", 2)
    assert said(reader) == "You may skip this part."
    kept = json.loads(reader.execute_script("return localStorage.course"))["questions"]
    assert {name: entry["due"] for name, entry in kept.items()} == {
        "diagnose-first": None,
        "diagnose-second": None,
    }
