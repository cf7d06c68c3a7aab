"""Copies are found under every disguise of taste; different people are not accused."""

import ast
import builtins
import random
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.exercises import runs
from coursekit.exercises.commands import sources
from coursekit.exercises.model import load
from coursekit.grading import similarity
from coursekit.grading.model import Learner, Piece, Submission
from coursekit.grading.similarity import PUBLISHED, fingerprints

ROOT = Path(__file__).resolve().parents[3]
EXERCISES = {f"{p.parent.name}/{p.stem}": load(p) for p in sources()}
DESCENT = EXERCISES["mathematics/gradient-descent"]
SKELETONS = runs.answers(DESCENT, stripped=True)

# Somebody's own way to answer question 2, unlike the published one.
OWN = '''
def descend(gradient_at, start, rate, steps, tolerance=0.0):
    """Walk downhill from start."""
    here, seen = list(map(float, start)), []
    while True:
        seen.append(tuple(here))
        slope = [float(s) for s in gradient_at(np.asarray(here))]
        small = sum(s * s for s in slope) ** 0.5 <= tolerance
        if small or len(seen) > steps:
            return np.asarray(seen)
        for axis, s in enumerate(slope):
            here[axis] = here[axis] - rate * s
'''

SOME = ["max", "min"]
OTHER = '''
def descend(gradient_at, start, rate, steps, tolerance=0.0):
    """Walk downhill from start."""
    def advance(points, remaining):
        last = points[-1]
        direction = gradient_at(last)
        if remaining == 0 or np.sqrt(direction @ direction) <= tolerance:
            return np.vstack(points)
        return advance(points + [last - rate * direction], remaining - 1)

    return advance([np.array(start, dtype=float)], steps)
'''


def submission(key, file=None, pieces=(), **answers):
    told = tuple(Piece("answer", code, question=q) for q, code in answers.items())
    name = file or f"{key}.ipynb"
    return Submission(Learner(key=key), name, pieces=(*told, *pieces))


def compare(submissions, exercise):
    return similarity.compare(submissions, exercise).similar


def groups(submissions):
    found = similarity.compare(submissions, DESCENT).groups
    return [(one.learners, one.questions, one.share) for one in found]


def others(found, key):
    return {one.other: one for one in found[f"{key}.ipynb"]}


class Renamed(ast.NodeTransformer):
    """Gives new names to all that the code itself names."""

    def __init__(self, tree):
        named = {
            n.id
            for n in ast.walk(tree)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }
        named |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
        named -= {"self", *dir(builtins)}
        self.names = {name: f"zq{at}" for at, name in enumerate(sorted(named))}

    def visit_Name(self, node):
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node):
        node.arg = self.names.get(node.arg, node.arg)
        return self.generic_visit(node)


def disguised(code):
    """A copy with other names, layout, comments, quotes and numbers."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            node.body[0] = ast.parse("'mine'").body[0]
    text = ast.unparse(Renamed(tree).visit(tree))
    text = re.sub(r"(?m)^( +)", r"\1\1", text)
    return "# my own work\n" + text.replace("\n", "   # truly\n")


def reordered(code):
    """The functions of a class in the opposite order; other code as it is."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            node.body.reverse()
    tree.body.reverse()
    return ast.unparse(tree)


def long_answers():
    """Every right answer and reference that is long enough to be listed."""
    for exercise in EXERCISES.values():
        for question in exercise.questions:
            right = [v.cell.source for v in question.variants if not v.wrong]
            for at, code in enumerate([question.answer.source, *right]):
                if len(fingerprints(code)) >= 20:
                    name = f"{exercise.name} {question.name} {at}"
                    yield pytest.param(exercise, question.name, code, id=name)


@pytest.mark.parametrize(("exercise", "question", "code"), [*long_answers()])
def test_a_copy_is_found_under_every_disguise(exercise, question, code):
    for disguise, least in ((disguised, 0.95), (reordered, 0.8)):
        found = compare(
            [
                submission("ada", **{question: code}),
                submission("bob", **{question: disguise(code)}),
            ],
            exercise,
        )
        for one, other in (("ada", "bob"), ("bob", "ada")):
            assert others(found, one)[other].questions == [question]
            assert others(found, one)[other].share >= least
        assert others(found, "bob")[PUBLISHED].questions == [question]


@pytest.mark.parametrize("name", EXERCISES)
def test_answers_that_differ_in_kind_are_not_listed(name):
    """The reference and the right answers were written to differ."""
    exercise = EXERCISES[name]
    rows = [("reference", runs.answers(exercise))]
    for question in exercise.questions:
        right = [v for v in question.variants if not v.wrong]
        rows += [(v.name, {question.name: v.cell.source}) for v in right]
    found = compare([submission(key, **answers) for key, answers in rows], exercise)
    for key, _ in rows:
        assert set(others(found, key)) <= {PUBLISHED}


