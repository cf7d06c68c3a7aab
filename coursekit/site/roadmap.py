"""The contents and the skills that the book is to have, as `coursekit/roadmap` says."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "roadmap"

PARTS = {
    "orientation": "Orientation",
    "engineering": "Engineering ground",
    "mathematics": "Mathematics",
    "classical": "Classical machine learning",
    "features": "Features",
    "deep-learning": "Deep learning",
    "domains": "Domains",
    "data-engineering": "Data engineering",
    "deployment": "Deployment",
    "mlops": "MLOps",
    "system-design": "System design",
    "projects": "Projects",
    "career": "Career",
}
AREAS = {
    "role": "The role",
    "eng": "Engineering",
    "math": "Mathematics",
    "classical": "Classical machine learning",
    "features": "Features",
    "deep": "Deep learning",
    "cv": "Vision",
    "nlp": "Language",
    "ts": "Time series",
    "recsys": "Recommendation",
    "rl": "Reinforcement learning",
    "data": "Data engineering",
    "deploy": "Deployment",
    "mlops": "MLOps",
    "design": "System design",
    "project": "Projects",
    "career": "Career",
}


@dataclass(frozen=True)
class Planned:
    """A page of the plan: where it stands, its title, skills, and its real parts."""

    part: str
    slug: str
    title: str
    skills: tuple[str, ...]
    real_parts: str

    @property
    def name(self) -> str:
        """`part/slug`."""
        return f"{self.part}/{self.slug}"


@dataclass(frozen=True)
class Skill:
    """A skill: its id, how deep the book goes, and what it says."""

    id: str
    depth: str
    text: str

    @property
    def area(self) -> str:
        """The first part of its id."""
        return self.id.partition(".")[0]


@cache
def contents(folder: Path = FOLDER) -> tuple[Planned, ...]:
    """Return the planned pages in the order of the book.

    Parameters
    ----------
    folder
        Where `contents.tsv` stands.

    Examples
    --------
    >>> contents()[0].part
    'orientation'
    """
    return tuple(
        Planned(
            part=row["part"],
            slug=row["slug"],
            title=row["title"],
            skills=tuple(row["skills"].split()),
            real_parts=row["real parts"],
        )
        for row in _rows(folder / "contents.tsv")
    )


def contents_of(part: str) -> list[Planned]:
    """Return the planned pages of one part, in the order of the book.

    Parameters
    ----------
    part
        Its name in addresses.

    Examples
    --------
    >>> contents_of("orientation")[0].slug
    'role-and-lifecycle'
    """
    return [page for page in contents() if page.part == part]


@cache
def skills(folder: Path = FOLDER) -> tuple[Skill, ...]:
    """Return the skills in the order of the plan.

    Parameters
    ----------
    folder
        Where `skills.tsv` stands.

    Examples
    --------
    >>> skills()[0].area
    'role'
    """
    return tuple(
        Skill(id=row["id"], depth=row["depth"], text=row["skill"])
        for row in _rows(folder / "skills.tsv")
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
