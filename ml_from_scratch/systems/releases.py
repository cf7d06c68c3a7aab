"""Put a new model in front of some users, and decide from what happens to them.

Who sees the new version is decided by a hash of the user and of the release, not by a
coin: the same user always gets the same version, another release chooses others, and
raising the share only adds users. The controller raises the share step by step, and
takes everything back when the new version's errors are worse than chance explains.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from scipy.special import ndtr

Decision = Literal["wait", "raise", "roll back", "done"]


def bucket(unit: str, salt: str) -> float:
    """Return a number from 0 to 1 for a user, the same at every call.

    Parameters
    ----------
    unit : str
        Who or what is assigned: a user, a session.
    salt : str
        The name of the release or experiment: another one gives other numbers.

    Returns
    -------
    float
        At least 0, below 1, spread evenly over units.

    Notes
    -----
    The first 53 bits of a SHA-256, as many as a float holds exactly. Python's own
    `hash` would differ from process to process.
    Taught in: deployment/releases.

    Examples
    --------
    >>> bucket("user-7", "model-2") == bucket("user-7", "model-2")
    True
    >>> round(bucket("user-7", "model-2"), 3), round(bucket("user-7", "model-3"), 3)
    (0.002, 0.62)
    """
    digest = hashlib.sha256(f"{salt}\0{unit}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


class Router:
    """Sends each request to one of two versions, and copies some to a shadow.

    Parameters
    ----------
    stable, canary : callable
        Take a request, return an answer.
    share : float
        Which part of the units the canary gets, 0 to 1; it may be changed at any time.
    salt : str
        Name of the release.
    shadow : callable, optional
        Gets every request too; its answers and failures are kept, never returned.

    Attributes
    ----------
    share : float
        See above.
    counts : dict
        For "stable", "canary" and "shadow" a pair: requests, failures.
    differences : list of tuple
        Answered and shadow's answer wherever the two differ.

    Raises
    ------
    ValueError
        If `share` is not between 0 and 1.

    Notes
    -----
    A canary that fails is answered for by the stable version, so that a bad release
    costs its users a moment, not an error. Taught in: deployment/releases.

    Examples
    --------
    >>> router = Router(lambda x: "old", lambda x: "new", share=0.5, salt="r1")
    >>> [router.route(f"user-{i}", None) for i in range(4)]
    ['new', 'new', 'old', 'old']
    >>> router.share = 0.0     # roll back
    >>> router.route("user-0", None)
    'old'
    """

    def __init__(
        self,
        stable: Callable[[Any], Any],
        canary: Callable[[Any], Any],
        *,
        share: float,
        salt: str,
        shadow: Callable[[Any], Any] | None = None,
    ) -> None:
        self._versions = {"stable": stable, "canary": canary}
        self._shadow = shadow
        self._salt = salt
        self.share = share
        self.counts = {name: [0, 0] for name in ("stable", "canary", "shadow")}
        self.differences: list[tuple[Any, Any]] = []

    @property
    def share(self) -> float:
        """Which part of the units the canary gets."""
        return self._share

    @share.setter
    def share(self, share: float) -> None:
        """Change it: up to add users, to 0 to roll back."""
        if not 0 <= share <= 1:
            raise ValueError(f"share is {share}: expected a number from 0 to 1.")
        self._share = share

    def version(self, unit: str) -> Literal["stable", "canary"]:
        """Say which version a unit gets at the present share.

        Parameters
        ----------
        unit : str
            Who asks.

        Returns
        -------
        str
            "stable" or "canary".
        """
        return "canary" if bucket(unit, self._salt) < self.share else "stable"

    def route(self, unit: str, request: Any) -> Any:
        """Answer a request by the version of its unit.

        Parameters
        ----------
        unit : str
            Who asks.
        request : object
            What is asked.

        Returns
        -------
        object
            The answer.

        Raises
        ------
        Exception
            What the stable version raises.
        """
        answer = self._answer(self.version(unit), request)
        if self._shadow is not None:
            self._compare(self._shadow, request, answer)
        return answer

    def _answer(self, name: Literal["stable", "canary"], request: Any) -> Any:
        self.counts[name][0] += 1
        try:
            return self._versions[name](request)
        except Exception:
            self.counts[name][1] += 1
            if name == "stable":
                raise
            return self._answer("stable", request)

    def _compare(self, shadow: Callable[[Any], Any], request: Any, answer: Any) -> None:
        self.counts["shadow"][0] += 1
        try:
            other = shadow(request)
        except Exception:  # noqa: BLE001 (nobody waits for a shadow: it is counted)
            self.counts["shadow"][1] += 1
            return
        if other != answer:
            self.differences.append((answer, other))


def error_rate_p_value(stable: Sequence[int], canary: Sequence[int]) -> float:
    """Return how probable so many more failures of the canary are by chance.

    Parameters
    ----------
    stable, canary : (int, int)
        Requests and failures.

    Returns
    -------
    float
        One-sided p-value of the test of two proportions; 1 where one side has no
        requests, or neither has a failure.

    Raises
    ------
    ValueError
        If there are more failures than requests, or a count is negative.

    Notes
    -----
    Normal approximation with a pooled rate. Taught in: deployment/releases.

    References
    ----------
    Agresti (2013), Categorical Data Analysis, 3rd edition, section 3.1.

    Examples
    --------
    >>> round(error_rate_p_value((1000, 10), (100, 5)), 4)
    0.0005
    """
    for requests, failures in (stable, canary):
        if not 0 <= failures <= requests:
            raise ValueError(
                f"{failures} failures of {requests} requests: expected 0 to {requests}."
            )
    (n, a), (m, b) = stable, canary
    if not n or not m or not a + b:
        return 1.0
    pooled = (a + b) / (n + m)
    deviation = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return float(ndtr(-(b / m - a / n) / deviation)) if deviation else 1.0


@dataclass
class CanaryController:
    """Raises a canary's share step by step, or takes it back.

    Each look at the counts decides: enough requests without a worse error rate raise
    the share; an error rate that is worse beyond chance rolls back, at any time.

    Parameters
    ----------
    steps : tuple of float
        The shares, rising, the last of them 1.
    requests : int
        Canary requests that a step must have had before the next.
    alpha : float
        A p-value below this, divided by the number of looks that the plan allows,
        rolls back.
    looks : int
        How often the counts will be looked at, at most, over the whole release.

    Attributes
    ----------
    step : int
        Position in `steps`; -1 after a rollback.
    history : list of tuple
        Each look: share, decision, p-value.

    Raises
    ------
    ValueError
        If the steps do not rise to 1, or a number is out of range.

    Notes
    -----
    Looking twenty times at a level of 5 % each would roll back most harmless releases;
    dividing the level by the number of looks (Bonferroni) keeps the chance of that
    below `alpha` in all. Taught in: deployment/releases.

    Examples
    --------
    >>> control = CanaryController(steps=(0.01, 0.1, 1.0), requests=100)
    >>> control.look({"stable": (9900, 99), "canary": (100, 1)})
    'raise'
    >>> control.share
    0.1
    >>> control.look({"stable": (900, 9), "canary": (100, 30)})
    'roll back'
    >>> control.share
    0.0
    """

    steps: tuple[float, ...] = (0.01, 0.05, 0.25, 1.0)
    requests: int = 1000
    alpha: float = 0.05
    looks: int = 100
    step: int = field(default=0, init=False)
    history: list[tuple[float, Decision, float]] = field(
        default_factory=list, init=False
    )

    def __post_init__(self) -> None:
        """Check the plan."""
        rising = all(a < b for a, b in zip(self.steps, self.steps[1:], strict=False))
        if not self.steps or not rising or self.steps[0] <= 0 or self.steps[-1] != 1:
            raise ValueError(f"steps is {self.steps}: expected shares rising to 1.0.")
        if self.requests < 1 or self.looks < 1 or not 0 < self.alpha < 1:
            raise ValueError(
                f"requests is {self.requests}, looks {self.looks}, alpha {self.alpha}: "
                "expected 1 or more, 1 or more, and a number between 0 and 1."
            )

    @property
    def share(self) -> float:
        """The share that the canary is to have now."""
        return 0.0 if self.step < 0 else self.steps[self.step]

    def look(self, counts: Mapping[str, Sequence[int]]) -> Decision:
        """Decide from the counts since the last step.

        Parameters
        ----------
        counts : mapping
            For "stable" and "canary" a pair: requests, failures.

        Returns
        -------
        str
            "raise" (the share has grown), "wait", "roll back" (it is 0), or "done"
            (the last step has had its requests).

        Raises
        ------
        RuntimeError
            If it was rolled back before, or more looks are taken than were planned.
        """
        if self.step < 0 or len(self.history) >= self.looks:
            why = "was rolled back" if self.step < 0 else f"had its {self.looks} looks"
            raise RuntimeError(f"This release {why}: plan a new one.")
        share, p_value = self.share, self._p_value(counts)
        decision = self._decide(p_value, counts["canary"][0])
        self.history.append((share, decision, p_value))
        return decision

    def _p_value(self, counts: Mapping[str, Sequence[int]]) -> float:
        return error_rate_p_value(counts["stable"], counts["canary"])

    def _decide(self, p_value: float, seen: int) -> Decision:
        if p_value < self.alpha / self.looks:
            self.step = -1
            return "roll back"
        if seen < self.requests:
            return "wait"
        if self.step == len(self.steps) - 1:
            return "done"
        self.step += 1
        return "raise"