def test_two_people_who_wrote_their_own_are_not_listed():
    found = compare([submission("ada", q2=OWN), submission("bob", q2=OTHER)], DESCENT)
    assert found == {"ada.ipynb": [], "bob.ipynb": []}


def test_what_the_starter_gives_does_not_count():
    """Untouched notebooks, given cells, and the skeletons in the hints."""
    hint = DESCENT.question("q2").hints[2].source.split("```python\n")[1]
    given_cell = DESCENT.source.code[1].source
    pieces = [Piece("added", hint.split("```")[0]), Piece("edited", given_cell)]
    found = compare(
        [submission(key, pieces=pieces, **SKELETONS) for key in "abc"], DESCENT
    )
    assert found == {"a.ipynb": [], "b.ipynb": [], "c.ipynb": []}


def test_a_short_answer_is_never_listed():
    code = "def gradient(X, y, w):\n    return 2 * X.T @ (X @ w - y) / len(y)"
    found = compare([submission(key, q1=code) for key in "ab"], DESCENT)
    assert found == {"a.ipynb": [], "b.ipynb": []}


def test_only_the_copied_question_is_named():
    ada = submission("ada", q2=OWN, q4=OTHER.replace("descend", "momentum"))
    bob = submission("bob", q2=disguised(OWN))
    found = compare([ada, bob], DESCENT)
    assert others(found, "ada")["bob"].questions == ["q2"]
    assert others(found, "bob")["ada"].share > 0.7


def test_a_copy_among_much_of_ones_own_is_found_from_both_sides():
    own = "\n\n".join(OTHER.replace("descend", f"helper_{n}") for n in range(2))
    bob = submission("bob", q2=disguised(OWN) + own)
    found = compare([submission("ada", q2=OWN), bob], DESCENT)
    assert others(found, "ada")["bob"].share > 0.7
    assert others(found, "bob")["ada"].questions == ["q2"]
    assert others(found, "bob")["ada"].share < others(found, "ada")["bob"].share


def test_a_copy_that_was_moved_to_another_cell_is_found():
    moved = Piece("added", disguised(OWN), after="given-1")
    bob = submission("bob", pieces=[moved], q2=SKELETONS["q2"])
    found = compare([submission("ada", q2=OWN), bob], DESCENT)
    assert others(found, "ada")["bob"].questions == ["q2"]
    assert others(found, "bob")["ada"].share > 0.7
    helper = Piece("added", OWN, after="q2-answer")
    found = compare(
        [submission("ada", q2=OWN), submission("c", pieces=[helper])], DESCENT
    )
    assert others(found, "c")["ada"].questions == ["q2"]


def own_answer(rng):
    """Code that nobody else writes: random statements about random names."""
    lines = ["def descend(gradient_at, start, rate, steps, tolerance=0.0):"]
    for _ in range(12):
        signs = [rng.choice("+-*/@%") for _ in range(3)]
        call = rng.choice(["sum", "max", "abs", "len", "sorted", "list", "min"])
        at = rng.choice(
            [".T", "[0]", "[:, 1]", ".copy()", ".mean()", "[-1]", ".ravel()"]
        )
        begin = rng.choice(["a", "a, b", "a[0]", "(a, b), c"])
        a, b, c = signs
        lines.append(f"    {begin} = {call}(x{at} {a} y) {b} z {c} w")
    return "\n".join(lines)


DICTATED = """
    checked = np.asarray(start, dtype=float).ravel().copy()
    if checked.ndim != 1 or not np.isfinite(checked).all():
        raise ValueError("start must be a row of numbers", checked.shape)
    total = sum(value * value for value in checked) / max(len(checked), 1)
    print(f"starting at {total:.3f}", "after", [round(v, 2) for v in checked])
"""


def test_what_half_of_a_class_writes_is_dictated_by_the_task():
    rng = random.Random(4)
    mine = {f"s{n:02}": own_answer(rng) + DICTATED for n in range(30)}
    few = [submission(key, q2=code) for key, code in [*mine.items()][:2]]
    assert fingerprints(DICTATED)
    found = compare([submission(key, q2=code) for key, code in mine.items()], DESCENT)
    assert not any(found.values())
    # A pair of whom nobody knows what a class writes shares it all the same.
    shared = fingerprints(mine["s00"]) & fingerprints(mine["s01"])
    assert len(shared) > 0.3 * len(fingerprints(mine["s00"]))
    assert not any(compare(few, DESCENT).values())


