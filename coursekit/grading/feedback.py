"""What a learner is told about an item that earned nothing.

The judge's own sentences name values that were expected of hidden inputs. They are
the instructor's. Here each is put into one of a few kinds, and the learner is told the
kind: no value, neither found nor expected, passes through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from coursekit.exercises.model import Exercise, Variant
from coursekit.grading.model import TOLD_ERRORS, CellOutcome, Execution, ItemMark

__all__ = ["STOPPED", "explain", "kind_of"]

# How a sentence begins about evidence that was too much for a judge cell.
STOPPED = "the judge had to be stopped: "

_KIND = "True and False|whole numbers|decimal numbers|complex numbers|dates|durations"
# The first that is found in the judge's sentence counts.
_KINDS: tuple[tuple[str, str], ...] = (
    ("missing", r"there is no evidence"),
    ("unreadable", r"the evidence (cannot be read|has other names)|Found Unfit"),
    ("stopped", rf"the judge cell stopped with|{STOPPED}"),
    ("none", r"Found (None|Ellipsis), expected"),
    ("shape", r"Found (an array of shape .*|one value), expected (an array of|one v)"),
    ("number", r"Found \d+ (values|rows), expected \d+|expected \d+ values\.$"),
    ("names", r"(key|columns) .* (is|are) missing|not expected|Found the columns as"),
    ("type", rf"Found ({_KIND}|text)( \([^)]*\))?, expected"),
    ("type", r"expected (numbers|a dictionary|a pandas DataFrame|an array of shape)"),
    ("gaps", r"Found no value \(NaN\)|where none \(NaN\) was|Every value is missing"),
    ("band", r"expected (every|a) number from"),
    ("values", r"difference is at|Found .*, expected"),
)
_SENTENCES = {
    "missing": "Your code for {question} gave nothing that could be marked.",
    "unreadable": (
        "What your code for {question} gave back is of a type that cannot be marked."
    ),
    "stopped": "What your code for {question} gave back could not be compared.",
    "none": "Your code for {question} gave back None where a value was asked for.",
    "shape": "The result has another shape than was asked for.",
    "number": "The result has another number of values or rows than was asked for.",
    "names": "The result has other keys or columns than were asked for.",
    "type": "The result is of another type than was asked for.",
    "gaps": "Missing values (NaN) are not where they should be in the result.",
    "band": "A result lies outside the range that was asked for.",
    "values": "The result has the right form, but its values are not the right ones.",
    "other": "The result is not what the question asks for.",
}
_HIDDEN = "It was called with other inputs than those that you see."


def kind_of(why: str) -> str:
    """Put a judge's sentence into one of a few kinds.

    Examples
    --------
    >>> kind_of("Found an array of shape (3, 2), expected an array of shape (2, 3).")
    'shape'
    >>> kind_of("In column 'delay': Found 1, expected 2.")
    'values'
    """
    flat = " ".join(why.split())
    return next((name for name, form in _KINDS if re.search(form, flat)), "other")


def explain(mark: ItemMark, exercise: Exercise, execution: Execution) -> str:
    """Say to a learner why an item earned nothing.

    Parameters
    ----------
    mark : ItemMark
        The item's mark, with the judge's sentence and perhaps a misconception.
    exercise : Exercise
        Knows what its checks say about the misconception.
    execution : Execution
        Which cells stopped with which kind of error, and which limits were met.

    Returns
    -------
    str
        One to three sentences without a value; empty for full points.
    """
    if mark.earned >= mark.points:
        return ""
    kind = kind_of(mark.why)
    if kind == "missing":
        return _stopped(mark.question, execution)
    said = [_SENTENCES[kind].format(question=mark.question), _HIDDEN]
    known = _misconception(mark, exercise)
    if known:
        said.append(f'The check tells of this mistake: "{known}".')
    return " ".join(said)


def _misconception(mark: ItemMark, exercise: Exercise) -> str:
    """Return what the check says of the mistake that this is.

    A name may be several, where two mistakes give the same evidence.
    """
    if not mark.misconception:
        return ""
    names = re.findall(r"[a-z0-9-]+", mark.misconception)
    variants = exercise.question(mark.question).variants
    return next((_says(one) for one in variants if one.wrong and one.name in names), "")


def _says(variant: Variant) -> str:
    return variant.says or ""


def _stopped(question: str, execution: Execution) -> str:
    """Say why there is no evidence: an error, a limit, or neither."""
    own = [error for error in execution.errors if error.question == question]
    if own and all(error.error == "NotImplementedError" for error in own):
        return f"{question} is not answered: its code raises NotImplementedError."
    said = [
        _errors(
            f"Your code for {question} stopped with {{}}.",
            (e for e in own if e.kind == "answer"),
        )
        or _errors(
            f"Your code for {question} stopped with {{}} when it was called "
            "with other inputs than those that you see.",
            (e for e in own if e.kind == "evidence"),
        )
    ]
    if not said[0]:
        rest = (e for e in execution.errors if e.kind in ("added", "edited"))
        said = [
            _SENTENCES["missing"].format(question=question),
            _errors("A cell of yours before it stopped with {}.", rest),
        ]
    if execution.limits:
        said.append(f"A limit was met: {_joined(execution.limits)}.")
    return " ".join(filter(None, said))


def _errors(words: str, errors: Iterable[CellOutcome]) -> str:
    names = sorted({error.error for error in errors})
    if len(names) > TOLD_ERRORS:
        names = [*names[:TOLD_ERRORS], "others"]
    return words.format(_joined(names)) if names else ""


def _joined(words: Sequence[str]) -> str:
    """Join a few words in a sentence.

    Examples
    --------
    >>> _joined(["a", "b", "c"])
    'a, b and c'
    """
    *most, last = (word.rstrip(".") for word in words)
    return f"{', '.join(most)} and {last}" if most else last
