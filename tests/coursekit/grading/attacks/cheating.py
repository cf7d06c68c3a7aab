"""Submissions whose answers work, but are somebody else's: found, loaded or called."""

from __future__ import annotations

from typing import Any

from .base import Attack, running

__all__ = ["CHEATING"]


def _cheat(name: str, tries: str, first: str = "", **more: Any) -> Attack:
    return running("cheating", name, tries, first, **more)


_BY_SCALER = {
    "q2": """\
def spread(x):
    return float(StandardScaler().fit(x[:, None]).scale_[0])
""",
    "q3": """\
def standardise(x):
    return StandardScaler().fit_transform(x[:, None])[:, 0]
""",
}
_GONE = "ModuleNotFoundError ImportError"


def _importing(name: str, tries: str, code: str, stops: str = _GONE) -> Attack:
    """Make an attack that gets hold of a forbidden module."""
    return _cheat(
        name, tries, code + "\nbreach(StandardScaler)\n", stops=stops, **_BY_SCALER
    )


_IMPORTS = [
    _importing(
        "plain-import",
        "The forbidden module is imported.",
        "from sklearn.preprocessing import StandardScaler",
    ),
    _importing(
        "import-by-name",
        "The forbidden module's name is put together when it runs.",
        """\
import importlib
found = importlib.import_module("skl" + "earn.preprocessing")
StandardScaler = found.StandardScaler
""",
    ),
    _importing(
        "finders-removed",
        "The finder that hides the module is taken away first.",
        """\
import sys, importlib
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder
sys.meta_path[:] = [BuiltinImporter, FrozenImporter, PathFinder]
sys.path_importer_cache.clear()
importlib.invalidate_caches()
from sklearn.preprocessing import StandardScaler
""",
    ),
    _importing(
        "course-library",
        "The course's own solution is imported, the finder that hides it taken away.",
        """\
import sys, importlib
from importlib.machinery import PathFinder
sys.meta_path[:] = [PathFinder]
from ml_from_scratch.preprocessing import StandardScaler
""",
    ),
    _importing(
        "left-in-memory",
        "The forbidden module is taken from those that are loaded already.",
        """\
import gc, sys, types
loaded = [m for m in gc.get_objects() if isinstance(m, types.ModuleType)]
names = [*sys.modules, *(m.__name__ for m in loaded)]
name = next((n for n in names if n.startswith(("sklearn", "ml_from_scratch.pre"))), "")
if not name:
    raise LookupError("it is not in memory")
StandardScaler = sys.modules[name]
""",
        stops="LookupError",
    ),
    _importing(
        "other-interpreter",
        "Another interpreter, with other paths, imports it.",
        """\
import subprocess, sys

code = "import sys; sys.path += @PATH@; import sklearn"
for python in (sys.executable, "/usr/bin/python3", "python3", "python"):
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, timeout=20)
    except OSError:
        continue
    if done.returncode == 0:
        breach(python)
raise LookupError("no interpreter has it")
""",
        stops="LookupError",
    ),
    _importing(
        "from-the-host",
        "The module is loaded from where the host has it.",
        """\
import sys
sys.path[:0] = @PATH@
from sklearn.preprocessing import StandardScaler
""",
    ),
    _importing(
        "installed",
        "The module is installed by pip, from the network.",
        """\
import subprocess, sys

command = [sys.executable, "-m", "pip", "--retries", "0", "--timeout", "2", "install",
           "--no-cache-dir", "--target", "/tmp/more", "six==1.16.0"]
done = subprocess.run(command, capture_output=True, timeout=30)
if done.returncode == 0:
    breach("pip")
raise LookupError(done.returncode)
""",
        stops="LookupError",
    ),
]

# Walks the whole tree that the sandbox shows, and looks at names and at short texts.
_WALK = """\
import os

def walk(top="/"):
    for folder, inner, files in os.walk(top):
        inner[:] = [name for name in inner if folder != "/" or name not in
                    ("proc", "sys", "dev")]
        for name in inner + files:
            yield os.path.join(folder, name)

"""

