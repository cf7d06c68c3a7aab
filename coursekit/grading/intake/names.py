"""Whose file it is: what the names tell that LMSs and people give to uploads.

Canvas writes `lovelaceada_LATE_123_4567_homework-2.ipynb`: name, perhaps `LATE`, number
of the user, number of the upload, the file's own name, to which another upload of the
same name adds `-1`. Moodle writes a folder `Ada Lovelace_12345_assignsubmission_file_`
or begins each file's name with that; nbgrader has `submitted/ada/homework/x.ipynb`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from coursekit.grading.model import Learner

__all__ = ["Owner", "Roster", "from_lms", "is_container", "legible", "owner_of"]

_CANVAS = re.compile(
    r"(?:(?P<name>\w+?)_(?P<late>LATE_)?(?P<user>\d+)"
    r"|(?P<late_anonymous>LATE_)?(?P<anonymous>anon_[^\W_]+))"
    r"_(?:(?P<upload>\d{3,})_(?P<file>.+)|(?:text|link)\.html)",
    re.DOTALL,
)
_MOODLE = re.compile(
    r"(?P<name>.+?)(?:_(?P<user>\d+))?(?P<mark>_assignsubmission_)[a-z]+"
    r"(?:_(?P<file>.*))?",
    re.DOTALL,
)
_CONTAINERS = frozenset({"submitted", "submissions"})
# `.ipynb` and what browsers add to it, or another file's ending.
_ENDING = re.compile(r"(\.(ipynb|zip|json|txt)){1,5}$|\.[a-z]{1,4}$", re.IGNORECASE)
_SERIES = re.compile(r"(?:-| ?\()(\d{1,4})\)?$")
_LONGEST = 80
# Of a name: a zip file may have names of 65,535 characters.
_READ = 500


@dataclass(frozen=True)
class Owner:
    """What a path says about an upload.

    Attributes
    ----------
    identity
        The same for two uploads of one learner, and for no one else's.
    name, user
        As the LMS writes them; `user` is its number, empty where it gives none.
    lms
        `canvas`, `moodle` or nothing.
    upload
        The LMS's number of the upload, growing; 0 where it gives none.
    late
        Whether the LMS marked it late; None where it would not say.
    stem, series
        The file's own name without endings, and the number that another upload of the
        same name was given.
    """

    identity: str
    name: str
    user: str = ""
    lms: str = ""
    upload: int = 0
    late: bool | None = None
    stem: str = ""
    series: int = 0


def owner_of(parts: Sequence[str], trusted: int) -> Owner:
    """Tell whose file it is.

    Parameters
    ----------
    parts : sequence of str
        Names of folders and zip files on the way, the file's own name at the end.
    trusted : int
        How many of them an LMS or the instructor gave. The others stand inside a
        learner's zip file, and a learner could write somebody else's name there.

    Returns
    -------
    Owner
        By the outermost name that an LMS wrote; otherwise by the outermost name.
    """
    known = list(parts[:trusted])
    for at, part in enumerate(known):
        found = from_lms(part)
        if found:
            own_file = at == len(parts) - 1
            stem, series = _own_name(found.stem if own_file else parts[-1])
            return replace(found, stem=stem, series=series)
    while len(known) > 1 and is_container(known[0]):
        del known[0]
    first = known[0][:_READ]
    name = _ENDING.sub("", first) if len(known) == 1 else first
    stem, series = _own_name(parts[-1])
    if len(known) == len(parts) == 1:
        stem, series = "", 0  # it is the learner's name, and whose number is that?
    return Owner(f"name {_folded(name)}", name, stem=stem, series=series)


def from_lms(part: str) -> Owner | None:
    """Read one name as an LMS writes it, if it is such a name.

    Examples
    --------
    >>> found = from_lms("lovelaceada_LATE_123_4567_homework-2.ipynb")
    >>> found.name, found.user, found.upload, found.late, found.stem
    ('lovelaceada', '123', 4567, True, 'homework-2.ipynb')
    >>> from_lms("Ada Lovelace_12345_assignsubmission_file_").name
    'Ada Lovelace'
    >>> from_lms("week_3.ipynb") is None
    True
    """
    moodle = _MOODLE.fullmatch(part[:_READ])
    canvas = _CANVAS.fullmatch(part[:_READ])
    if moodle and canvas:  # the first is the LMS's, the other the learner's own
        begins = canvas.start("file") if canvas["file"] else canvas.end()
        moodle = moodle if moodle.start("mark") < begins else None
    if moodle:
        return _moodle(moodle)
    return _canvas(canvas) if canvas else None


def _moodle(found: re.Match[str]) -> Owner:
    name, user = found["name"], found["user"] or ""
    identity = f"moodle {user}" if user else f"moodle {_folded(name)}"
    return Owner(identity, name, user, "moodle", stem=found["file"] or "")


def _canvas(found: re.Match[str]) -> Owner:
    user = found["user"] or found["anonymous"]
    return Owner(
        identity=f"canvas {user}",
        name=found["name"] or user,
        user=user,
        lms="canvas",
        upload=int((found["upload"] or "0")[:18]),
        late=(found["late"] or found["late_anonymous"]) is not None,
        stem=found["file"] or "",
    )


def is_container(part: str) -> bool:
    """Whether a folder of that name holds learners rather than being one's."""
    return part.casefold() in _CONTAINERS


