"""Read a folder of uploads into submissions: whose they are, and which ones count."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coursekit.exercises.model import Exercise
from coursekit.grading.intake.cells import Found, pieces_of
from coursekit.grading.intake.names import Owner, Roster, legible
from coursekit.grading.intake.reading import Unreadable, read_notebook
from coursekit.grading.intake.uploads import Upload, uploads
from coursekit.grading.model import Learner, Submission

__all__ = ["Intake", "read_folder", "take_in"]

_EXERCISE = re.compile(r"[a-z0-9-]{1,60}/[a-z0-9-]{1,60}")
_LONGEST_AGO = datetime.min.replace(tzinfo=UTC)
_MOST_NAMED = 5
_STRANGER = ("Not on the roster.",)


@dataclass(frozen=True)
class Intake:
    """What a folder holds.

    Attributes
    ----------
    submissions
        By learner and attempt; one a notebook, and one for each learner who sent none.
    ignored
        Files beside the uploads that belong to nobody.
    """

    submissions: list[Submission]
    ignored: list[str]


@dataclass(frozen=True)
class _Draft:
    """A submission, and what decides whether it counts."""

    submission: Submission
    owner: Owner
    recognised: bool = False

    @property
    def counts(self) -> tuple[bool, bool]:
        return not self.submission.problem, self.recognised


@dataclass
class _Pile:
    """What one learner sent."""

    learner: Learner
    owner: Owner
    stranger: bool
    drafts: list[_Draft] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def read_folder(
    folder: Path, exercise: Exercise, roster: Sequence[Learner] = ()
) -> list[Submission]:
    """Read what an LMS exported.

    Parameters
    ----------
    folder : Path
        A folder, or one notebook or zip file.
    exercise : Exercise
        The exercise that the notebooks should be of.
    roster : sequence of Learner
        Who is expected. An upload that means one of them gets that learner's key.

    Returns
    -------
    list of Submission
        By learner and attempt. Of each learner's, all but one are superseded. What
        could not be read has a `problem`.

    Raises
    ------
    Unreadable
        If `folder` itself is none of the three.
    """
    return take_in(folder, exercise, roster).submissions


def take_in(folder: Path, exercise: Exercise, roster: Sequence[Learner] = ()) -> Intake:
    """Read what an LMS exported, and tell what else lies there.

    See `read_folder` for parameters and errors.
    """
    expected = Roster(roster, (upload.owner for upload in uploads(folder)))
    piles: dict[str, _Pile] = {}
    ignored = []
    for upload in _named_apart(uploads(folder)):
        if _is_nobodys(upload, expected):
            ignored.append(upload.file)
            continue
        learner = expected.learner(upload.owner)
        stranger = len(expected) > 0 and not expected.expects(upload.owner)
        pile = piles.setdefault(learner.key, _Pile(learner, upload.owner, stranger))
        if upload.kind == "other" and not upload.fault:
            pile.others.append(upload.file)
        else:
            pile.drafts.append(_draft(upload, learner, exercise))
    submissions = [
        submission for key in sorted(piles) for submission in _settled(piles[key])
    ]
    return Intake(submissions, ignored)


def _named_apart(found: Iterable[Upload]) -> Iterator[Upload]:
    """Give a number to a name that comes again, as it may in a zip file."""
    seen: Counter[str] = Counter()
    for upload in found:
        seen[upload.file] += 1
        times = seen[upload.file]
        yield upload if times == 1 else replace(upload, file=f"{upload.file} ({times})")


def _is_nobodys(upload: Upload, expected: Roster) -> bool:
    """Whether it is a file of the instructor's, such as a list of names."""
    if upload.kind != "other" or upload.fault or not upload.outermost:
        return False
    return not upload.owner.lms and not expected.expects(upload.owner)


def _draft(upload: Upload, learner: Learner, exercise: Exercise) -> _Draft:
    submission = Submission(
        learner, upload.file, submitted=upload.time, late=upload.owner.late
    )
    try:
        if upload.fault:
            raise Unreadable(upload.fault)
        content = upload.content()
        digest = hashlib.sha256(content).hexdigest()
        submission = replace(submission, digest=digest)
        notebook = read_notebook(content)
        named = _named(notebook)
        if named not in ("", exercise.name):
            raise Unreadable(f"The notebook is of another exercise, `{named}`.")
    except Unreadable as error:
        return _Draft(replace(submission, problem=str(error)), upload.owner)
    found = pieces_of(notebook, exercise)
    return _Draft(
        _filled(submission, found), upload.owner, found.recognised or bool(named)
    )


def _filled(submission: Submission, found: Found) -> Submission:
    return replace(
        submission,
        pieces=found.pieces,
        written=found.written,
        notes=found.notes,
        flags=found.flags,
    )


def _named(notebook: Mapping[str, Any]) -> str:
    """Return the exercise that a notebook says it is of; empty if it says none."""
    name = notebook["metadata"]["course"].get("exercise")
    return name if isinstance(name, str) and _EXERCISE.fullmatch(name) else ""


# --- which one counts ---


def _settled(pile: _Pile) -> list[Submission]:
    """Return what a learner sent, numbered; all but one are superseded."""
    if not pile.drafts:
        only = _listed(pile.others)
        problem = f"There is no notebook, only {only}."
        file, late = pile.others[0], pile.owner.late
        none = Submission(pile.learner, file, problem=problem, late=late)
        return [replace(none, flags=_STRANGER if pile.stranger else ())]
    drafts = sorted(pile.drafts, key=_order(pile.drafts))
    # `max` takes the first of equals, so the last upload has to come first.
    counting = max(reversed(drafts), key=lambda draft: draft.counts)
    notes, flags = _about(counting, drafts, pile.others)
    flags += _STRANGER if pile.stranger else ()
    settled = []
    for attempt, draft in enumerate(drafts, start=1):
        submission = replace(draft.submission, attempt=attempt)
        if draft is counting:
            said = (*submission.notes, *notes)
            flagged = (*submission.flags, *flags)
            submission = replace(submission, notes=said, flags=flagged)
        else:
            submission = replace(submission, superseded=True)
        settled.append(submission)
    return settled


def _order(
    drafts: Sequence[_Draft],
) -> Callable[[_Draft], tuple[int, int, datetime, str]]:
    """Return the key to sort by: the LMS's numbers first, then the files' time."""
    # `homework-2` is an upload after `homework-1` only where all have that name.
    numbered = len({draft.owner.stem for draft in drafts}) == 1

    def key(draft: _Draft) -> tuple[int, int, datetime, str]:
        series = draft.owner.series if numbered else 0
        time = draft.submission.submitted or _LONGEST_AGO
        return draft.owner.upload, series, time, draft.submission.file

    return key


def _about(
    counting: _Draft, drafts: Sequence[_Draft], others: Sequence[str]
) -> tuple[list[str], list[str]]:
    notes, flags = [], []
    if len(drafts) > 1:
        file = _short(counting.submission.file)
        notes.append(f"{len(drafts)} uploads were found; {file} counts.")
    if others and not counting.submission.problem:
        notes.append(f"Not read, because it is no notebook: {_listed(others)}.")
    later = drafts[drafts.index(counting) + 1 :]
    for draft in later:
        file, problem = _short(draft.submission.file), draft.submission.problem
        told = problem or "No cell of this exercise was found in it."
        flags.append(f"A later upload, {file}, does not count. {told}")
    return notes, flags


def _listed(files: Sequence[str]) -> str:
    shown = ", ".join(map(_short, files[:_MOST_NAMED]))
    more = len(files) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _short(file: str) -> str:
    return f"`{legible(file.rpartition('/')[2])}`"
