"""What the self-check says, in the surroundings in which learners meet it."""

import builtins
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest

from coursekit.check import Checks, check


@pytest.fixture
def checks():
    return Checks()


def said(capsys):
    return capsys.readouterr().out


def run(code, capsys, **names):
    """Run a check cell as a notebook would: answer and check in cells of their own."""
    checks = Checks()
    space = {"__name__": "__main__", "check": checks, "np": np, "pd": pd, **names}
    for number, cell in enumerate(textwrap.dedent(code).split("# %%\n")):
        compiled = compile(cell, f"<ipython-input-{number}>", "exec")
        builtins.exec(compiled, space)
    return said(capsys)


def test_a_check_that_holds_says_so_in_one_line(checks, capsys):
    with checks("q1", "doubles") as c:
        c.close(2.0, 2.0)
    assert said(capsys) == "q1 passed: doubles\n"


@pytest.mark.parametrize(
    ("found", "expected", "sentence"),
    [
        (np.zeros(2), np.zeros(3), "Found an array of shape (2,), expected an array"),
        (np.zeros((1, 1)), 0.0, "shape (1, 1), expected one value"),
        ([1.0], np.ones(1), "Found a list, expected an array of shape (1,)"),
        (np.array([1, np.nan]), np.array([1.0, 2.0]), "no value (NaN) at [1] (1 of 2"),
        (
            np.array([1.0, 9.0, 2.5]),
            np.array([1.0, 2.0, 2.0]),
            "at [1]: found 9, expect",
        ),
        (np.array(["a"]), np.array([1.0]), "Found text (<U1), expected decimal"),
        (np.array([True]), np.array([1.0]), "Found True and False (bool)"),
        (1.00000001, 1.0, "Found 1.00000001, expected 1.0."),
        ("x", 1.0, "Found text"),
        (object(), 1.0, "Found <object object"),
    ],
)
def test_close_says_what_was_found_and_expected(
    checks, capsys, found, expected, sentence
):
    with checks("q1", "t") as c:
        c.close(found, expected, rtol=1e-9)
    out = said(capsys)
    assert out.startswith("q1 not yet: t\n")
    assert sentence in out


def test_close_accepts_whole_numbers_and_lists_where_a_list_was_expected(
    checks, capsys
):
    with checks("q1", "t") as c:
        c.close(np.array([1, 2]), np.array([1.0, 2.0]))
        c.close(np.array([1.0, 2.0]), [1, 2])
        c.close((1.0, np.ones(2)), (1, np.ones(2)))
        c.close(np.array([np.nan, np.inf]), np.array([np.nan, np.inf]))
    assert "passed" in said(capsys)


@pytest.mark.parametrize(
    ("found", "expected", "sentence"),
    [
        (1.0, 1, "Found decimal numbers (float64), expected whole numbers"),
        (True, 1, "Found True and False"),
        ({"a": 1}, {"a": 1, "b": 2}, "The key 'b' is missing."),
        ({"a": 1, "c": 1}, {"a": 1}, "The key 'c' was not expected."),
        ([1, 2], [1, 2, 3], "Found an array of shape (2,), expected"),
        ("abc", "abd", "Found 'abc', expected 'abd'."),
        ([["a"], ["b"]], [["a"], ["c"]], "In value 1 (counted from 0): The first"),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]}), "columns 'b' are missing"),
        (
            pd.DataFrame({"a": [1, 2]}),
            pd.DataFrame({"a": [1, 3]}),
            "In column 'a': The first difference is at [1]: found 2, expected 3",
        ),
        ([1], pd.DataFrame({"b": [1]}), "expected a pandas DataFrame"),
    ],
)
def test_equal_says_where_the_difference_is(checks, capsys, found, expected, sentence):
    with checks("q1", "t") as c:
        c.equal(found, expected)
    assert sentence in said(capsys)


def test_an_index_does_not_make_tables_differ(checks, capsys):
    with checks("q1", "t") as c:
        c.equal(pd.DataFrame({"a": [1, 2]}, index=[7, 8]), pd.DataFrame({"a": [1, 2]}))
    assert "passed" in said(capsys)


def test_hint_and_name_stand_in_what_is_said(checks, capsys):
    with checks("q1", "t") as c:
        c.shape(np.zeros(2), (3,), name="gradient(X, y, w)", hint="Sum over rows.")
    assert said(capsys) == (
        "q1 not yet: t\n"
        "    gradient(X, y, w): found the shape (2,), expected (3,).\n"
        "    Hint: Sum over rows.\n"
    )


