"""Make the course's environment, then run one of its commands in it.

    python bootstrap.py book

makes `.venv` beside this file if it is not there or out of date, and then runs
`coursekit book` with it. `make book` does the same; this file is for machines without
make, Windows among them. It needs Python 3.11 or newer and nothing else.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
HOME = ROOT / ".venv"
BIN = HOME / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
LOCK = ROOT / "requirements" / "lock.txt"
TORCH = ROOT / "requirements" / "torch.txt"
# Reading this much decides whether the environment is up to date.
INPUTS = (
    LOCK,
    TORCH,
    ROOT / "pyproject.toml",
    ROOT / "projects/delay-desk/pyproject.toml",
)
OLDEST = (3, 11)
# PyTorch's own index has builds without CUDA, which are twenty times smaller.
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"


def main(arguments: list[str]) -> int:
    """Bring the environment up to date and run `coursekit` with the arguments."""
    if sys.version_info < OLDEST:
        found = ".".join(str(part) for part in sys.version_info[:3])
        print(f"The course needs Python 3.11 or newer; this is {found}.")
        return 1
    try:
        make_environment()
    except subprocess.CalledProcessError as error:
        print(
            f"The environment could not be made: {_readable(error.cmd)} ended with "
            f"{error.returncode}. Its message stands above; a usual cause is no "
            "network. Run the same command again to continue."
        )
        return 1
    if not arguments:
        return 0
    command = [str(PYTHON), "-m", "coursekit", *arguments]
    try:
        return subprocess.call(command, cwd=ROOT)
    except KeyboardInterrupt:
        return 130


def make_environment() -> None:
    """Create and fill `.venv`, unless it was made from the same inputs."""
    stamp = HOME / "made-from.txt"
    wanted = _fingerprint()
    if stamp.is_file() and PYTHON.is_file() and stamp.read_text() == wanted:
        return
    print("Making the environment in .venv (once; a minute or two) ...", flush=True)
    if not PYTHON.is_file():
        shutil.rmtree(HOME, ignore_errors=True)
        venv.create(HOME, with_pip=True)
    stamp.unlink(missing_ok=True)
    _step("1/4 installer", [*_pip(), "install", "--quiet", _installer()])
    _step("2/4 packages of the lock", [*_uv(), "-r", str(LOCK)], fallback=True)
    _install_torch()
    _step("4/4 the course itself", [*_uv(), "--no-deps", *_ours()], fallback=True)
    stamp.write_text(wanted)


def _fingerprint() -> str:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    digest = hashlib.sha256(f"{version} {ROOT}".encode())
    for file in INPUTS:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _pip() -> list[str]:
    return [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]


def _uv() -> list[str]:
    return [
        str(PYTHON),
        "-m",
        "uv",
        "pip",
        "install",
        "--quiet",
        "--python",
        str(PYTHON),
    ]


def _installer() -> str:
    """Return the lock's pin of uv, which installs everything else ten times faster."""
    pins = LOCK.read_text(encoding="utf-8").splitlines()
    return next(pin for pin in pins if pin.startswith("uv=="))


def _ours() -> list[str]:
    return ["-e", str(ROOT), "-e", str(ROOT / "projects" / "delay-desk")]


def _step(name: str, command: list[str], *, fallback: bool = False) -> None:
    """Run one step; where uv fails (a proxy set up for pip only), try pip."""
    print(f"  {name}", flush=True)
    if subprocess.call(command, cwd=ROOT) == 0:
        return
    if not fallback:
        raise subprocess.CalledProcessError(1, command)
    print("  uv could not do it; trying pip", flush=True)
    arguments = command[command.index("--python") + 2 :]
    subprocess.run([*_pip(), "install", *arguments], cwd=ROOT, check=True)


def _install_torch() -> None:
    """Install PyTorch, from its CPU index where that can be reached.

    Only some pages need it, so being without it does not stop the rest.
    """
    print("  3/4 PyTorch (CPU)", flush=True)
    quick = ["--quiet", "--retries", "0", "--timeout", "15"]
    from_index = [*_pip(), "install", *quick, "--index-url", TORCH_INDEX, "--no-deps"]
    wanted = ["-r", str(TORCH)]
    if sys.platform == "linux" and _quiet([*from_index, *wanted]):
        _step("    what PyTorch needs", [*_pip(), "install", "--quiet", *wanted])
    elif not _quiet([*_pip(), "install", "--quiet", *wanted]):
        print(
            "  PyTorch could not be installed: pages that need it will say so. "
            f"Later: {_readable([*_pip(), 'install', *wanted])}"
        )


def _quiet(command: list[str]) -> bool:
    result = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    return result.returncode == 0


def _readable(command: list[str]) -> str:
    return " ".join(
        Path(part).name if part == str(PYTHON) else part for part in command
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
