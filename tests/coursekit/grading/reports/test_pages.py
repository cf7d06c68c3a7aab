"""Pages tell what they should and no secret, and run nothing that a learner wrote."""

import re
from datetime import timedelta

import pytest

from coursekit.exercises.commands import sources
from coursekit.exercises.model import load
from coursekit.grading import policy
from coursekit.grading.model import CellOutcome, Group, Learner, Similar
from coursekit.grading.policy import Late, Points, Policy
from coursekit.grading.reports import pages
from coursekit.grading.safe import file_name

from .builders import DUE, HOSTILE, batch, eventful_batch, learner_result, result
from .parsing import Page

CSP = "default-src 'none'; style-src 'unsafe-inline'"


def page_of(given, exercise, key):
    return Page(pages.learners(given, exercise)[f"learners/{file_name(key)}.html"])


def one_page(exercise, one, **changes):
    return page_of(batch(one, **changes), exercise, one.learner.key)


# The learner's page


def test_every_learner_has_one_page_whatever_the_uploads(eventful, good):
    made = pages.learners(eventful, good)
    keys = {one.learner.key for one in eventful.results}
    assert set(made) == {f"learners/{file_name(key)}.html" for key in keys}


def test_it_says_what_passed_and_what_did_not(good):
    page = one_page(good, learner_result(good, "ada", 0.5))
    assert page.text.count("✓ Passed") == 2
    assert page.text.count("✗ Not passed") == 2
    assert page.text.count("The numbers are not those expected.") == 2
    assert "Question 1: Standardise 3 of 3" in page.text
    assert "Question 2: Remember the scale 0 of 2" in page.text


def test_the_first_hint_stands_where_points_were_lost_and_nowhere_else(good):
    page = one_page(good, learner_result(good, "ada", 0.5))
    assert "What does the second table have to do with the mean?" in page.text
    assert page.text.count("A hint") == 2
    first = good.question("q1").hints[0].source.strip()
    assert first not in page.text
    deeper = [hint.source for q in good.questions for hint in q.hints[1:]]
    assert deeper
    assert not [text for text in deeper if text.strip().splitlines()[0] in page.text]


def test_full_marks_need_no_hint(good):
    assert "A hint" not in one_page(good, learner_result(good, "ada")).text


def test_a_written_answer_is_not_final_until_it_was_read(good):
    one = learner_result(good, "ada")
    assert "Not final yet" in one_page(good, one).text
    assert "Not read yet When not to scale \u2013 of 2" in one_page(good, one).text
    one.manual[0].earned, one.manual[0].comment = 1.5, "Say why."
    page = one_page(good, one)
    assert "Not final yet" not in page.text
    assert "Read by a person When not to scale 1.5 of 2 Say why." in page.text


def test_what_lateness_cost_and_which_upload_counts_is_told(good):
    late = learner_result(good, "ada", submitted=DUE + timedelta(hours=30), attempt=2)
    first = learner_result(good, "ada", 0.1, attempt=1)
    rules = Policy(due=DUE, late=Late(per_day=10.0), points=Points(total=100.0))
    page = page_of(rules.apply(batch(first, late)), good, "ada")
    assert "55 of 100 points" in page.text
    assert "20 points were taken off: 2 days late; 10 % of the total" in page.text
    assert "; due on 9 March 2026, 12:00 UTC." in page.text
    assert "Handed in on 10 March 2026, 18:00 UTC;" in page.text
    assert "Of your 2 uploads, number 2 counts." in page.text


def test_how_points_became_the_mark_is_told_where_they_are_not_the_mark(good):
    rules = Policy(points=Points(total=100.0, questions={"q1": 6.0}))
    one = learner_result(good, "ada")
    one.manual[0].earned = 1.0
    page = page_of(rules.apply(batch(one)), good, "ada")
    assert "90.91 of 100 points" in page.text
    told = "Question 1 counts 6 instead of 3 points; 10 of 11 is 90.91 of 100."
    assert told in page.text
    assert "Full marks are" not in page.text
    plain = page_of(Policy().apply(batch(one)), good, "ada").text
    assert "Full marks are 8." in plain
    assert "instead of" not in plain
    unread = page_of(rules.apply(batch(learner_result(good, "ada"))), good, "ada")
    assert "81.82 of 100. What has not been read yet counts as 0." in unread.text