def test_shape_takes_any_size_and_refuses_what_has_none(checks, capsys):
    with checks("q1", "a") as c:
        c.shape(np.zeros((4, 3)), (None, 3))
    with checks("q1", "b") as c:
        c.shape(3.0, 4)
    out = said(capsys)
    assert "q1 passed: a" in out
    assert "Found 3.0, expected an array of shape (4,)." in out


@pytest.mark.parametrize("empty", [None, ...])
def test_an_empty_answer_is_not_answered_yet(checks, capsys, empty):
    for number, method in enumerate(("close", "equal", "between", "shape", "true")):
        with checks("q1", str(number)) as c:
            if method == "between":
                c.between(empty, 0, 1)
            elif method == "true":
                c.true(empty, "said")
            else:
                getattr(c, method)(empty, (1,))
    out = said(capsys)
    assert out.count("q1 not answered yet") == 5
    assert "not yet" not in out


def test_not_implemented_and_unpacking_none_are_not_answered_yet(capsys):
    out = run(
        """\
        def f(x):
            raise NotImplementedError("q1")
        def g(x):
            pass
        # %%
        with check("q1", "raises") as c:
            c.close(f(1), 1)
        with check("q1", "unpacks") as c:
            a, b = g(1)
        with check("q1", "uses") as c:
            c.close(g(1) * 2, 2)
        with check("q1", "missing") as c:
            c.close(nowhere(1), 2)
        """,
        capsys,
    )
    assert out.count("q1 not answered yet") == 4
    assert "There is no `nowhere` yet" in out


def test_an_error_in_the_answer_names_its_line(capsys):
    out = run(
        """\
        def f(x):
            y = x + 1
            return y / 0
        # %%
        with check("q1", "t") as c:
            c.close(f(1), 1)
        """,
        capsys,
    )
    assert "Your code stopped at line 3 of its cell" in out
    assert "ZeroDivisionError: division by zero" in out
    assert "Traceback" not in out


def test_an_error_inside_a_library_names_the_learners_line(capsys):
    out = run(
        """\
        def f(x):
            return np.ones(3) @ np.ones(4)
        # %%
        with check("q1", "t") as c:
            c.close(f(1), 1)
        """,
        capsys,
    )
    assert "line 2 of its cell" in out


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("return f(x)", "it calls itself without end"),
        ("raise SystemExit", "it called exit()"),
        ("return {}['a']", "there is no key 'a'."),
        ("return missing", "there is no name `missing`."),
        ("raise MemoryError", "it ran out of memory"),
        ("raise ValueError('long ' * 500)", "long long"),
    ],
)
def test_mistakes_become_one_sentence(capsys, body, sentence):
    out = run(
        f"def f(x):\n    {body}\n# %%\nwith check('q1', 't') as c:\n    f(1)\n", capsys
    )
    assert sentence in out
    assert len(out) < 500


def test_an_exception_whose_message_cannot_be_read_is_survived(capsys):
    out = run(
        """\
        class Odd(Exception):
            def __str__(self):
                raise RuntimeError
        def f(x):
            raise Odd
        # %%
        with check("q1", "t") as c:
            f(1)
        """,
        capsys,
    )
    assert "its message could not be read" in out


def test_a_wrong_call_is_explained_as_the_checks_own(checks, capsys):
    with checks("q1", "t") as c:
        c.close((lambda: 1)(2), 1)
    assert "The check could not use your answer: TypeError" in said(capsys)


def test_an_interrupt_is_told_and_goes_on(checks, capsys):
    with pytest.raises(KeyboardInterrupt), checks("q1", "t"):
        raise KeyboardInterrupt
    assert "it was interrupted" in said(capsys)


def test_huge_values_are_cut(checks, capsys):
    with checks("q1", "t") as c:
        c.equal("x" * 100_000, "y")
    with checks("q1", "u") as c:
        c.equal(np.arange(1_000_000), np.arange(1_000_000) + 1)
    assert len(said(capsys)) < 600


def test_a_foreseen_mistake_is_named(checks, capsys):
    with checks("q1", "t") as c:
        c.mistake(np.array([4.0]), np.array([4.0]), "The sum was not divided by n.")
    assert "The sum was not divided by n." in said(capsys)


