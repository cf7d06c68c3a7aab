"""The two bubblewrap commands: the tree that is shared, and the sandbox of one run.

The outer one builds the allow-list of files once a batch, and the warm process lives
in it. The inner one is opened for every run: the same files read-only, and processes,
user, network and temporary folders of its own. Everything in it runs as a user who
owns nothing; where the grader itself is root, so does the warm process.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from coursekit.grading.sandbox.limits import Limits

__all__ = ["NOBODY", "OPEN", "OUT", "TEMPORARY", "WORK", "found", "inner", "outer"]

NOBODY = 65_534
# Under a name of our own, since a course may be installed under any other.
WORK = "/sandbox/work"  # the learner's own folder, where cells run
OUT = "/sandbox/out"  # where evidence is written
TEMPORARY = "/sandbox/tmp"
OPEN = (WORK, OUT, TEMPORARY, "/tmp")  # what a run may write to, besides /dev/shm


def found() -> bool:
    """Whether this system has bubblewrap at all."""
    return shutil.which("bwrap") is not None


def outer(
    files: Iterable[Path], command: Iterable[str], environment: Mapping[str, str]
) -> list[str]:
    """Return the command that runs another in a tree of the allowed files alone.

    Parameters
    ----------
    files : iterable of Path
        What is seen, read-only, under its own name.
    command : iterable of str
        What to run there.
    environment : mapping of str to str
        All that it finds in its environment.

    Returns
    -------
    list of str
        Its argument list.
    """
    listed = sorted(files)
    own = [] if os.geteuid() == 0 else ["--unshare-user"]
    words = ["bwrap", *own, "--unshare-net", "--die-with-parent", "--new-session"]
    for folder in [Path("/tmp"), Path("/sandbox"), *_parents(listed)]:
        words += ["--perms", "0755", "--dir", str(folder)]
    for name in (WORK, OUT):
        words += ["--perms", "0755", "--dir", name]
    words += ["--perms", "1777", "--tmpfs", TEMPORARY]
    for path in listed:
        words += ["--ro-bind", str(path.resolve()), str(path)]
    words += ["--dev-bind", "/proc", "/proc", "--dev", "/dev"]
    words += ["--chdir", "/", "--clearenv"]
    for name, value in environment.items():
        words += ["--setenv", name, value]
    return [*words, "--", *command]


def _parents(paths: Iterable[Path]) -> list[Path]:
    """Give the folders above, the higher first; bubblewrap alone would close them."""
    above = {parent for path in paths for parent in path.parents if parent.name}
    return sorted(above)


def inner(limits: Limits, info: int) -> list[str]:
    """Return the command that opens the sandbox of one run and holds it open.

    It is asked inside the outer tree, and lists what is there.

    `cat` holds it: what it echoes shows that all is in place, and it ends with its
    input.

    Parameters
    ----------
    limits : Limits
        Sizes of the temporary folders.
    info : int
        Descriptor to which bubblewrap writes the number of its first process.

    Returns
    -------
    list of str
        Its argument list.
    """
    words = ["/usr/bin/bwrap", "--die-with-parent", "--new-session"]
    words += [f"--unshare-{name}" for name in ("user", "pid", "net", "ipc", "uts")]
    words += ["--disable-userns", "--hostname", "sandbox"]
    words += ["--uid", str(NOBODY), "--gid", str(NOBODY)]
    words += ["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
    size = ["--size", str(limits.disk_bytes)]
    words += [*size, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    for folder in OPEN:
        words += [*size, "--tmpfs", folder]
    for path in sorted(Path("/tmp").iterdir()):  # a course that is installed there
        words += ["--ro-bind", str(path), str(path)]
    return [*words, "--info-fd", str(info), "--", "/usr/bin/cat"]
