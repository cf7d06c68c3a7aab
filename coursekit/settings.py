"""Where the book is published: one setting, read by everything that links to it."""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("settings.toml")
_SWITCH = {"on": True, "off": False}


class SettingsError(ValueError):
    """A setting that cannot be, in one sentence."""


@dataclass(frozen=True)
class Settings:
    """The contents of `settings.toml`, after the environment's overrides.

    Attributes
    ----------
    title
        The book's title.
    repository
        Owner and name of the public repository, `owner/name`.
    base_url
        Address of the published site, without a slash at its end.
    tag
        Branch, tag or commit that notebooks install the course's packages from.
    notebooks_branch
        Branch to which CI pushes the generated notebooks, for Colab.
    run
        Whether pages can run their code in the reader's browser.
    """

    title: str
    repository: str
    base_url: str
    tag: str
    notebooks_branch: str
    run: bool = True

    @property
    def repository_url(self) -> str:
        """The repository's web address."""
        return f"https://github.com/{self.repository}"


def load() -> Settings:
    """Read the settings.

    Returns
    -------
    Settings
        What `settings.toml` says, with `COURSE_REPOSITORY`, `COURSE_BASE_URL`,
        `COURSE_TAG` and `COURSE_RUN` (on or off) taking precedence where they are set
        and not empty.

    Raises
    ------
    SettingsError
        If `COURSE_RUN` is neither.

    Examples
    --------
    >>> load().base_url.endswith("/")
    False
    """
    values: dict[str, Any] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    for key in ("repository", "base_url", "tag"):
        values[key] = os.environ.get(f"COURSE_{key.upper()}") or values[key]
    values["base_url"] = values["base_url"].rstrip("/")
    if switch := os.environ.get("COURSE_RUN"):
        if switch not in _SWITCH:
            raise SettingsError(f"COURSE_RUN is {switch!r}: it can be 'on' or 'off'.")
        values["run"] = _SWITCH[switch]
    return Settings(**values)
