"""The DAG runner: order, failure, retries, resuming; graphs drawn by hypothesis."""

from __future__ import annotations

import threading
from graphlib import TopologicalSorter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_from_scratch.systems.dag import Task, run_dag, topological_order


@st.composite
def graphs(draw):
    """Tasks t0, t1, ... in any order, each after some of those with a lower number."""
    n = draw(st.integers(1, 8))
    after = [
        draw(st.sets(st.integers(0, i - 1), max_size=3)) if i else set()
        for i in range(n)
    ]
    order = draw(st.permutations(range(n)))
    return [Task(f"t{i}", _sum(i), tuple(f"t{j}" for j in after[i])) for i in order]


def _sum(i):
    return lambda *given: i + sum(given)


@settings(max_examples=40)
@given(graphs())
def test_every_task_stands_after_those_that_it_needs(tasks):
    order = topological_order(tasks)
    place = {name: i for i, name in enumerate(order)}
    assert sorted(order) == sorted(task.name for task in tasks)
    assert all(place[n] < place[t.name] for t in tasks for n in t.after)


@settings(max_examples=25)
@given(graphs(), st.integers(1, 3))
def test_results_are_those_of_pythons_own_sorter_with_any_number_of_workers(
    tasks, workers
):
    named = {task.name: task for task in tasks}
    expected = {}
    for name in TopologicalSorter({t.name: t.after for t in tasks}).static_order():
        expected[name] = named[name].work(*(expected[n] for n in named[name].after))
    run = run_dag(tasks, workers=workers)
    assert run.succeeded
    assert run.results == expected


def test_a_cycle_is_named_in_the_order_in_which_its_tasks_wait():
    loop = [
        Task("a", print, ("c",)),
        Task("b", print, ("a",)),
        Task("c", print, ("b",)),
    ]
    with pytest.raises(
        ValueError, match="wait for each other: a after c after b after a"
    ):
        topological_order([Task("free", print), *loop, Task("d", print, ("a",))])


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        ([Task("a", print), Task("a", print)], "Two tasks are called 'a'"),
        ([Task("a", print, ("z",))], "'a' comes after 'z', which is not one"),
        ([Task("a", print, ("a",))], "wait for each other: a after a"),
    ],
)
def test_a_graph_that_is_none_is_refused(tasks, said):
    with pytest.raises(ValueError, match=said):
        run_dag(tasks)


def fails(*_):
    raise OSError("disk full")


def test_a_failure_stops_what_comes_after_it_and_nothing_else():
    run = run_dag(
        [
            Task("bad", fails),
            Task("next", len, ("bad",)),
            Task("last", len, ("next", "good")),
            Task("good", lambda: [1]),
            Task("also", len, ("good",)),
        ]
    )
    assert run.states == {
        "bad": "failed",
        "next": "skipped",
        "last": "skipped",
        "good": "done",
        "also": "done",
    }
    assert not run.succeeded
    assert str(run.errors["bad"]) == "disk full"
    assert run.results == {"good": [1], "also": 1}


def test_a_second_run_does_only_what_the_first_did_not():
    calls = []
    first = run_dag(
        [Task("a", lambda: calls.append("a") or 1), Task("b", fails, ("a",))]
    )
    mended = [
        Task("a", lambda: calls.append("again")),
        Task("b", lambda a: a + 1, ("a",)),
    ]
    second = run_dag(mended, known=first.results)
    assert calls == ["a"]
    assert second.states == {"a": "kept", "b": "done"}
    assert second.results["b"] == 2


def test_a_task_is_tried_again_after_pauses_that_double():
    pauses, answers = [], iter([OSError("1"), OSError("2"), 7])

    def flaky():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    run = run_dag([Task("f", flaky, retries=2)], backoff=0.5, sleep=pauses.append)
    assert (run.results, run.attempts, pauses) == ({"f": 7}, {"f": 3}, [0.5, 1.0])


def test_when_no_retry_is_left_the_last_error_counts():
    run = run_dag([Task("bad", fails, retries=1)], sleep=lambda _: None)
    assert (run.states, run.attempts) == ({"bad": "failed"}, {"bad": 2})


def test_tasks_that_do_not_need_each_other_run_at_the_same_time():
    meeting = threading.Barrier(2, timeout=20)
    tasks = [Task("a", meeting.wait), Task("b", meeting.wait)]
    assert run_dag(tasks, workers=2).succeeded


def test_pressing_stop_is_not_a_failure_of_a_task():
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_dag([Task("a", interrupted), Task("b", print, ("a",))])


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"workers": 0}, "workers is 0: expected 1 or more"),
        ({"known": {"x": 1}}, "known has 'x', but the tasks are"),
    ],
)
def test_wrong_settings_are_refused(how, said):
    with pytest.raises(ValueError, match=said):
        run_dag([Task("a", print)], **how)


def test_negative_retries_are_refused_with_the_tasks_name():
    run = run_dag([Task("a", print, retries=-1)])
    assert "retries of 'a' is -1" in str(run.errors["a"])


def test_no_tasks_are_a_run_that_succeeded():
    assert run_dag([]).succeeded
