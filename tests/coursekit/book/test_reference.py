"""The library's reference: every name, described, under the page that teaches it."""

from pathlib import Path

import pytest

from coursekit.book import api, reference
from coursekit.site import roadmap

ROOT = Path(__file__).parents[3]
LIBRARY = api.read(ROOT / "ml_from_scratch")
HERE = {"mlops/drift"}


@pytest.fixture(scope="module")
def pages():
    return reference.pages(LIBRARY, HERE)


def test_every_public_name_has_its_description_and_a_place_in_the_index(pages):
    index = pages["reference/index.rst"]
    for module in LIBRARY:
        text = pages[f"{reference.file_of(module)}.rst"]
        for entry in module.entries:
            assert f".. py:{entry.kind}:: {entry.name}{entry.signature}\n" in text
            assert f"`{entry.name} <{module.name}.{entry.name}>`" in index


@pytest.mark.parametrize("module", LIBRARY, ids=lambda module: module.name)
def test_every_public_name_is_taught_on_a_page_of_the_plan(module):
    planned = {page.name for page in roadmap.contents()}
    astray = [e.name for e in module.entries if e.page not in planned]
    assert astray == []


# The same functions of arrays (linear, floating_point) and on the tape.
TWICE = {"softmax", "log_softmax", "logsumexp"}


def test_no_two_modules_offer_the_same_name_but_for_the_tapes_forms():
    owners = {}
    for module in LIBRARY:
        for entry in module.entries:
            owners.setdefault(entry.name, []).append(module.name)
    twice = {name: where for name, where in owners.items() if len(where) > 1}
    assert set(twice) == TWICE
    assert all("ml_from_scratch.autograd" in where for where in twice.values())


def test_names_link_to_pages_that_are_there_and_name_those_to_come(pages):
    drift, linear = pages["reference/drift.rst"], pages["reference/linear.rst"]
    assert "Taught in :doc:`Drift </mlops/drift>`." in drift
    assert "Taught in :emphasis:`Logistic regression` (to come)." in linear


def test_parameters_are_listed_by_name(pages):
    assert "**bandwidth** : float, optional" in pages["reference/drift.rst"]


def test_what_looks_like_markup_in_plain_text_is_shown_as_it_is():
    plain = "The size |x| of (n, *size), coef_, `a_ | b`, ``*c``, :math:`|z|_2`."
    shown = reference._escaped(plain)
    kept = "`a_ | b`, ``*c``, :math:`|z|_2`."
    assert shown == rf"The size \|x\| of (n, \*size), coef\_, {kept}"
    assert reference._escaped(">>> a_ | b") == ">>> a_ | b"
    assert reference._escaped("**coef_** : array, and x**2") == (
        "**coef_** : array, and x**2"
    )