def test_a_changed_input_is_named(checks, capsys):
    with checks("q1", "t") as c:
        c.unchanged(np.zeros(2), np.ones(2))
    assert "Your code changed its input: work on a copy." in said(capsys)


@pytest.mark.parametrize(
    ("found", "kind", "fits"),
    [
        (np.float64(1), float, True),
        (np.int64(1), int, True),
        (True, int, False),
        (np.True_, bool, True),
        ([1], (list, tuple), True),
        ([1], np.ndarray, False),
    ],
)
def test_types_of_numpy_count_as_pythons(checks, capsys, found, kind, fits):
    with checks("q1", "t") as c:
        c.type(found, kind)
    assert ("passed" in said(capsys)) == fits


def test_between_and_true(checks, capsys):
    with checks("q1", "a") as c:
        c.between(np.array([0.5, np.nan]), 0, 1)
    with checks("q1", "b") as c:
        c.true(np.bool_(False), "It does not fall.")
    with checks("q1", "c") as c:
        c.true(np.array([True, False]), "x")
    out = said(capsys)
    assert "Found nan at [1], expected every number from 0 to 1." in out
    assert "It does not fall." in out
    assert "where one value was expected" in out


def test_the_summary_counts_by_question_and_says_what_it_is_not(checks, capsys):
    with checks("q1", "a") as c:
        c.close(1, 1)
    with checks("q1", "b") as c:
        c.close(1, 2)
    with checks("q2", "a") as c:
        c.close(None, 2)
    said(capsys)
    checks.summary(q1=3, q2=4, q3=2)
    lines = said(capsys).splitlines()
    assert lines[1] == "  q1   1.5 of 3  1 of 2 checks passed"
    assert lines[2] == "  q2   0 of 4  not answered yet"
    assert lines[3] == "  q3   0 of 2  its checks have not run yet"
    assert lines[4] == "  all  1.5 of 9"
    assert lines[5].startswith("The mark is given on other inputs")


def test_a_check_that_is_run_again_replaces_what_it_said(checks, capsys):
    for value in (1, 2):
        with checks("q1", "a") as c:
            c.close(value, 2)
    checks.summary(q1=3)
    assert "3 of 3  1 of 1 checks passed" in said(capsys)


@pytest.mark.parametrize("name", ["NBGRADER_EXECUTION", "NBGRADER_VALIDATING"])
def test_under_nbgrader_a_check_raises(checks, capsys, monkeypatch, name):
    monkeypatch.setenv(name, "autograde")
    with pytest.raises(AssertionError, match="q1 not yet: t"), checks("q1", "t") as c:
        c.close(1, 2)
    with checks("q1", "t") as c:
        c.close(2, 2)
    assert said(capsys) == "q1 passed: t\n"


def test_the_module_imports_nothing_heavier_than_pandas():
    code = (
        "import sys, numpy, pandas; before = set(sys.modules)\n"
        "import coursekit.check\n"
        "tops = {n.partition('.')[0] for n in set(sys.modules) - before}\n"
        "print(tops - set(sys.stdlib_module_names))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "{'coursekit'}"


def test_notebooks_import_one_object_that_keeps_count():
    assert isinstance(check, Checks)


def test_a_listener_hears_every_result_after_it_was_printed(checks, capsys):
    heard = []
    checks.listeners.append(lambda result: heard.append((result, said(capsys))))
    with checks("q1", "doubles") as c:
        c.equal(2, 2)
    with checks("q1", "halves") as c:
        c.equal(1, 2, hint="Divide.")
    assert [(r.title, r.outcome) for r, _ in heard] == [
        ("doubles", "passed"),
        ("halves", "not yet"),
    ]
    assert heard[1][1] == f"{heard[1][0]}\n"
    assert heard[1][0].hint == "Divide."


def test_nothing_that_listens_turns_a_failed_check_into_one_for_nbgrader(
    checks, monkeypatch
):
    monkeypatch.setenv("NBGRADER_EXECUTION", "1")
    heard = []
    checks.listeners.append(heard.append)
    with pytest.raises(AssertionError, match="q1 not yet"), checks("q1", "x") as c:
        c.equal(1, 2)
    assert heard == []
    assert [r.outcome for r in checks.results.values()] == ["not yet"]


def test_notebooks_have_no_listener():
    assert check.listeners == []