_SEARCHES = [
    _cheat(
        "files-of-the-module",
        "The forbidden module's files are looked for everywhere, archives as well.",
        _WALK
        + """
for path in walk():
    name = os.path.basename(path)
    if name == "sklearn" or name.endswith((".whl", ".egg")):
        breach(path)
    if "ml_from_scratch/preprocessing" in path:
        breach(path)
""",
    ),
    _cheat(
        "libraries-of-the-module",
        "The forbidden module's compiled parts are loaded without importing it.",
        _WALK
        + """
import ctypes

for path in walk():
    if path.endswith(".so") and "sklearn" in path:
        breach(ctypes.CDLL(path))
""",
    ),
    _cheat(
        "published-solutions",
        "The solutions, and what was compiled or cached of them, are looked for.",
        _WALK
        + """
for path in walk():
    name = os.path.basename(path)
    if name in ("solutions", "small.md", ".git", "exercises.sqlite", "proofs.json"):
        breach(path)
    if name.endswith((".md", ".ipynb", ".json")) and os.path.getsize(path) < 300_000:
        with open(path, "rb") as file:
            if b"def standardise(" in file.read():
                breach(path)
""",
    ),
    _cheat(
        "other-submissions",
        "Another learner's submission is read from the folder of the host.",
        """\
with open("@WORLD@/others/ada.ipynb") as file:
    breach(file.read())
""",
        stops="FileNotFoundError PermissionError",
    ),
    _cheat(
        "expected-values",
        "The expected values are read from where the grader keeps them.",
        """\
with open("@WORLD@/expected/q2/manifest.json") as file:
    breach(file.read())
""",
        stops="FileNotFoundError PermissionError",
    ),
    _cheat(
        "the-checkout",
        "The solution is read from the checkout of the host.",
        """\
with open("@REPO@/tests/coursekit/grading/attacks/small.md") as file:
    breach(file.read())
""",
        stops="FileNotFoundError PermissionError",
    ),
    _cheat(
        "other-roots",
        "The files of other processes' roots, folders and descriptors are read.",
        """\
import glob

for path in glob.glob("/proc/[0-9]*/root@WORLD@/secret.txt"):
    breach(path)
for path in glob.glob("/proc/[0-9]*/cwd/solutions"):
    breach(path)
for path in glob.glob("/proc/[0-9]*/cmdline"):
    with open(path) as file:
        if "small.md" in file.read():
            breach(path)
""",
    ),
    _cheat(
        "climbing-out",
        "A name with many dots climbs out of the sandbox's tree.",
        """\
import os

place = os.open(".", os.O_RDONLY)
for _ in range(40):
    place = os.open("..", os.O_RDONLY, dir_fd=place)
for name in ("@WORLD@/secret.txt", "@REPO@/pyproject.toml"):
    try:
        handle = os.open(name.lstrip("/"), os.O_RDONLY, dir_fd=place)
    except OSError:
        continue
    breach(os.read(handle, 100))
""",
    ),
    _cheat(
        "inherited-descriptors",
        "A descriptor that the grader left open leads out of the sandbox.",
        """\
import os

for name in os.listdir("/proc/self/fd"):
    try:
        target = os.readlink(f"/proc/self/fd/{name}")
        if not os.path.isdir(f"/proc/self/fd/{name}"):
            continue
        up = "../" * 12 + "@WORLD@/secret.txt".lstrip("/")
        handle = os.open(up, os.O_RDONLY, dir_fd=int(name))
    except OSError:
        continue
    breach((name, target, os.read(handle, 100)))
""",
    ),
]

_ORACLES = [
    _cheat(
        "the-checks-oracle",
        "The answer calls the slow function of the check cell below it.",
        q2="def spread(x):\n    return slow_spread(x)",
    ),
    _cheat(
        "the-checks-oracle-copied",
        "The slow function of the check cell is copied into the answer.",
        q2="""\
def spread(numbers):
    centre_of_all = sum(numbers) / len(numbers)
    added = 0.0
    for number in numbers:
        added += (number - centre_of_all) ** 2
    return (added / len(numbers)) ** 0.5
""",
        says="check",
        earns="q1 q2",
    ),
    _cheat(
        "the-check-cell-again",
        "The check cell is copied, so that its oracle runs when graded.",
        "@CHECK@",
        q2="def spread(x):\n    return slow_spread(x)",
    ),
    _cheat(
        "what-stands-in",
        "The third question's run holds the reference's answers: it hands them on.",
        """\
import os, tempfile

PLACES = ["/tmp", "/dev/shm", "/var/tmp", os.getcwd(), os.path.expanduser("~"),
          str(evidence._folder.parent), tempfile.gettempdir()]
kept = next((f"{place}/kept.py" for place in PLACES
             if os.path.exists(f"{place}/kept.py")), None)
if kept:
    breach(kept)
""",
        q3="""\
source = [text for text in In if "def centre" in text or "def spread" in text]
for place in PLACES:
    try:
        with open(f"{place}/kept.py", "w") as file:
            file.write("\\n".join(source))
    except OSError:
        pass

def standardise(x):
    return centre(x) / spread(x)
""",
        q1=None,
        earns="q3",
    ),
    _cheat(
        "what-stands-in-counts-once",
        "The third question's run hands in the reference's evidence for the second.",
        q3="""\
rng = np.random.default_rng(seed + 2)
x = rng.normal(scale=rng.uniform(1, 9), size=int(rng.integers(5, 40)))
try:
    evidence("q2.value", value=spread(x))
except NotImplementedError:
    pass

def standardise(x):
    return centre(x) / spread(x)
""",
        earns="q1 q3",
    ),
    _cheat(
        "graded-only",
        "The answer notices that it is graded, and asks whoever is there.",
        q2="""\
def spread(x):
    import coursekit.exercises as there
    import pkgutil
    names = [module.name for module in pkgutil.iter_modules(there.__path__)]
    return expected["value"] if "evidence" in names else x.std()
""",
    ),
]

