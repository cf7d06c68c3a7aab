"""Whatever a learner writes, the checks answer in sentences and never pass it all."""

import ast
import re

import pytest

from coursekit.exercises import commands
from coursekit.exercises.branches import branch
from coursekit.exercises.gate import defined
from coursekit.exercises.model import load
from coursekit.exercises.walk import Try, Walk, read_report, walk

SOLUTIONS = commands.sources()

# What the body of a function answer says; `given` are its arguments.
BODIES = {
    "returns nothing": "pass",
    "ellipsis": "...",
    "prints instead of returning": "print(given)",
    "text": "return 'the answer'",
    "a whole number": "return 3",
    "true": "return True",
    "not a number": "return float('nan')",
    "a list": "return [1.0, 2.0]",
    "an empty list": "return []",
    "a dictionary": "return {'answer': 1}",
    "a wrong shape": "return np.zeros((3, 7, 2))",
    "nan everywhere": "return np.full((2, 2), np.nan)",
    "complex numbers": "return 1j * np.ones(3)",
    "an array of objects": "return np.array([None, 'a'], dtype=object)",
    "a data frame": "import pandas\n    return pandas.DataFrame({'a': [1.0, None]})",
    "a generator": "yield 1",
    "a function": "return print",
    "a class": "return dict",
    "a ragged tuple": "return 1, [2, 3], 'four', None",
    "a division by zero": "return 1 / 0",
    "a misspelt name": "return nmupy.zeros(3)",
    "a key that is not there": "return {}['x']",
    "recursion without end": "return NAME(*given, **named)",
    "an error of its own": "raise type('Odd', (Exception,), {'__str__': None})",
    "leaves the notebook": "raise SystemExit",
    "a broken repr": ("return type('Odd', (), {'__repr__': lambda self: 1 / 0})()"),
    "changes its input": (
        "try:\n        given[0][...] = 0\n    except Exception:\n        pass\n"
        "    return given[0] if given else None"
    ),
}
# What stands in place of a name that the answer should make.
VALUES = {
    "the cell was not run": "pass",
    "none instead": "NAME = None",
    "a number instead": "NAME = 3",
    "text instead": "NAME = 'the answer'",
    "a lambda": "NAME = lambda *given, **named: None",
    "no arguments": "def NAME():\n    return 1.0",
    "an object that cannot be called": "NAME = object()",
    "an empty class": "class NAME:\n    pass",
}


def careless(names):
    """Careless answers by their kind: cells that stand in for an answer cell."""
    heads = {
        kind: f"def NAME(*given, **named):\n    {body}" for kind, body in BODIES.items()
    }
    return {
        kind: "\n\n".join(
            ["import numpy as np", *(c.replace("NAME", n) for n in names)]
        )
        for kind, c in (heads | VALUES).items()
    }


KINDS = [*BODIES, *VALUES]


def tries_of(exercise, every):
    """Try each kind of carelessness; a third of them a question if not `every`."""
    questions = [question for question in exercise.questions if question.answer]
    for place, question in enumerate(questions):
        names = sorted(defined(ast.parse(question.answer.source)))
        cells = careless(names)
        wanted = range(len(KINDS)) if every else range(place % 3, len(KINDS), 3)
        for number in wanted:
            name = f"{question.name}-{number}"
            code = cells[KINDS[number]]
            yield Try(name, question.name, codes={question.name: code})


OUTCOME = re.compile(r"^(q\d) (passed|not yet|not answered yet)\b", re.MULTILINE)


def complaints(plan):
    """Say where a careless answer met silence, a traceback or nothing but praise."""
    for one in plan.tries:
        report = read_report(plan.folder / one.name)
        kind = KINDS[int(one.name.partition("-")[2])]
        said = report.said.get(one.question, "")
        outcomes = [outcome for _, outcome in OUTCOME.findall(said)]
        stopped = report.ended or report.error_in("check", "answer")
        if stopped:
            yield f"{one.question}, {kind}: the cell stopped: {stopped}"
        elif not outcomes or set(outcomes) == {"passed"}:
            yield f"{one.question}, {kind}: it passes: {said}"
        elif "Traceback" in said:
            yield f"{one.question}, {kind}: a traceback: {said}"


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_a_careless_answer_gets_a_sentence_never_a_traceback(path, tmp_path, audit):
    exercise = load(path)
    plan = Walk(path, tmp_path, "checks", tries=tuple(tries_of(exercise, audit)))
    assert branch(walk, plan, exercise, seconds=600) == ""
    assert plan.tries
    assert not list(complaints(plan))