def test_many_copies_of_one_answer_are_not_what_the_task_dictates():
    rng = random.Random(5)
    honest = [submission(f"h{n}", q2=own_answer(rng)) for n in range(14)]
    ring = [submission(f"r{n}", q2=OWN) for n in range(20)]
    found = compare(honest + ring, DESCENT)
    assert not any(found[one.file] for one in honest)
    assert all(found[one.file] for one in ring)
    assert groups(honest + ring) == [(sorted(f"r{n}" for n in range(20)), ["q2"], 1.0)]


def with_lines(code, rng, number):
    """Somebody's code with lines of one's own before its last."""
    *before, last = code.splitlines()
    own = own_answer(rng).splitlines()[1 : 1 + number]
    return "\n".join([*before, *own, last])


def test_no_crowd_of_copies_hides_what_they_were_made_from():
    """Everybody has ten that are nearer than the original, and is told of it."""
    rng = random.Random(8)
    original = own_answer(rng)
    first = with_lines(original, rng, 4)
    crowd = [submission(f"c{n:02}", q2=disguised(first)) for n in range(18)]
    source = submission("source", q2=original)
    found = compare([*crowd, source], DESCENT)
    for one in crowd:
        listed = [similar.other for similar in found[one.file]]
        assert listed[1:] == ["source"]
        assert listed[0] in {other.learner.key for other in crowd}
    assert [one.other for one in found["source.ipynb"]] == ["c00"]
    assert groups([*crowd, source]) == [
        (sorted(one.learner.key for one in crowd), ["q2"], 1.0)
    ]


def test_the_original_is_in_the_group_where_the_copies_are_near_to_it():
    rng = random.Random(9)
    original = "\n".join([own_answer(rng), own_answer(rng)])
    crowd = [
        submission(f"c{n:02}", q2=disguised(with_lines(original, rng, 1)))
        for n in range(7)
    ]
    (group,) = groups([*crowd, submission("source", q2=original)])
    assert group[0] == [*(f"c{n:02}" for n in range(7)), "source"]
    assert 0.9 <= group[2] < 1


def test_the_original_comes_first_where_every_copy_has_additions_of_its_own():
    rng = random.Random(11)
    original = own_answer(rng)
    honest = [submission(f"h{n:02}", q2=own_answer(rng)) for n in range(30)]
    crowd = [submission(f"c{n:02}", q2=with_lines(original, rng, 3)) for n in range(14)]
    source = submission("source", q2=original)
    found = compare([*honest, *crowd, source], DESCENT)
    assert groups([*honest, *crowd, source]) == []
    for one in crowd:
        assert len(found[one.file]) == 10
        assert found[one.file][0].other == "source"


def test_groups_of_two_questions_with_one_first_member_are_told_apart():
    """The last resembles both: of each it is told."""
    rng = random.Random(12)
    one, two = own_answer(rng), own_answer(rng)
    several = [submission("a", q2=one, q4=two)]
    several += [submission(key, q2=one) for key in ("b", "c")]
    several += [submission(key, q4=two) for key in ("d", "e")]
    more = {"q2": with_lines(one, rng, 4), "q4": with_lines(two, rng, 4)}
    found = compare([*several[1:], submission("last", **more), several[0]], DESCENT)
    told = {(s.other, *s.questions) for s in found["last.ipynb"]}
    assert {one[1:] for one in told} == {("q2",), ("q4",), ("q2", "q4")}


def test_groups_are_of_three_or_more_by_question_and_say_what_they_share():
    pair = [submission(key, q2=OWN) for key in ("ada", "bob")]
    assert groups(pair) == []
    both = [submission(key, q2=OWN, q4=OTHER) for key in ("cyd", "dan", "eve")]
    assert groups(both) == [(["cyd", "dan", "eve"], ["q2", "q4"], 1.0)]
    assert groups(pair + both) == [
        (["ada", "bob", "cyd", "dan", "eve"], ["q2"], 1.0),
        (["cyd", "dan", "eve"], ["q4"], 1.0),
    ]


def test_uploads_of_one_learner_make_no_group():
    uploads = [submission("ada", file=f"{n}.ipynb", q2=OWN) for n in range(4)]
    assert groups([*uploads, submission("bob", q2=OWN)]) == []


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20))
def test_ties_join_whoever_can_be_reached(ties):
    """Told in two parts, as the tables are compared, and all at once by sets."""
    reached = {n: {n} for n in range(12)}
    first = np.arange(12)
    for part in (ties[:7], ties[7:]):
        ends = np.array(part, dtype=int).reshape(-1, 2).T
        first = similarity._connected(first, *ends)
    for one, other in ties:
        joined = reached[one] | reached[other]
        for member in joined:
            reached[member] = joined
    assert list(first) == [min(reached[n]) for n in range(12)]


