"""What the build tells the site about its pages: one JSON file in the source tree."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

NAME = "manifest.json"
# A copy of benchmarks/results.json, where there is one.
BENCHMARKS = "benchmarks.json"
# A copy of benchmarks/grader.json, where there is one.
GRADER = "grader.json"
# A copy of benchmarks/site.json, where there is one.
SITE = "site.json"


@dataclass(frozen=True)
class PageFacts:
    """What the site shows of a page beside its text.

    Attributes
    ----------
    name, title
        `part/slug`, and the page's heading.
    skills, minutes, data, runs, needs
        As in its front matter.
    exercise
        Its exercise as `part/slug` where that has a starter, or None.
    exercise_minutes, exercise_questions
        Minutes that the exercise takes, and the ids of its questions.
    has_answers
        Whether the exercise's answer page is in this site.
    versions
        What it ran on: version by distribution, the ones that its cells import.
    python
        Version of Python that it ran on.
    seconds, peak_bytes
        What its last run took.
    fetches
        Megabytes that running it in the page fetches: its first cell, and all of them;
        empty where it does not run there.
    """

    name: str
    title: str
    skills: list[str]
    minutes: int
    data: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    exercise: str | None = None
    exercise_minutes: int = 0
    exercise_questions: list[str] = field(default_factory=list)
    has_answers: bool = False
    versions: dict[str, str] = field(default_factory=dict)
    python: str = ""
    seconds: float = 0.0
    peak_bytes: int = 0
    fetches: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class ExerciseFacts:
    """What the site shows of an exercise beside its cells.

    Attributes
    ----------
    name, title, chapter
        `part/slug`, its heading, and the page that teaches it.
    minutes, skills, data, runs
        As in its front matter.
    points
        What each question with a check is worth, by the question's name.
    has_answers
        Whether its answer page is in this site.
    lacks
        Packages that it imports and the Python of a browser does not have.
    """

    name: str
    title: str
    chapter: str
    minutes: int
    skills: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    points: dict[str, int] = field(default_factory=dict)
    has_answers: bool = False
    lacks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Manifest:
    """The site's pages and where it is published.

    Attributes
    ----------
    pages
        Facts by page name.
    exercises
        Facts by exercise name, of those that have a starter.
    repository, repository_url, tag, notebooks_branch
        The public repository: `owner/name`, its address, the reference that links
        point at, and the branch that holds the generated notebooks.
    run
        Whether pages can run their code in the reader's browser.
    """

    pages: dict[str, PageFacts]
    repository: str
    repository_url: str
    tag: str
    notebooks_branch: str
    exercises: dict[str, ExerciseFacts] = field(default_factory=dict)
    run: bool = False

    def runs_here(self, exercise: str | None) -> bool:
        """Say whether an exercise can be done in its page, in this site."""
        facts = self.exercises.get(exercise or "")
        return (
            facts is not None and self.run and "page" in facts.runs and not facts.lacks
        )

    def text(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"


def read(path: Path) -> Manifest:
    """Read a manifest.

    Parameters
    ----------
    path
        The file.
    """
    values = json.loads(path.read_text(encoding="utf-8"))
    pages = {name: PageFacts(**facts) for name, facts in values.pop("pages").items()}
    kept = values.pop("exercises", {})
    exercises = {name: ExerciseFacts(**facts) for name, facts in kept.items()}
    return Manifest(pages=pages, exercises=exercises, **values)
