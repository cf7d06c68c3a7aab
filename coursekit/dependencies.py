"""Keep the lock and environment.yml in step with the one list in pyproject.toml."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "lock.txt"
TORCH = ROOT / "requirements" / "torch.txt"
CONDA = ROOT / "environment.yml"
# torch is a step of its own: its builds without CUDA have their own index.
APART = "torch"
# What the project promises to run on: each must find a pin for everything it needs.
PLATFORMS = ("linux", "darwin", "win32")
PYTHONS = ("3.11", "3.12", "3.13")


def extras() -> dict[str, list[str]]:
    """Return pyproject's list: the distribution's own needs as `base`, then extras."""
    project: dict[str, Any] = tomllib.loads(
        (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    )["project"]
    return {"base": project["dependencies"], **project["optional-dependencies"]}


def environment() -> str:
    """Return the text that environment.yml must have."""
    lines = [
        "# Made by `coursekit deps` from pyproject.toml and the lock; do not edit.",
        "# Untried: nobody has made this environment with conda yet. Please report.",
        "name: ml-engineer-course",
        "channels: [conda-forge]",
        "dependencies:",
        "  - python=3.11",
        "  - pip",
        "  - pip:",
        f"      - -r {LOCK.relative_to(ROOT).as_posix()}",
        f"      - {TORCH.read_text(encoding='utf-8').strip()}",
        "      - -e .",
        "      - -e projects/delay-desk",
    ]
    return "\n".join(lines) + "\n"


def faults() -> list[str]:
    """Compare the list with the lock, torch.txt and environment.yml.

    Returns
    -------
    list of str
        One sentence a fault; empty where all are in step.
    """
    found = []
    if not CONDA.is_file() or CONDA.read_text(encoding="utf-8") != environment():
        found.append("environment.yml is out of step: run `coursekit deps`.")
    for extra, needs in extras().items():
        pins = TORCH if extra == APART else LOCK
        for need in needs:
            found += _unmet(Requirement(need), extra, pins)
    return found


def _unmet(need: Requirement, extra: str, pins: Path) -> list[str]:
    """Say on which platforms and Pythons a need has no pin that satisfies it."""
    sentences = []
    for platform in PLATFORMS:
        for python in PYTHONS:
            versions = [
                next(iter(pin.specifier)).version
                for pin in _pins(pins)
                if canonicalize_name(pin.name) == canonicalize_name(need.name)
                and _applies(pin.marker, platform, python)
            ]
            if not versions or versions[0] not in need.specifier:
                sentences.append(
                    f"{need} ({extra}) has {versions or 'no pin'} in {pins.name} on "
                    f"{platform} with Python {python}: run `coursekit deps`."
                )
    return sentences


def _pins(file: Path) -> list[Requirement]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def _applies(marker: Marker | None, platform: str, python: str) -> bool:
    if marker is None:
        return True
    values = {
        "sys_platform": platform,
        "os_name": "nt" if platform == "win32" else "posix",
        "python_version": python,
        # The newest patch release: a floor inside a minor version is met.
        "python_full_version": f"{python}.99",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    return marker.evaluate({key: str(value) for key, value in values.items()})


def sync(*, check: bool) -> int:
    """Write what is generated, or with `check` say what is out of step.

    Returns
    -------
    int
        0, or 1 where something is out of step or uv could not resolve.
    """
    if not check:
        if code := _lock():
            return code
        CONDA.write_text(environment(), encoding="utf-8")
    for sentence in (sentences := faults()):
        print(sentence)
    return 1 if sentences else 0


def _lock() -> int:
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal"]
    command += ["--python-version", PYTHONS[0], "--no-annotate", "--no-header"]
    for extra in extras():
        if extra not in ("base", APART):
            command += ["--extra", extra]
    command += ["--output-file", str(LOCK), "pyproject.toml"]
    return subprocess.call(command, cwd=ROOT, stdout=subprocess.DEVNULL)