def test_a_class_that_copied_the_published_solution_with_changes_is_told_so():
    rng = random.Random(6)
    code = DESCENT.question("q5").answer.source
    lines = code.splitlines()
    everyone = []
    for n in range(15):
        changed = [*lines[:-1], f"    n{n} = {rng.choice(SOME)}(4, {n})"]
        everyone.append(submission(f"s{n}", q5="\n".join([*changed, lines[-1]])))
    found = compare(everyone, DESCENT)
    assert all(others(found, f"s{n}")[PUBLISHED].questions == ["q5"] for n in range(15))


def test_two_uploads_of_one_learner_are_not_compared_with_each_other():
    first = submission("ada", file="1.ipynb", q2=OWN)
    second = submission("ada", file="2.ipynb", q2=OWN)
    bob = submission("bob", q2=OWN)
    found = compare([first, second, bob], DESCENT)
    assert [one.other for one in found["1.ipynb"]] == ["bob"]
    assert [one.other for one in found["2.ipynb"]] == ["bob"]
    assert [one.other for one in found["bob.ipynb"]] == ["ada"]


def test_nobody_and_the_unreadable_are_no_trouble():
    assert compare([], DESCENT) == {}
    unread = Submission(Learner(key="x"), "x.ipynb", problem="not a notebook")
    assert compare([unread], DESCENT) == {"x.ipynb": []}


BROKEN = [
    "%%time\n" + OWN,
    "!pip install numpy\n%matplotlib inline\n" + OWN,
    OWN + "\nthis is not python ((( at all",
    OWN.replace("while True:", "while True"),
    OWN.replace('"""Walk downhill from start."""', '"""Walk\n  downhill."""') + "\n)",
    OWN + "\n  '''never closed",
    OWN.replace("    ", "\t") + "\n x = 1\n   y = 2",
]


@pytest.mark.parametrize("code", BROKEN)
def test_a_copy_that_is_no_longer_python_is_found(code):
    found = compare([submission("ada", q2=OWN), submission("bob", q2=code)], DESCENT)
    assert others(found, "ada")["bob"].questions == ["q2"]
    assert others(found, "bob")["ada"].questions == ["q2"]


@given(st.text())
def test_no_text_makes_it_stumble(text):
    assert fingerprints(text) == fingerprints(text)


@given(st.text(alphabet="()[]'\"\\\n \t#%!fx1=.:é\ud800\0", max_size=60))
def test_no_text_that_looks_like_code_makes_it_stumble(text):
    assert isinstance(fingerprints(OWN + text), frozenset)


@given(st.integers(0, 200), st.integers(12, 60))
def test_a_long_enough_common_run_always_leaves_a_common_fingerprint(at, length):
    """The guarantee of winnowing: a run of ten tokens cannot be missed."""
    signs = random.Random(at).choices(
        ["+", "-", "*", "/", "@", "%", "<", "&"], k=length
    )
    common = " ".join(signs)
    before, after = "x y z " * (at % 7), "q w " * (at % 5)
    assert fingerprints(before + common) & fingerprints(common + " " + after)


def test_fingerprints_are_the_same_in_every_process():
    code = (
        "from coursekit.grading.similarity import fingerprints\n"
        f"print(sorted(fingerprints({OWN!r})))"
    )
    command = [sys.executable, "-c", code]
    told = subprocess.check_output(
        command, cwd=ROOT, env={"PYTHONHASHSEED": "1", "PYTHONPATH": str(ROOT)}
    )
    assert told.decode() == f"{sorted(fingerprints(OWN))}\n"


def test_a_large_class_takes_no_more_than_a_list_of_ten_each():
    rng = random.Random(7)
    pool = [own_answer(rng) for _ in range(40)]
    many = [submission(f"s{n:03}", q2=pool[n % 40]) for n in range(600)]
    found = similarity.compare(many, DESCENT)
    for n, one in enumerate(many):
        (nearest,) = found.similar[one.file]
        assert int(nearest.other[1:]) % 40 == n % 40
    circles = [{int(key[1:]) % 40 for key in one.learners} for one in found.groups]
    assert sorted(map(list, circles)) == [[n] for n in range(40)]
    assert {len(one.learners) for one in found.groups} == {15}


def test_nobody_is_told_of_more_than_ten():
    """One has the code of twelve, who have nothing to do with each other."""
    rng = random.Random(10)
    twelve = [own_answer(rng) for _ in range(12)]
    everything = "\n".join(twelve)
    many = [submission(f"s{n:02}", q2=code) for n, code in enumerate(twelve)]
    found = compare([*many, submission("all", q2=everything)], DESCENT)
    assert len(found["all.ipynb"]) == 10
    for one in many:
        assert [similar.other for similar in found[one.file]] == ["all"]
