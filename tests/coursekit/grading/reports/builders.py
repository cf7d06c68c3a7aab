"""Batches made by hand: who handed in what, and what each item earned."""

from datetime import UTC, datetime, timedelta

from coursekit.grading.model import (
    Batch,
    CellOutcome,
    ItemMark,
    Learner,
    ManualMark,
    Result,
    Similar,
    Usage,
)

DUE = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)

# What learners and the names of their files may be. Each is a key of its own.
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    '=HYPERLINK("http://attacker.example","marks")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "a;=1+1",
    '"\r\n=1+1',
    "\uff1d1+1",
    "../../etc/passwd",
    "..",
    "/absolute",
    "C:\\Windows\\system32",
    "CON",
    "con",
    "nul.txt",
    "trailing.",
    "trailing",
    "Ada",
    "ada",
    "ADA ",
    "evil\u202egpj.exe",
    "two\u2028lines\nof\x00nothing\x1b[31m",
    "na\ufffeme\ufdd0",
    "z" + "\u0300" * 500 + "algo",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 family",
    "李小龍",
    "سارة",
    "",
    "   ",
    "x" * 10_000,
    "{{ 7 * 7 }}{% raw %}",
    "]]>&amp;<!--",
    "Points Possible",
    "?query#fragment%2e%2e",
]


def result(key="ada", earned=None, **changes):
    """Make the result of one upload; `earned` maps items to points."""
    earned = {"q1.standardised": 2.0} if earned is None else earned
    items = [
        ItemMark(item=name, question=name.split(".")[0], points=points, earned=got)
        for name, (got, points) in (
            (name, got if isinstance(got, tuple) else (got, 2.0))
            for name, got in earned.items()
        )
    ]
    made = {
        "learner": Learner(key=key, name=key.title()),
        "file": f"{key[:40]}.ipynb",
        "items": items,
        "earned": sum(mark.earned for mark in items),
        "possible": sum(mark.points for mark in items),
        "level": "bubblewrap",
    }
    return Result(**(made | changes))


def batch(*results, **changes):
    """Make a batch of results."""
    made = {
        "exercise": "classical/scaling",
        "title": "Columns on one scale",
        "seed": 9_182_736_450,
        "grader": "0123456789abcdef",
        "level": "bubblewrap",
        "graded_at": datetime(2026, 3, 12, 8, 30, tzinfo=UTC),
        "seconds": 12.5,
        "results": list(results),
    }
    return Batch(**(made | changes))


def marks_of(exercise, share, *, why="expected 0.4217"):
    """Make item marks of an exercise: full for the first `share` of its items."""
    passing = round(share * len(exercise.items))
    return [
        ItemMark(
            item=item.id,
            question=item.question,
            points=item.points,
            earned=item.points if at < passing else 0,
            why="" if at < passing else why,
            feedback="" if at < passing else "The numbers are not those expected.",
        )
        for at, item in enumerate(exercise.items)
    ]


def learner_result(exercise, key, share=1.0, **changes):
    """Make a result with a mark for every item and written answer of the exercise."""
    items = marks_of(exercise, share)
    manual = [
        ManualMark(
            question=question.name,
            title="When not to scale",
            points=question.manual_points,
            written="Trees do not care.",
        )
        for question in exercise.questions
        if question.manual_points
    ]
    made = {
        "learner": Learner(key=key, name=key),
        "file": f"{key[:30]}.ipynb",
        "items": items,
        "manual": manual,
        "earned": sum(mark.earned for mark in items),
        "possible": sum(mark.points for mark in items),
        "submitted": DUE - timedelta(hours=5),
        "level": "bubblewrap",
        "usage": Usage(wall_seconds=3.25, cpu_seconds=2.5, memory_mib=210.4),
    }
    return Result(**(made | changes))


def eventful_batch(exercise):
    """Make a batch in which everything happens that a report can tell of."""
    item = exercise.items[-1]
    wrong = next(v for q in exercise.questions for v in q.variants if v.wrong)
    mistaken = learner_result(exercise, "bea", 0.0)
    for mark in mistaken.items:
        if mark.item == wrong.caught_by:
            mark.misconception = wrong.name
    split = learner_result(exercise, "chen", 0.5, late=True)
    split.items[-1].agreed = False
    split.submitted = DUE + timedelta(days=1, hours=3)
    stopped = CellOutcome(
        run="main", question=item.question, kind="evidence", error="ValueError"
    )
    return batch(
        learner_result(exercise, "ada", 1.0),
        mistaken,
        split,
        learner_result(
            exercise,
            "dora",
            0.4,
            flags=["the check of q1 was copied"],
            notes=["The answer to q2 was found twice; the last one counts."],
            limits=["wall time: more than 60 seconds"],
            errors=[stopped, stopped],
            similar=[Similar(other="eve", share=0.97, questions=["q1", "q2"])],
        ),
        learner_result(
            exercise,
            "eve",
            0.4,
            similar=[
                Similar(other="dora", share=0.91, questions=["q1"]),
                Similar(other="the published solution", share=0.6, questions=["q3"]),
            ],
        ),
        learner_result(exercise, "fay", 0.9, attempt=1, superseded=True),
        learner_result(exercise, "fay", 0.7, attempt=2),
        result("gil", {}, state="unreadable", problem="The file is empty."),
        result("hal", {}, state="missing", file=""),
        policy={
            "due": "2026-03-09T12:00:00Z",
            "late": {"per_day": 10.0, "at_most": 50.0, "cutoff_days": 7},
        },
    )