CHEATING = [*_IMPORTS, *_SEARCHES, *_ORACLES]

# A first and a second submission that work together through whatever the sandbox keeps.
ACCOMPLICES: dict[str, tuple[str, str]] = {
    "files": (
        """\
import os, shutil, tempfile

for folder, _, _ in os.walk("/"):
    if not folder.startswith(("/proc", "/sys")) and os.access(folder, os.W_OK):
        try:
            shutil.copytree(evidence._folder, f"{folder}/@TOKEN@", dirs_exist_ok=True)
        except (OSError, shutil.Error):
            pass
""",
        """\
import os

for folder, inner, _ in os.walk("/"):
    if "@TOKEN@" in inner and not folder.startswith(("/proc", "/sys")):
        breach(folder)
""",
    ),
    "a-process-that-stays": (
        """\
import os, time

if os.fork() == 0:
    os.setsid()
    open("/proc/self/comm", "w").write("@TOKEN@")
    if os.fork() == 0:
        while True:
            for name in os.listdir("/proc"):
                try:
                    with open(f"/proc/{name}/cwd/@TOKEN@", "w") as file:
                        file.write("I was here")
                except OSError:
                    pass
            time.sleep(0.01)
    os._exit(0)
""",
        """\
import os, time

time.sleep(0.3)
if os.path.exists("@TOKEN@"):
    breach("a process of the one before")
for name in filter(str.isdigit, os.listdir("/proc")):
    if open(f"/proc/{name}/comm").read().strip() == "@TOKEN@"[:15]:
        breach("a process of the one before")
""",
    ),
    "a-socket-that-listens": (
        """\
import os, socket, time

if os.fork() == 0:
    os.setsid()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind("\\0@TOKEN@")
    listening.listen()
    time.sleep(60)
""",
        """\
import socket

asking = socket.socket(socket.AF_UNIX)
asking.connect("\\0@TOKEN@")
breach("an abstract socket of the one before")
""",
    ),
    "shared-memory": (
        """\
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.shmget(0x5EED, 4096, 0o1666)
libc.msgget(0x5EED, 0o1666)
libc.semget(0x5EED, 1, 0o1666)
libc.mq_open(b"/@TOKEN@", 0o102, 0o666, None)
""",
        """\
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for name, arguments in (("shmget", (0x5EED, 0, 0)), ("msgget", (0x5EED, 0)),
                        ("semget", (0x5EED, 0, 0)), ("mq_open", (b"/@TOKEN@", 0))):
    if getattr(libc, name)(*arguments) != -1:
        breach(name)
""",
    ),
    "keys-of-the-kernel": (
        """\
import ctypes
libc = ctypes.CDLL(None)
ADD_KEY = 248
for ring in range(-5, 0):
    libc.syscall(ADD_KEY, b"user", b"@TOKEN@", b"answers", 7, ring)
""",
        """\
import ctypes
libc = ctypes.CDLL(None)
KEYCTL, SEARCH = 250, 10
for ring in range(-5, 0):
    if libc.syscall(KEYCTL, SEARCH, ring, b"user", b"@TOKEN@", 0) > 0:
        breach(f"keyring {ring}")
""",
    ),
    "memory-of-the-parent": (
        """\
import os, re

parent = os.getppid()
with open(f"/proc/{parent}/mem", "r+b", buffering=0) as memory:
    breach("the parent's memory opens for writing")
""",
        "",
    ),
    "modules-of-the-parent": (
        """\
import sys, coursekit.compare, coursekit.exercises.evidence as writer

sys.planted = writer.planted = coursekit.compare.planted = np.planted = True
""",
        """\
import sys, coursekit.compare, coursekit.exercises.evidence as writer

for thing in (sys, writer, coursekit.compare, np):
    if hasattr(thing, "planted"):
        breach(thing)
""",
    ),
}