def test_errors_and_limits_are_told_once_in_sentences(eventful, good):
    page = page_of(eventful, good, "dora")
    told = "Your answer to question 3, called on other inputs, stopped with ValueError."
    assert page.text.count(told) == 1
    assert "A limit was met: wall time: more than 60 seconds." in page.text
    assert "The answer to q2 was found twice; the last one counts." in page.text


@pytest.mark.parametrize("kind", ["answer", "added", "edited", "given", "evidence"])
def test_whichever_cell_stopped_is_named(good, kind):
    error = CellOutcome(run="main", question="", kind=kind, error="KeyError")
    page = one_page(good, learner_result(good, "ada", errors=[error]))
    assert re.search(r"(A|Your) [a-z ,]+ stopped with KeyError\.", page.text)


def test_what_could_not_be_read_or_was_not_sent_is_said(eventful, good):
    assert "This could not be read. The file is empty." in (
        page_of(eventful, good, "gil").text
    )
    missing = page_of(eventful, good, "hal")
    assert "Nothing was handed in." in missing.text
    assert "could not be read" not in missing.text


def test_it_says_what_the_mark_does_not_say(eventful, good):
    assert "It does not say who wrote it" in page_of(eventful, good, "ada").text


def secrets(given, exercise):
    """Everything that is for the instructor alone, by where it comes from."""
    found = {"seed": str(given.seed), "grader": given.grader}
    for one in given.results:
        for mark in one.items:
            mark.why = f"why-{mark.item}-expected-0.4217"
            mark.misconception = f"misconception-{mark.item}"
            found[mark.why] = mark.why
            found[mark.misconception] = mark.misconception
            mark.agreed = False
        one.flags = ["flagged-as-copied"]
        one.digest = "d1935700d1935700"
        one.similar = [Similar(other="somebody-else", share=0.8361)]
    found |= {word: word for word in ("flagged-as-copied", "d1935700d1935700")}
    found |= {word: word for word in ("somebody-else", "0.836", "84 %", "agree")}
    for question in exercise.questions:
        hidden = [item.evidence for item in question.items]
        hidden += [item.judge for item in question.items]
        hidden += [variant.cell for variant in question.variants]
        hidden += [question.answer] if question.answer else []
        for cell in hidden:
            lines = (line.strip() for line in cell.source.splitlines())
            found |= {line: line for line in lines if len(line) > 12}
    return found


def test_a_learner_page_tells_no_secret(good):
    given = eventful_batch(good)
    hidden = secrets(given, good)
    assert len(hidden) > 40
    made = pages.learners(policy.apply(given), good)
    for path, text in made.items():
        shown = Page(text).text + text
        assert [name for name, value in hidden.items() if value in shown] == [], path


def test_a_learner_page_names_no_other_learner(good):
    names = ["Ada Lovelace", "Alan Turing", "Grace Hopper"]
    several = [
        learner_result(good, name, similar=[Similar(other=other, share=0.9)])
        for name, other in zip(names, names[1:] + names[:1], strict=True)
    ]
    made = pages.learners(batch(*several), good)
    for name in names:
        text = made[f"learners/{file_name(name)}.html"]
        assert name in text
        assert not [other for other in names if other != name and other in text]


def hostile_batch(exercise):
    several = []
    for text in HOSTILE:
        one = learner_result(exercise, text, 0.0, notes=[text], flags=[text])
        one.learner = Learner(key=text, name=text, id=text)
        one.limits, one.file = [text], text
        one.items[0].feedback = one.manual[0].comment = one.manual[0].written = text
        one.similar = [Similar(other=HOSTILE[0], share=0.9, questions=["q1"])]
        one.errors = [CellOutcome(run="main", question="q1", kind="answer", error=text)]
        several.append(one)
        unread = result(text, {}, file=text, state="unreadable", problem=text)
        unread.learner = Learner(key=f"unreadable {text}", name=text)
        several.append(unread)
    return batch(*several, title=HOSTILE[0], grader=HOSTILE[1])


