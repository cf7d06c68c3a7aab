"""The book's questions together: nothing but knowing gives an answer away."""

import re
from collections import Counter

import pytest
from scipy.stats import binomtest

from coursekit.book.layout import here
from coursekit.site.questions import parse

_ASKED = re.compile(r"^```\{(?:quiz|predict|diagnose)\} .*?\n(.*?)^```$", re.M | re.S)
_MARKUP = re.compile(r"\{[a-z:]+\}|\\[a-z]+|[$`{}*\\]")


def questions():
    """Every question of the book that has one right answer."""
    found = []
    for path in sorted(here().chapters.rglob("*.md")):
        for body in _ASKED.findall(path.read_text(encoding="utf-8")):
            question = parse(re.sub(r"^:.*\n", "", body, flags=re.M))
            if not question.many:
                found.append(question)
    return found


def place_of_right(question):
    return next(i for i, option in enumerate(question.options) if option.right)


def likely(count, of, share):
    """Whether chance would give so many, or more, one time in a hundred at least."""
    return binomtest(count, of, share, alternative="greater").pvalue >= 0.01


@pytest.mark.parametrize("size", [3, 4])
def test_the_right_option_stands_in_no_place_more_often_than_by_chance(size):
    asked = [q for q in questions() if len(q.options) == size]
    places = Counter(map(place_of_right, asked))
    assert len(asked) >= 20
    for place in range(size):
        assert likely(places[place], len(asked), 1 / size), dict(places)


@pytest.mark.parametrize("extreme", [max, min])
def test_its_length_does_not_betray_the_right_option(extreme):
    asked = questions()
    betrayed, by_chance = 0, 0.0
    for question in asked:
        lengths = [len(_MARKUP.sub("", option.text)) for option in question.options]
        most = extreme(lengths)
        if lengths.count(most) == 1:
            betrayed += lengths[place_of_right(question)] == most
            by_chance += 1 / len(lengths)
    assert likely(betrayed, len(asked), by_chance / len(asked)), betrayed