def legible(text: str) -> str:
    r"""Return a name without what cannot be printed, and as one line.

    Examples
    --------
    >>> legible("ada\u202egnp.ipynb") == "ada\ufffdgnp.ipynb"
    True
    """
    return "".join(map(_legible, unicodedata.normalize("NFC", text)))


def _legible(character: str) -> str:
    if character.isprintable():
        return character
    blank = unicodedata.category(character) == "Zs"
    return " " if blank else "\N{REPLACEMENT CHARACTER}"


class Roster:
    """The learners who are expected, and the keys under which marks are filed.

    Parameters
    ----------
    learners : iterable of Learner
        Who is expected; may be empty.
    owners : iterable of Owner
        Whose uploads were found: all of them, because two who have one name can only
        be told apart when both are known.
    """

    def __init__(
        self, learners: Iterable[Learner], owners: Iterable[Owner] = ()
    ) -> None:
        self._learners = list(learners)
        self._keys = {learner.key.casefold() for learner in self._learners}
        self._named: dict[str, list[Learner]] = defaultdict(list)
        for learner in self._learners:
            for name in _names(learner):
                self._named[name].append(learner)
        self._known = self._matched({owner.identity: owner for owner in owners})
        self._expected = frozenset(self._known)

    def __len__(self) -> int:
        return len(self._learners)

    def expects(self, owner: Owner) -> bool:
        """Whether an upload is of a learner of the roster."""
        return owner.identity in self._expected

    def learner(self, owner: Owner) -> Learner:
        """Return whose upload it is: the learner of the roster, or a new one."""
        if owner.identity not in self._known:
            self._known[owner.identity] = self._new(owner)
        return self._known[owner.identity]

    def _matched(self, owners: Mapping[str, Owner]) -> dict[str, Learner]:
        """Match by number, then by name those who are still without uploads."""
        known: dict[str, Learner] = {}
        for meant in (self._by_number, self._by_name):
            found = {
                identity: learner
                for identity, owner in owners.items()
                if identity not in known and (learner := meant(owner))
            }
            held = {(known[one].key, owners[one].lms) for one in known}
            claims = Counter((found[one].key, owners[one].lms) for one in found)
            for identity, learner in found.items():
                # An LMS gives one number to one learner: of two numbers with the
                # same name at least one is somebody else's.
                claim = (learner.key, owners[identity].lms)
                if not claim[1] or (claims[claim] == 1 and claim not in held):
                    known[identity] = learner
        return known

    def _by_number(self, owner: Owner) -> Learner | None:
        if owner.lms == "moodle":  # it numbers participants, and these are no ids
            return None
        number = owner.user or owner.name
        return _only([one for one in self._learners if one.id and one.id == number])

    def _by_name(self, owner: Owner) -> Learner | None:
        return _only(self._named.get(_squashed(owner.name), []))

    def _new(self, owner: Owner) -> Learner:
        key = _slug(f"{owner.name}_{owner.user}" if owner.user else owner.name)
        if key.casefold() in self._keys:
            digest = hashlib.sha256(owner.identity.encode(errors="replace"))
            key = f"{key}-{digest.hexdigest()[:8]}"
        self._keys.add(key.casefold())
        return Learner(key=key, name=legible(owner.name), id=owner.user)


def _only(found: Sequence[Learner]) -> Learner | None:
    return found[0] if len(found) == 1 else None


def _own_name(name: str) -> tuple[str, int]:
    """Return a file's name without endings and number, and the number."""
    stem = _ENDING.sub("", name[-_READ:])
    found = _SERIES.search(stem)
    return (stem[: found.start()], int(found[1])) if found else (stem, 0)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _slug(name: str) -> str:
    """Return a name that may be a file's everywhere."""
    plain = re.sub(r"[^\w.@+-]+", "-", legible(name)).strip(".-")
    return plain[:_LONGEST] or "unnamed"


def _names(learner: Learner) -> set[str]:
    """Return the ways in which a learner's name may be written, all in one word."""
    words = re.split(r"[\s,]+", learner.name.strip())
    turned = [[*words[at:], *words[:at]] for at in range(len(words))]
    written = [learner.key, *("".join(order) for order in turned)]
    return {_squashed(name) for name in written} - {""}


def _squashed(name: str) -> str:
    return re.sub(r"[\W_]+", "", _folded(name))