@pytest.fixture(scope="module")
def hostile_pages(good):
    given = policy.apply(hostile_batch(good))
    made = pages.learners(given, good)
    assert len(made) == 2 * len(HOSTILE)
    return [*made.values(), pages.instructor(given, good)]


KNOWN = re.compile(
    "html|head|meta|title|style|body|header|main|section|h[123]|div|span|p|strong|ul|li|"
    "br|small|i|a|bdi|code|dl|dt|dd|table|thead|tbody|tr|th|td|svg|rect|line|text|details|"
    "summary"
)


def test_nothing_that_a_learner_wrote_becomes_an_element(hostile_pages):
    for text in hostile_pages:
        page = Page(text)
        assert {tag for tag in page.tags if not KNOWN.fullmatch(tag)} == set()
        assert not [name for name, _ in page.attributes if name.startswith("on")]
        assert "alert(1)" not in "".join(re.findall("<[^<>]*>", text))


def test_no_page_asks_anything_of_anybody(hostile_pages):
    for text in hostile_pages:
        page = Page(text)
        assert dict(page.attributes)["content"]
        policies = [value for _, value in page.attributes if value and CSP in value]
        assert len(policies) == 1
        assert not [one for one in page.links if not re.fullmatch(r"#?[\w./-]+", one)]
        assert "url(" not in text
        assert "@import" not in text


def test_no_character_hides_or_turns_the_text(hostile_pages):
    for text in hostile_pages:
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text)
        text.encode("utf-8")


def test_ids_on_a_page_are_unique(hostile_pages):
    for text in hostile_pages:
        ids = Page(text).ids
        assert len(ids) == len(set(ids))


def test_a_very_long_name_does_not_fill_the_page(good):
    page = one_page(good, learner_result(good, "x" * 10_000))
    assert page.text.count("x" * 100) < 3


def test_every_exercise_of_the_book_has_titles_and_hints_that_are_whole():
    paths = sources()
    assert len(paths) >= 5
    for path in paths:
        exercise = load(path)
        page = one_page(exercise, learner_result(exercise, "ada", 0.0))
        for question in exercise.questions:
            assert f"Question {question.name[1:]}" in page.text
        assert "```" not in page.text


def test_a_heap_of_accents_does_not_push_the_rest_of_a_name_away(good):
    name = "z" + "\u0300" * 500 + "algo"
    assert (
        "z" + "\u0300" * 4 + "algo" in one_page(good, learner_result(good, name)).text
    )


# The instructor's page


def test_it_tells_of_everything_that_happened(eventful, good):
    text = Page(pages.instructor(eventful, good)).text
    for told in [
        "1 submission could not be read Gil gil.ipynb The file is empty.",
        "Judge and nbval disagree on 1 submission",
        "chen : q3.widest",
        "dora : the check of q1 was copied",
        "dora : wall time: more than 60 seconds",
        "0 groups, 1 pair, and 1 submission like the published solution",
        "1 pair with similar answers",
        "dora eve 97 % q1, q2",
        "1 submission like the published solution",
        "learner share questions eve 60 % q3",
        "Written answers of 6 learners wait for a reader",
        "bubblewrap , that is own file tree",
        "Secret seed: 9182736450",
        "1 upload does not.",
        "Due on 9 March 2026, 12:00 UTC",
    ]:
        assert told in text, told


def test_it_names_the_mistake_that_most_of_those_who_failed_made(eventful, good):
    text = Page(pages.instructor(eventful, good)).text
    wrong = next(v for q in good.questions for v in q.variants if v.wrong)
    name = wrong.name.replace("-", " ")
    assert f"{name} {wrong.caught_by} 1 {wrong.says}" in text
    assert f"{name} (1)" in text


