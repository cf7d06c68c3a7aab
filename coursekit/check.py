"""The self-check that stands after every answer of an exercise.

    from coursekit.check import check

    with check("q1", "one partial derivative per weight") as c:
        c.shape(gradient(X, y, w), (3,), hint="Sum over the rows, not the columns.")

It says in plain text what holds and what does not, and keeps count for
`check.summary(q1=3, q2=4)`. A mistake in the learner's code becomes a sentence that
names the line, never a traceback. Where nbgrader runs the notebook, a check that does
not hold raises `AssertionError` instead, which is what nbgrader looks for.
"""

from __future__ import annotations

import linecache
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Any, Literal

import numpy as np
import pandas as pd

from coursekit import compare

__all__ = ["Check", "Checks", "Result", "check"]

Outcome = Literal["passed", "not yet", "not answered yet"]

_UNDER_NBGRADER = ("NBGRADER_EXECUTION", "NBGRADER_VALIDATING")
_LAST_WORD = (
    "The mark is given on other inputs than the ones in these checks: an answer that "
    "only\nfits what is shown here can lose points that this table counts."
)


class _NotYet(AssertionError):  # noqa: N818 (an outcome, not an error)
    """A check that does not hold; `sentence` is what the learner reads."""

    def __init__(self, sentence: str, hint: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint


class _Unanswered(_NotYet):
    """The answer is still empty."""


@dataclass(frozen=True)
class Result:
    """What one check said."""

    question: str
    title: str
    outcome: Outcome
    sentence: str = ""
    hint: str | None = None

    def __str__(self) -> str:
        """Give the lines that the learner reads."""
        lines = [f"{self.question} {self.outcome}: {self.title}".rstrip(": ")]
        if self.sentence:
            lines.append(f"    {self.sentence}")
        if self.hint:
            lines.append(f"    Hint: {self.hint}")
        return "\n".join(lines)


class Check:
    """One check: compares values and stops at the first that does not hold.

    Used through `with check(question, title) as c`. Each method takes `name`, what
    to call the value in the sentence, and `hint`, shown when it does not hold.
    """

    def __init__(self, owner: Checks, question: str, title: str) -> None:
        self._owner = owner
        self._question = question
        self._title = title

    def __enter__(self) -> Check:
        """Begin the check."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Say what was found; keep every error but an interrupt from going on."""
        result = self._result(error, trace)
        self._owner.say(result)
        return error is None or isinstance(error, Exception | SystemExit)

    def _result(
        self, error: BaseException | None, trace: TracebackType | None
    ) -> Result:
        if error is None:
            return Result(self._question, self._title, "passed")
        if not isinstance(error, _NotYet):
            error = _explain(error, trace)
        outcome: Outcome = (
            "not answered yet" if isinstance(error, _Unanswered) else "not yet"
        )
        return Result(self._question, self._title, outcome, error.sentence, error.hint)

    def shape(
        self,
        found: object,
        expected: int | Sequence[int | None],
        *,
        name: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Check the shape of an array or a table; None in `expected` fits any size."""
        _answered(found)
        wanted = (expected,) if isinstance(expected, int) else tuple(expected)
        shape = _shape(found)
        if shape is None:
            told = f"Found {compare.describe(found)}, expected an array of shape"
            raise _fail(f"{told} {_shape_text(wanted)}.", name, hint)
        fits = len(shape) == len(wanted) and all(
            want is None or have == want
            for have, want in zip(shape, wanted, strict=True)
        )
        if not fits:
            told = f"Found the shape {shape}, expected {_shape_text(wanted)}."
            raise _fail(told, name, hint)

    def close(
        self,
        found: object,
        expected: object,
        *,
        rtol: float = 1e-7,
        atol: float = 0.0,
        name: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Check numbers up to `atol + rtol * abs(expected)`."""
        _answered(found, expected)
        _settle(compare.close(found, expected, rtol=rtol, atol=atol), name, hint)

    def equal(
        self,
        found: object,
        expected: object,
        *,
        name: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Check that a value is exactly the one expected, kind included."""
        _answered(found, expected)
        _settle(compare.equal(found, expected), name, hint)

    def true(
        self,
        condition: object,
        sentence: str,
        *,
        name: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Check a condition; `sentence` is said when it does not hold."""
        _answered(condition)
        if np.size(condition) != 1:  # type: ignore[arg-type]
            told = f"Found {compare.describe(condition)} where one value was expected."
            raise _fail(told, name, hint)
        if not np.all(condition):  # type: ignore[call-overload]
            raise _fail(sentence, name, hint)

    def type(
        self,
        found: object,
        expected: type | tuple[type, ...],
        *,
        name: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Check the type; NumPy's numbers count as Python's, True not as a number."""
        kinds = expected if isinstance(expected, tuple) else (expected,)
        if type(None) not in kinds:
            _answered(found)
        if not any(_is_a(found, kind) for kind in kinds):
            wanted = " or ".join(kind.__name__ for kind in kinds)
            told = f"Found the type {type(found).__name__}, expected {wanted}."
            raise _fail(told, name, hint)

    def between(
        self,
        found: object,
        low: float,
        high: float,
        *,
        name: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Check that a number, or every one of an array, is from `low` to `high`."""
        _answered(found)
        _settle(compare.between(found, low, high), name, hint)

    def unchanged(
        self,
        before: object,
        after: object,
        *,
        name: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Check that an input, copied before the call, is still what it was."""
        problem = compare.equal(after, before)
        if problem:
            told = f"Your code changed its input: work on a copy. {problem}"
            raise _fail(told, name, hint)

    def mistake(
        self,
        found: object,
        wrong: object,
        sentence: str,
        *,
        rtol: float = 1e-7,
        atol: float = 1e-12,
        name: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Say `sentence` when the value found is the one that a mistake gives."""
        _answered(found)
        if compare.close(found, wrong, rtol=rtol, atol=atol) is None:
            raise _fail(sentence, name, hint)


@dataclass
class Checks:
    """Makes checks and remembers what each of them said.

    Attributes
    ----------
    results
        What each check said last, by question and title.
    listeners
        Called with each result after it was printed: the site's exercise pages show
        it so. Empty everywhere else; no mark comes of it.
    """

    results: dict[tuple[str, str], Result] = field(default_factory=dict)
    listeners: list[Callable[[Result], None]] = field(default_factory=list)

    def __call__(self, question: str, title: str = "") -> Check:
        """Begin a check of `question` that says `title` of itself.

        Examples
        --------
        >>> checks = Checks()
        >>> with checks("q1", "doubles") as c:
        ...     c.equal(2 * 3, 6)
        q1 passed: doubles
        """
        return Check(self, question, title)

    def say(self, result: Result) -> None:
        """Print a result and keep it; under nbgrader raise where it does not hold."""
        self.results[result.question, result.title] = result
        if result.outcome != "passed" and _under_nbgrader():
            raise AssertionError(str(result)) from None
        print(result, flush=True)
        for listener in self.listeners:
            listener(result)

    def summary(self, **points: float) -> None:
        """Print the points by question, as far as the visible checks can tell.

        Parameters
        ----------
        **points : float
            What each question is worth, such as `q1=3`.

        Examples
        --------
        >>> checks = Checks()
        >>> with checks("q1", "doubles") as c:
        ...     c.equal(2 * 3, 6)
        q1 passed: doubles
        >>> checks.summary(q1=3)  # doctest: +ELLIPSIS
        Points as far as these checks can tell
          q1   3 of 3  1 of 1 checks passed
          all  3 of 3
        The mark is given on other inputs ...
        """
        print("Points as far as these checks can tell")
        total = 0.0
        for question, worth in points.items():
            earned, words = self._standing(question, worth)
            total += earned
            print(f"  {question:<4} {earned:g} of {worth:g}  {words}")
        print(f"  {'all':<4} {total:g} of {sum(points.values()):g}")
        print(_LAST_WORD, flush=True)

    def _standing(self, question: str, worth: float) -> tuple[float, str]:
        """Points of one question and why: a share of them for each check passed."""
        results = [r for r in self.results.values() if r.question == question]
        if not results:
            return 0.0, "its checks have not run yet"
        passed = sum(r.outcome == "passed" for r in results)
        if not passed and all(r.outcome == "not answered yet" for r in results):
            return 0.0, "not answered yet"
        earned = round(worth * passed / len(results), 2)
        return earned, f"{passed} of {len(results)} checks passed"


def _under_nbgrader() -> bool:
    return any(os.environ.get(name) for name in _UNDER_NBGRADER)


def _answered(found: object, expected: object = 0) -> None:
    if compare.is_empty(found) and not compare.is_empty(expected):
        raise _Unanswered(
            f"The answer is {found}. (If you wrote one: does it end in `return`?)"
        )


def _fail(sentence: str, name: str | None, hint: str | None) -> _NotYet:
    if name:
        sentence = f"{name}: {sentence[0].lower()}{sentence[1:]}"
    return _NotYet(sentence, hint)


def _settle(problem: str | None, name: str | None, hint: str | None) -> None:
    if problem:
        raise _fail(problem, name, hint)


def _shape(found: object) -> tuple[int, ...] | None:
    if isinstance(found, pd.DataFrame | pd.Series | np.ndarray):
        return found.shape
    own = getattr(found, "shape", None)
    if isinstance(own, tuple):
        return tuple(int(size) for size in own)
    return None


def _shape_text(shape: tuple[int | None, ...]) -> str:
    sizes = ["any" if size is None else str(size) for size in shape]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


def _is_a(found: object, kind: type) -> bool:
    if isinstance(found, bool | np.bool_):
        return kind in (bool, np.bool_, object)
    twins: dict[type, type] = {int: np.integer, float: np.floating, str: np.str_}
    return isinstance(found, (kind, twins.get(kind, kind)))


def _explain(error: BaseException, trace: TracebackType | None) -> _NotYet:
    """Write the sentence that a learner reads in place of a traceback."""
    if isinstance(error, NotImplementedError):
        return _Unanswered("Write your answer in the cell above, then run both cells.")
    place = _place(trace)
    if place is None:
        return _explain_here(error)
    return _NotYet(f"Your code stopped at {place}: {_words(error)}")


def _explain_here(error: BaseException) -> _NotYet:
    """Explain an error on a line of the check itself, which uses the answer."""
    if isinstance(error, NameError):
        return _Unanswered(
            f"There is no {_missing_name(error)} yet: run the cell above that makes it."
        )
    if isinstance(error, TypeError | AttributeError | ValueError):
        text = _text(error)
        if "NoneType" in text or "ellipsis" in text:
            return _Unanswered(
                "The answer is None. (If you wrote one: does it end in `return`?)"
            )
    return _NotYet(f"The check could not use your answer: {_words(error)}")


def _missing_name(error: NameError) -> str:
    return f"`{error.name}`" if error.name else "such name"


def _place(trace: TracebackType | None) -> str | None:
    """Find the last line of the notebook's own code that an error went through.

    Everything that a notebook defines shares the globals of the check's cell; a
    function of the check's cell itself is told apart by the name of its file.
    """
    if trace is None:
        return None
    here = trace.tb_frame
    found: tuple[FrameType, int] | None = None
    step = trace.tb_next
    while step is not None:
        frame = step.tb_frame
        if _is_learners(frame, here):
            found = (frame, step.tb_lineno)
        step = step.tb_next
    return None if found is None else _line(*found)


def _is_learners(frame: FrameType, here: FrameType) -> bool:
    if frame.f_globals is not here.f_globals:
        return False
    cell = here.f_code.co_filename
    return frame.f_code.co_filename != cell or "ipython" not in cell.lower()


def _line(frame: FrameType, number: int) -> str:
    name = frame.f_code.co_name
    within = "" if name == "<module>" else f" of `{name}`"
    text = linecache.getline(frame.f_code.co_filename, number).strip()
    shown = f", `{compare.shorten(text, 70)}`" if text else ""
    return f"line {number} of its cell{shown}{'' if shown else within}"


def _words(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "it calls itself without end. Is there a case in which it stops?"
    if isinstance(error, SystemExit):
        return "it called exit(). An answer returns a value and goes on."
    if isinstance(error, KeyboardInterrupt):
        return "it was interrupted. If it was still running, does its loop end?"
    if isinstance(error, MemoryError):
        return "it ran out of memory."
    if isinstance(error, KeyError):
        return f"there is no key {_text(error)}."
    if isinstance(error, NameError) and error.name:
        return f"there is no name `{error.name}`."
    text = _text(error)
    return f"{type(error).__name__}: {text}" if text else f"{type(error).__name__}."


def _text(error: BaseException) -> str:
    try:
        return compare.shorten(str(error), 240)
    except Exception:  # noqa: BLE001 (a learner's own exception class)
        return "its message could not be read"


check: Any = Checks()
"""The one that notebooks import."""
