"""What an attack is, and how its notebook is written.

An attack is a submission made up to get what it did not earn, or to do harm. Where it
gets what it must not get, its own code says so by `breach(...)`: that hands on an
evidence item of that name, and a test fails when it finds one. So an attack that runs
into nothing at all cannot pass for one that was stopped.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Kind = Literal["forging", "cheating", "harming", "breaking"]
Notebook = dict[str, Any]

HONEST = "the reference's answer"
OWN_ERROR = "an error of its own"
BREACH = "breach"
_TELLS = f"""\
def breach(what, tell=evidence):
    tell("q1.{BREACH}", value=str(what))


"""


@dataclass(frozen=True)
class Scene:
    """What an attack is made for.

    Attributes
    ----------
    starter
        The notebook that learners open.
    answers
        The reference's answers, by question.
    names
        What stands in an attack's code as `@NAME@`: `WORLD`, a folder of the host with
        things to steal and to spoil; `TOKEN`, a word that nothing else has; `PORT`, on
        which the host listens; `PID`, a process of the host; `REPO`, the checkout;
        `PATH`, where the host has its packages; `CHECK`, the second question's check.
    """

    starter: Notebook
    answers: dict[str, str]
    names: dict[str, str]

    def fill(self, code: str) -> str:
        """Put this scene's names into the code of an attack."""
        for name, value in self.names.items():
            code = code.replace(f"@{name}@", value)
        return code

    def paper(self) -> Paper:
        """Return a starter of one's own to write in."""
        return Paper(copy.deepcopy(self.starter), self)

    def honest(self) -> Paper:
        """Return a notebook in which the reference answers every question."""
        paper = self.paper()
        for question in self.answers:
            paper.answer(question, HONEST)
        return paper


@dataclass
class Paper:
    """A starter that somebody fills in."""

    notebook: Notebook
    scene: Scene

    def cell(self, name: str) -> dict[str, Any]:
        """Return the cell of that id."""
        return next(cell for cell in self.notebook["cells"] if cell["id"] == name)

    def answer(self, question: str, code: str) -> None:
        """Write an answer."""
        code = self.scene.answers[question] if code is HONEST else code
        self.cell(f"{question}-answer")["source"] = self.scene.fill(code)

    def add(self, code: str, *, after: str, name: str) -> None:
        """Add a code cell."""
        cells = self.notebook["cells"]
        place = cells.index(self.cell(after)) + 1
        cells.insert(
            place,
            {
                "cell_type": "code",
                "id": name,
                "metadata": {},
                "source": self.scene.fill(code),
                "outputs": [],
                "execution_count": None,
            },
        )

    def text(self) -> str:
        """Return the text of the file."""
        return json.dumps(self.notebook, indent=1)

    def bytes(self) -> bytes:
        """Return the file."""
        return self.text().encode("utf-8")


@dataclass(frozen=True)
class Attack:
    """One hostile or broken submission.

    Attributes
    ----------
    name, kind
        What it is called, and of which catalogue.
    tries
        What it tries, in one sentence.
    put
        Puts it into a folder of submissions.
    earns
        Questions that it answers honestly: they earn all their points, and the others
        none.
    spoils
        Whether it may cost its author the honest points too.
    impatient
        Whether it would take as long as it is let: then it is let two seconds.
    stops
        Exceptions with one of which a cell of its own ends; without any, all of them
        run to their end. It is how one knows that the attack did what it says.
    limits
        Word of the limit that is reported; where there are `stops` too, one of both.
    problem
        Words of the sentence that is reported where it cannot be read.
    says
        Words of a note or flag that is reported.
    """

    name: str
    kind: Kind
    tries: str
    put: Callable[[Path, Scene], None] = field(repr=False)
    earns: frozenset[str] = frozenset({"q1"})
    spoils: bool = False
    impatient: bool = False
    stops: frozenset[str] = frozenset()
    limits: str = ""
    problem: str = ""
    says: str = ""


FILE = "mallory.ipynb"


def running(
    kind: Kind,
    name: str,
    tries: str,
    first: str = "",
    *,
    q1: str | None = HONEST,
    q2: str | None = None,
    q3: str | None = None,
    last: str = "",
    stops: str = "",
    spoils: bool = False,
    impatient: bool = False,
    limits: str = "",
    says: str = "",
    earns: str = "",
) -> Attack:
    """Make an attack by code that runs.

    Parameters
    ----------
    kind, name, tries, limits, spoils, impatient, says
        As for `Attack`.
    first, last
        Code of a cell before the first answer, and of one after the last.
    q1, q2, q3
        Answers; `HONEST` is the reference's, None leaves the skeleton.
    stops
        Names of exceptions with spaces between them.
    earns
        Questions with spaces between them; by default those that are `HONEST`.
    """
    answers = {"q1": q1, "q2": q2, "q3": q3}
    if any("breach(" in (code or "") for code in (first, last, *answers.values())):
        first = _TELLS + first

    def put(folder: Path, scene: Scene) -> None:
        paper = scene.paper()
        for question, code in answers.items():
            if code is not None:
                paper.answer(question, code)
        if first:
            paper.add(first, after="given-1", name="first")
        if last:
            paper.add(last, after="summary", name="last")
        (folder / FILE).write_bytes(paper.bytes())

    honest = frozenset(q for q, code in answers.items() if code is HONEST)
    return Attack(
        name,
        kind,
        tries,
        put,
        earns=frozenset(earns.split()) or honest,
        spoils=spoils,
        impatient=impatient,
        stops=_names(stops),
        limits=limits,
        says=says,
    )


def _names(stops: str) -> frozenset[str]:
    """Return the names in a text; the one that has spaces in it stands alone."""
    return frozenset([stops] if stops == OWN_ERROR else stops.split())
