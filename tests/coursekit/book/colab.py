"""A stand-in for Colab: what it preloads, its marker, and nothing of the checkout.

The first cell of a notebook runs as in Colab; only its `pip` is ours, and installs
wheels that were built here and packages that are installed here, without a network.
"""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import nbformat

from coursekit.book import notebooks
from coursekit.book.plan import distributions_of
from coursekit.book.run import _GUARD, kill_tree
from coursekit.book.worker import HOW_PAGES_RUN

ROOT = Path(__file__).parents[3]
# What of the book's third-party imports a fresh Colab machine has, and its kernel.
PRELOADED = [
    distribution
    for name in notebooks.PRELOADED
    for distribution in distributions_of().get(name, [])
]
_PIP = """
import subprocess, sys
wanted = [a.partition(" @ ")[0] for a in sys.argv[2:] if not a.startswith("-")]
if "--no-deps" in sys.argv:
    how = ["-m", "pip", "--python", sys.executable, "install", "--no-index", "--quiet",
           "--no-deps", "--disable-pip-version-check", "--find-links", {wheels!r}]
else:
    how = [{here!r}, {site!r}]
subprocess.run([{python!r}, *how, *wanted], check=True)
"""


def closure(names):
    """Return the installed distributions that the named ones need, with themselves."""
    found, waiting = {}, list(names)
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue  # for another platform, or an extra
        needs = [need for need in found[name].requires or [] if "extra ==" not in need]
        waiting += [re.split(r"[^\w.-]", need, maxsplit=1)[0] for need in needs]
    return found


def link(target, names):
    """Make distributions importable in a folder, by links to where they are."""
    for found in closure(names).values():
        tops = {path.parts[0] for path in found.files or [] if path.parts[0] != ".."}
        for top in tops - {"__pycache__"}:
            place, origin = target / top, Path(str(found.locate_file(top)))
            if place.is_dir() and not place.is_symlink():
                for child in origin.iterdir():  # a namespace, such as google
                    if not (place / child.name).exists():
                        (place / child.name).symlink_to(child)
            elif not place.exists():
                place.symlink_to(origin)


def make(folder):
    """Make the stand-in; give its Python."""
    command = [sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")]
    subprocess.run(command, check=True)
    python = folder / "venv" / "bin" / "python"
    (site,) = (folder / "venv").glob("lib/python*/site-packages")
    (site / "google" / "colab").mkdir(parents=True)
    (site / "google" / "colab" / "__init__.py").touch()
    (site / "pip").mkdir()
    here = str(Path(__file__).resolve())
    code = _PIP.format(
        wheels=str(build_wheels(folder)),
        here=here,
        site=str(site),
        python=sys.executable,
    )
    (site / "pip" / "__main__.py").write_text(code)
    link(site, PRELOADED)
    kernel = folder / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Python 3", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec))
    return python


def build_wheels(folder):
    """Build wheels of our distributions, as pip does from the repository."""
    wheels = folder / "wheels"
    for project in [ROOT, *sorted(ROOT.glob("projects/*/pyproject.toml"))]:
        source = project if project.is_dir() else project.parent
        command = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
        done = subprocess.run(
            [*command, "--outdir", str(wheels), str(source)],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return wheels


def execute(colab, notebook, folder, time_limit=300):
    """Run a notebook in the stand-in; give its code cells, the first one left out."""
    folder.mkdir()
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    cells = [
        nbformat.v4.new_code_cell(c["source"], metadata=c["metadata"], id=f"c-{n}")
        for n, c in enumerate(code)
    ]
    kernel = {"name": "python3", "display_name": "Python 3"}
    bare = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(bare, folder / "notebook.ipynb")
    environment = (
        os.environ
        | HOW_PAGES_RUN
        | {
            "PYTHONPATH": str(_GUARD),
            "JUPYTER_PATH": str(colab / "jupyter"),
            "IPYTHONDIR": str(folder / "ipython"),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
            "COURSE_CACHE": str(colab / "cache"),
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
    )
    # From the checkout's root the worker finds our tools; its kernel starts elsewhere.
    worker = subprocess.Popen(
        [sys.executable, "-m", "coursekit.book.worker", str(folder)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _, said = worker.communicate(timeout=time_limit)
    finally:
        kill_tree(worker.pid)
        worker.wait()
    assert (folder / "outcome.json").is_file(), said
    outcome = json.loads((folder / "outcome.json").read_text())
    assert outcome["error"] is None, outcome["error"]
    return nbformat.read(folder / "executed.ipynb", as_version=4).cells[1:]


if __name__ == "__main__":
    link(Path(sys.argv[1]), sys.argv[2:])
