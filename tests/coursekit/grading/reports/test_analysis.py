"""The figures of the instructor's page are those of SciPy and NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from coursekit.grading.model import PUBLISHED, Group, Similar
from coursekit.grading.policy import Points, Policy
from coursekit.grading.reports import analysis

from .builders import batch, learner_result, result

SHARES = st.lists(st.integers(0, 4).map(lambda n: n / 4), min_size=1, max_size=12)


def some(good, rng, learners):
    """Make learners who pass items at random."""
    several = []
    for number in range(learners):
        one = learner_result(good, f"learner {number}")
        for mark in one.items:
            mark.earned = float(rng.integers(2) * mark.points)
        several.append(one)
    return several


@pytest.mark.parametrize("seed", range(5))
def test_discrimination_is_the_point_biserial_with_the_rest(good, seed):
    several = some(good, np.random.default_rng(seed), 40)
    points = np.array([[mark.earned for mark in one.items] for one in several])
    names = [item.id for item in good.items]
    for study in analysis.items(good, several):
        own = points[:, names.index(study.item)]
        rest = points.sum(axis=1) - own
        expected = stats.pointbiserialr(own > 0, rest).statistic
        assert study.discrimination == pytest.approx(expected, abs=1e-12)


def test_without_variation_or_learners_there_is_no_discrimination(good):
    few = some(good, np.random.default_rng(0), 4)
    assert {one.discrimination for one in analysis.items(good, few)} == {None}
    same = [learner_result(good, f"learner {n}") for n in range(10)]
    assert {one.discrimination for one in analysis.items(good, same)} == {None}


def test_the_hardest_item_comes_first(good):
    several = some(good, np.random.default_rng(2), 30)
    studies = analysis.items(good, several)
    shares = [study.share for study in studies]
    assert shares == sorted(shares)
    for study in studies:
        earned = [m for one in several for m in one.items if m.item == study.item]
        assert study.passing == sum(mark.earned == mark.points for mark in earned)
        assert study.tried == 30


@given(SHARES, st.sampled_from([1.0, 6.0, 8.0, 15.0, 17.5, 20.0, 100.0]))
def test_every_mark_is_in_one_bin_and_the_middle_is_numpys(shares, full):
    several = [result(str(n), final=full * share) for n, share in enumerate(shares)]
    found = analysis.spread(several, full)
    marks = np.array([one.final for one in several])
    assert sum(one.count for one in found.bins) == len(marks)
    assert found.mean == pytest.approx(marks.mean())
    assert found.median == pytest.approx(np.median(marks))
    assert (found.low, found.high) == (marks.min(), marks.max())
    edges = [one.low for one in found.bins] + [found.bins[-1].high]
    assert edges[0] == 0
    assert edges[-1] == pytest.approx(full)
    counts, _ = np.histogram(marks, bins=np.linspace(0, full, len(found.bins) + 1))
    assert [one.count for one in found.bins] == list(counts)


@pytest.mark.parametrize(
    ("full", "bins"), [(20, 10), (8, 8), (15, 5), (100, 10), (17, 10)]
)
def test_bins_are_whole_points_wide_where_that_is_possible(full, bins):
    assert len(analysis.spread([result(final=1)], full).bins) == bins


def test_a_pair_is_told_once_with_the_larger_share():
    one = result(
        "a", similar=[Similar(other="b", share=0.5), Similar(other="c", share=0.9)]
    )
    two = result("b", similar=[Similar(other="a", share=0.7, questions=["q2"])])
    found = analysis.pairs([one, two], [])
    assert [(pair.one.key, pair.other.key, pair.share) for pair in found] == [
        ("a", "c", 0.9),
        ("b", "a", 0.7),
    ]
    assert found[1].questions == ("q2",)


def alike(key, *others, share=0.8):
    said = [
        Similar(other=name, share=share, questions=list(qs)) for name, *qs in others
    ]
    return result(key, similar=said)


def shown(found):
    return [
        (
            *(pair.one.key, len(pair.one.others)),
            *(pair.other.key, len(pair.other.others), pair.questions),
        )
        for pair in found
    ]


def test_a_group_stands_in_a_pair_as_one_and_its_members_make_none():
    ring = Group(learners=["a", "b", "c"], share=0.95, questions=["q1", "q2"])
    results = [
        alike("a", ("b", "q1", "q2"), ("x", "q1")),
        alike("b", ("a", "q1"), ("x", "q1")),
        alike("c", ("a", "q2"), ("x", "q1"), share=0.9),
        alike("x", ("c", "q1"), ("y", "q1")),
    ]
    found = analysis.pairs(results, [ring])
    assert shown(found) == [
        ("a", 2, "x", 0, ("q1",)),
        ("x", 0, "y", 0, ("q1",)),
    ]
    assert found[0].share == 0.9


def test_what_groups_do_not_tell_of_their_members_is_a_pair():
    one = Group(learners=["a", "b", "c"], share=1.0, questions=["q1"])
    two = Group(learners=["a", "b", "d"], share=1.0, questions=["q2"])
    assert analysis.pairs([alike("a", ("b", "q1", "q2"))], [one, two]) == []
    assert shown(analysis.pairs([alike("a", ("c", "q1", "q2"))], [one, two])) == [
        ("a", 2, "c", 0, ("q2",))
    ]
    assert len(analysis.pairs([alike("a", ("b",))], [one, two])) == 1


def test_two_groups_of_one_size_and_one_first_name_are_two_sides():
    one = Group(learners=["a", "b", "c"], share=1.0, questions=["q1"])
    two = Group(learners=["a", "b", "d"], share=1.0, questions=["q2"])
    results = [alike("c", ("x", "q1")), alike("d", ("x", "q2"))]
    assert shown(analysis.pairs(results, [one, two])) == [
        ("a", 2, "x", 0, ("q1",)),
        ("a", 2, "x", 0, ("q2",)),
    ]


def test_the_published_solution_is_nobody_to_make_a_pair_with():
    results = [
        alike("a", (PUBLISHED, "q1"), share=0.75),
        alike("b", (PUBLISHED, "q1"), ("a", "q2")),
    ]
    assert shown(analysis.pairs(results, [])) == [("b", 0, "a", 0, ("q2",))]
    found = analysis.published(results)
    assert [(one.learner.key, similar.share) for one, similar in found] == [
        ("b", 0.8),
        ("a", 0.75),
    ]


def test_the_result_that_counts_is_chosen_whatever_the_order():
    uploads = [
        result("ada", attempt=1, superseded=True),
        result("ada", attempt=2),
        result("ada", attempt=3, superseded=True),
        result("bea", attempt=1, superseded=True),
    ]
    for order in (uploads, uploads[::-1]):
        found = analysis.counting(batch(*order))
        assert [(one.learner.key, one.attempt) for one in found] == [
            ("ada", 2),
            ("bea", 1),
        ]


def test_full_marks_are_the_points_of_all_questions_under_the_policy(good):
    assert analysis.full_marks(batch(), good) == 8
    heavier = Policy(points=Points(questions={"q1": 30.0})).apply(batch())
    assert analysis.full_marks(heavier, good) == 35
    scaled = Policy(points=Points(total=50.0)).apply(batch())
    assert analysis.full_marks(scaled, good) == 50