def test_an_incomplete_or_unisolated_batch_is_announced(good):
    quiet = Page(pages.instructor(batch(learner_result(good, "ada")), good)).text
    assert "Incomplete" not in quiet
    assert "Not isolated" not in quiet
    given = batch(learner_result(good, "ada"), complete=False, level="none")
    loud = Page(pages.instructor(given, good)).text
    assert "Incomplete. Grading was interrupted." in loud
    assert "Not isolated. Learners' code ran in a process of its own, which" in loud


def test_every_link_leads_to_a_page_or_a_file_of_the_report(good):
    given = policy.apply(hostile_batch(good))
    made = set(pages.learners(given, good))
    files = {"grades.csv", "canvas.csv", "moodle.csv", "results.json", "junit.xml"}
    page = Page(pages.instructor(given, good))
    assert "similar" in page.ids
    assert set(page.links) == made | files | {"manual.csv", "#similar"}


def test_marks_stand_first_and_similar_answers_behind_them(eventful, good):
    headings = re.findall('<h2 id="([a-z]+)">', pages.instructor(eventful, good))
    assert headings == ["marks", "look", "items", "learners", "similar", "run"]


def crowd(good, count):
    """A class of which everybody resembles everybody, by twos."""
    keys = [f"learner {n:02}" for n in range(count)]
    return [
        learner_result(
            good,
            key,
            similar=[
                Similar(other=other, share=0.8, questions=["q1"])
                for other in keys
                if other != key
            ],
        )
        for key in keys
    ]


def test_a_long_list_is_folded_after_ten_rows(good):
    text = pages.instructor(batch(*crowd(good, 6)), good)
    open_rows, _, folded = text.partition("15 pairs with similar")[2].partition(
        "<summary>5 more</summary>"
    )
    assert open_rows.count("80 %") == 10
    assert folded.count("80 %") == 5
    few = pages.instructor(batch(*crowd(good, 5)), good)
    assert "10 pairs with similar answers" in few
    assert " more</summary>" not in few


def test_a_group_is_one_row_with_everybody_in_it(good):
    several = crowd(good, 14)
    keys = [one.learner.key for one in several]
    ring = Group(learners=keys[:12], share=0.93, questions=["q1"])
    page = Page(pages.instructor(batch(*several, groups=[ring]), good))
    told = "12 learners: " + " , ".join(keys[:10])
    told += f" 2 more {keys[10]} , {keys[11]} 93 % q1"
    assert told in page.text
    for key in keys[12:]:
        assert f"{keys[0]} and 11 more of a group {key} 80 % q1" in page.text
    assert "3 pairs with similar answers" in page.text
    assert page.text.count("alike in q1, similar to 2 others") == 12


def test_files_that_belong_to_nobody_are_named(good):
    quiet = Page(pages.instructor(batch(learner_result(good, "ada")), good)).text
    assert "beside the submissions" not in quiet
    names = ["class-list.xlsx", "<b>notes.txt"]
    given = batch(learner_result(good, "ada"), ignored=names)
    text = Page(pages.instructor(given, good)).text
    assert "2 files beside the submissions" in text
    assert " ".join(names) in text


def test_learners_of_one_name_are_told_apart(good):
    several = [learner_result(good, key) for key in ("a", "b", "c")]
    for one, known in zip(several, ["17", "18", ""], strict=True):
        one.learner = Learner(key=one.learner.key, name="Wei Zhang", id=known)
    text = Page(pages.instructor(batch(*several), good)).text
    for shown in ("Wei Zhang (17)", "Wei Zhang (18)", "Wei Zhang (c.ipynb)"):
        assert shown in text


def test_an_empty_batch_has_a_page_too(good):
    assert "There are no marks yet." in Page(pages.instructor(batch(), good)).text
    assert pages.learners(batch(), good) == {}


def test_an_unmarked_exercise_with_no_points_has_no_bar_to_divide_by(good):
    rules = Policy(
        points=Points(questions=dict.fromkeys(["q1", "q2", "q3", "q4"], 0.0))
    )
    given = rules.apply(batch(learner_result(good, "ada")))
    assert "0 of 0 points" in page_of(given, good, "ada").text
    assert "There are no marks yet." in Page(pages.instructor(given, good)).text
