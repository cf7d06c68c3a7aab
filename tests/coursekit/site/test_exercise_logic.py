"""What an exercise page decides, held in Node."""

import json
import subprocess

import pytest

from coursekit.site import node
from coursekit.site.vendor import katex

LOGIC = katex.STATIC / "exercise" / "logic.js"


def ask(expression):
    """Evaluate an expression that uses the module as `it`."""
    code = f"import * as it from {json.dumps(LOGIC.as_uri())};\n"
    done = subprocess.run(
        [node.node_program(), "--input-type=module"],
        input=f"{code}console.log(JSON.stringify({expression}))",
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def results(*outcomes):
    return json.dumps([{"outcome": one, "text": one} for one in outcomes])


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (["passed", "passed"], "passed"),
        (["passed", "not yet"], "not yet"),
        (["passed", "not answered yet"], "not yet"),
        (["not answered yet", "not answered yet"], "not answered yet"),
        ([], "not yet"),  # a check that said nothing has not passed
    ],
)
def test_the_outcome_of_several_results(outcomes, expected):
    assert ask(f"it.outcome({results(*outcomes)})") == expected


def test_a_question_passes_when_all_its_checks_have():
    both = '[{id: "a"}, {id: "b"}]'
    passed = results("passed")
    assert ask(f'it.standing({both}, new Map([["a", {passed}]]))') == "not yet"
    all_of_it = f'new Map([["a", {passed}], ["b", {passed}]])'
    assert ask(f"it.standing({both}, {all_of_it})") == "passed"


def test_a_check_runs_what_it_needs_and_no_more():
    """Given cells once, changed ones again, its own answer always, no other check."""
    cells = """(() => {
      const make = (id, role, question = "", text = "x") =>
        ({ id, role, question, source: () => text });
      const cells = [
        make("given-1", "given"), make("given-2", "given", "", "changed"),
        make("q1-answer", "answer", "q1"), make("q1-check", "check", "q1"),
        make("q2-answer", "answer", "q2"), make("q2-check", "check", "q2"),
        make("given-3", "given"),
      ];
      const ran = new Map(cells.map((cell) => [cell.id, "x"]));
      return it.before(cells, cells[5], ran).map((cell) => cell.id);
    })()"""
    assert ask(cells) == ["given-2", "q2-answer"]


def test_what_a_check_printed_beside_its_results_is_left():
    said = '[{text: "q1 passed: a"}]'
    assert ask(f'it.rest("mine\\nq1 passed: a\\n", {said})') == "mine\n"
    assert ask(f'it.rest("q1 passed: a\\n", {said})') == ""


def test_progress_and_hints_in_words():
    assert ask('it.progress(["q1", "q2"], {q1: "passed"})') == (
        "1 of 2 questions passed"
    )
    assert ask("it.opened(0, 3)") == ""
    assert ask("it.opened(1, 3)") == "1 of 3 hints opened. Only you see this."
