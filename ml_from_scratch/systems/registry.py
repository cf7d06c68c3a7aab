"""A model registry on a folder: versions that never change, names that move.

A version is a folder with the model's bytes and a description; it is written beside
its place and renamed into it, so that a reader sees all of it or nothing. Aliases,
such as "production", are kept as a log of promotions, of which the last line about an
alias counts: promoting a model and rolling it back are the same operation, and nothing
that was ever in production is forgotten.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Version:
    """One registered model.

    Parameters
    ----------
    model : str
        Its name.
    number : int
        1 for the first version of that name, then 2, and so on.
    sha256 : str
        Of the model's bytes.
    metrics : dict
        What it reached in evaluation.
    facts : dict
        What is needed to make it again: code, data, parameters, environment.
    created : str
        When, in ISO 8601 and UTC.

    Notes
    -----
    Taught in: mlops/registry.

    Examples
    --------
    >>> first = Version("delay", 1, "ab12", {"auc": 0.71}, {}, "2013-07-01T00:00+00:00")
    >>> first.metrics["auc"]
    0.71
    """

    model: str
    number: int
    sha256: str
    metrics: Mapping[str, float]
    facts: Mapping[str, Any]
    created: str


@dataclass(frozen=True)
class Gate:
    """A condition that a version must meet before an alias may point to it.

    Parameters
    ----------
    name : str
        What it asks, in words.
    holds : callable
        Takes the candidate and the version that the alias names now (or None), and
        says whether the candidate may take its place.

    Notes
    -----
    Taught in: mlops/registry.

    Examples
    --------
    >>> gate = Gate("AUC of at least 0.7", lambda new, old: new.metrics["auc"] >= 0.7)
    >>> gate.name
    'AUC of at least 0.7'
    """

    name: str
    holds: Callable[[Version, Version | None], bool]


class GateError(RuntimeError):
    """A version that did not meet the gates, and which of them it failed.

    Notes
    -----
    Taught in: mlops/registry.
    """


class ModelRegistry:
    """Versions of models under a folder, with aliases and a log of promotions.

    Parameters
    ----------
    folder : path
        Where everything is kept; made if it is not there.
    clock : callable
        Returns the time that is written down.

    Notes
    -----
    Two processes that register a model at the same moment get different numbers, since
    a folder is renamed to a name that is taken by one of them only.
    Taught in: mlops/registry.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     registry = ModelRegistry(folder)
    ...     first = registry.register("delay", b"weights", metrics={"auc": 0.71})
    ...     _ = registry.promote("delay", first.number, "production")
    ...     registry.load("delay", "production")
    b'weights'
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._folder = Path(folder)
        self._clock = clock
        self._folder.mkdir(parents=True, exist_ok=True)

    def register(
        self,
        model: str,
        content: bytes,
        *,
        metrics: Mapping[str, float] | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> Version:
        """Keep a model as the next version of its name.

        Parameters
        ----------
        model : str
            Letters, digits, ``_``, ``-`` and ``.``.
        content : bytes
            The serialised model.
        metrics : mapping, optional
            What it reached.
        facts : mapping, optional
            What is needed to make it again.

        Returns
        -------
        Version
            As it is kept.

        Raises
        ------
        ValueError
            If the name is not one, or there is nothing to keep.
        """
        if not content:
            raise ValueError(f"The model {model!r} has no bytes: nothing to register.")
        self._home(model).mkdir(exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=self._home(model)))
        try:
            (draft / "model.bin").write_bytes(content)
            return self._placed(draft, model, content, metrics or {}, facts or {})
        finally:
            shutil.rmtree(draft, ignore_errors=True)  # there only if it was not placed

    def _placed(
        self,
        draft: Path,
        model: str,
        content: bytes,
        metrics: Mapping[str, float],
        facts: Mapping[str, Any],
    ) -> Version:
        """Describe a version and move it to the first number that is free."""
        digest, created = hashlib.sha256(content).hexdigest(), self._clock().isoformat()
        number = max(self.versions(model), default=0)
        while True:
            number += 1
            version = Version(
                model, number, digest, dict(metrics), dict(facts), created
            )
            described = json.dumps(asdict(version), indent=1, sort_keys=True)
            (draft / "version.json").write_text(described, encoding="utf-8")
            place = self._home(model) / str(number)
            try:
                draft.rename(place)
            except OSError:
                if not place.is_dir():
                    raise
            else:
                return version

    def versions(self, model: str) -> list[int]:
        """Return the numbers of a model's versions, in order.

        Parameters
        ----------
        model : str
            Its name.

        Returns
        -------
        list of int
            Empty where there is none.
        """
        home = self._home(model)
        found = home.iterdir() if home.is_dir() else iter(())
        return sorted(int(path.name) for path in found if path.name.isdigit())

    def get(self, model: str, which: int | str) -> Version:
        """Return what is known of a version.

        Parameters
        ----------
        model : str
            Its name.
        which : int or str
            A number, or an alias.

        Returns
        -------
        Version
            As it was registered.

        Raises
        ------
        KeyError
            If there is no such version or alias.
        """
        number = which if isinstance(which, int) else self._aliases(model).get(which)
        if number not in self.versions(model):
            raise KeyError(
                f"{model!r} has no {which!r}; versions {self.versions(model)}, aliases "
                f"{sorted(self._aliases(model))}"
            )
        path = self._home(model) / str(number) / "version.json"
        return Version(**json.loads(path.read_text(encoding="utf-8")))

    def load(self, model: str, which: int | str) -> bytes:
        """Return a model's bytes, if they are still the ones that were registered.

        Parameters
        ----------
        model : str
            Its name.
        which : int or str
            A number, or an alias.

        Returns
        -------
        bytes
            To be deserialised by the caller.

        Raises
        ------
        KeyError
            If there is no such version or alias.
        ValueError
            If the file was changed since.
        """
        version = self.get(model, which)
        path = self._home(model) / str(version.number) / "model.bin"
        content = path.read_bytes()
        found = hashlib.sha256(content).hexdigest()
        if found != version.sha256:
            raise ValueError(
                f"Version {version.number} of {model!r} was changed on disk: SHA-256 "
                f"{found[:12]}..., registered as {version.sha256[:12]}..."
            )
        return content

    def promote(
        self, model: str, number: int, alias: str, *, gates: Sequence[Gate] = ()
    ) -> Version:
        """Let an alias name a version, if that passes the gates.

        Parameters
        ----------
        model : str
            Its name.
        number : int
            The version. One that was there before makes this a rollback.
        alias : str
            Such as "production" or "shadow".
        gates : sequence of Gate
            All must hold.

        Returns
        -------
        Version
            The one that the alias names now.

        Raises
        ------
        KeyError
            If there is no such version.
        ValueError
            If the alias is no name, or is a number.
        GateError
            If a gate does not hold; the alias stays where it is.
        """
        if alias.isdigit():
            raise ValueError(f"The alias {alias!r} would look like a version's number.")
        _checked(alias)
        candidate = self.get(model, number)
        now = self._aliases(model).get(alias)
        current = None if now is None else self.get(model, now)
        failed = [gate.name for gate in gates if not gate.holds(candidate, current)]
        if failed:
            raise GateError(
                f"Version {number} of {model!r} may not become {alias!r}: it fails "
                f"{'; '.join(failed)}."
            )
        self._log(model, alias, now, number)
        return candidate

    def history(self, model: str) -> list[dict[str, Any]]:
        """Return every promotion of a model, oldest first.

        Parameters
        ----------
        model : str
            Its name.

        Returns
        -------
        list of dict
            `at`, `alias`, and the numbers `before` (None at first) and `after`.
        """
        path = self._home(model) / "log.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        return [json.loads(line) for line in lines]

    def rollback(self, model: str, alias: str) -> Version:
        """Let an alias name again what it named before its last promotion.

        Parameters
        ----------
        model : str
            Its name.
        alias : str
            The alias.

        Returns
        -------
        Version
            The one that the alias names now.

        Raises
        ------
        KeyError
            If the alias was never moved from one version to another.
        """
        moves = [line for line in self.history(model) if line["alias"] == alias]
        if not moves or moves[-1]["before"] is None:
            raise KeyError(f"the alias {alias!r} of {model!r} has no earlier version")
        return self.promote(model, moves[-1]["before"], alias)

    def _home(self, model: str) -> Path:
        return self._folder / _checked(model)

    def _aliases(self, model: str) -> dict[str, int]:
        return {line["alias"]: line["after"] for line in self.history(model)}

    def _log(self, model: str, alias: str, before: int | None, after: int) -> None:
        line: dict[str, Any] = {"at": self._clock().isoformat(), "alias": alias}
        line |= {"before": before, "after": after}
        with (self._home(model) / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")


def _checked(name: str) -> str:
    """Refuse what would lead out of the folder, or hide in it."""
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} is no name: expected letters, digits, '_', '-' and '.', "
            "beginning with a letter or digit."
        )
    return name
