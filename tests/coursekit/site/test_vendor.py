"""Pyodide's files are what the lock says, wherever they come from, or are not used."""

import hashlib
import http.server
import json
import socket
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from coursekit.site.vendor import LockError, __main__, lock, pyodide, sources
from coursekit.site.vendor.sources import Release, UnreachableError, Wheel

CONTENTS = {"pyodide.mjs": b"export {};\n", "numpy.whl": bytes(range(256)) * 40}


def make_lock(contents=CONTENTS):
    files = {
        name: lock.File(hashlib.sha256(content).hexdigest(), len(content))
        for name, content in contents.items()
    }
    entry = {"file_name": "numpy.whl", "imports": ["numpy"], "depends": []}
    return lock.Lock("1.2.3", {"python": "3.14.0"}, files, {"numpy": entry})


class Fake:
    """A source with the given files; None is a source that cannot be reached."""

    def __init__(self, name, contents):
        self.name = name
        self.contents = contents
        self.asked = []

    def read(self, file, size, advance):
        self.asked.append(file)
        if self.contents is None:
            raise UnreachableError(self.name)
        content = self.contents[file][: size + 1]
        advance(len(content))
        return content


RIGHT = CONTENTS
WRONG = {name: b"?" + content[1:] for name, content in CONTENTS.items()}
LONGER = {name: content + b"!" for name, content in CONTENTS.items()}


def found(paths):
    return {name: path.read_bytes() for name, path in paths.items()}


def kept(cache):
    return sorted(path.name for path in cache.rglob("*") if path.is_file())


def test_files_come_from_the_first_source_that_has_them(tmp_path):
    first, second = Fake("first", RIGHT), Fake("second", RIGHT)
    assert found(pyodide.files(make_lock(), tmp_path, [first, second])) == CONTENTS
    assert second.asked == []


def test_what_is_in_the_cache_is_not_fetched(tmp_path):
    pyodide.files(make_lock(), tmp_path, [Fake("first", RIGHT)])
    nobody = Fake("nobody", None)
    assert found(pyodide.files(make_lock(), tmp_path, [nobody])) == CONTENTS
    assert nobody.asked == []


@pytest.mark.parametrize("bad", [WRONG, LONGER])
def test_wrong_bytes_of_one_source_are_passed_over(tmp_path, bad):
    asked = [Fake("bad", bad), Fake("good", RIGHT)]
    assert found(pyodide.files(make_lock(), tmp_path, asked)) == CONTENTS


@pytest.mark.parametrize("other", [WRONG, None])
def test_wrong_bytes_and_no_right_ones_stop_everything(tmp_path, other):
    asked = [Fake("bad", WRONG), Fake("other", other)]
    with pytest.raises(LockError, match=r"pyodide\.mjs is not what .* in bad \(SHA"):
        pyodide.files(make_lock(), tmp_path, asked)
    assert kept(tmp_path) == []


def test_no_source_at_all_is_another_thing_than_wrong_bytes(tmp_path):
    asked = [Fake("one", None), Fake("two", None)]
    with pytest.raises(UnreachableError, match="neither the cache nor one and two"):
        pyodide.files(make_lock(), tmp_path, asked)
    assert kept(tmp_path) == []


def test_a_source_may_lack_one_file_and_have_the_others(tmp_path):
    class Partly(Fake):
        def read(self, file, size, advance):
            if file == "numpy.whl":
                raise UnreachableError(file)
            return super().read(file, size, advance)

    second = Fake("second", RIGHT)
    pyodide.files(make_lock(), tmp_path, [Partly("first", RIGHT), second])
    assert second.asked == ["numpy.whl"]


@pytest.mark.parametrize(
    "damage", [lambda old: old[:-1], lambda old: b"?" + old[1:], lambda old: b""]
)
def test_a_damaged_cache_is_mended(tmp_path, damage):
    path = pyodide.files(make_lock(), tmp_path, [Fake("a", RIGHT)])["numpy.whl"]
    path.write_bytes(damage(path.read_bytes()))
    again = Fake("a", RIGHT)
    assert found(pyodide.files(make_lock(), tmp_path, [again])) == CONTENTS
    assert again.asked == ["numpy.whl"]


def test_a_damaged_cache_is_not_used_where_it_cannot_be_mended(tmp_path):
    path = pyodide.files(make_lock(), tmp_path, [Fake("a", RIGHT)])["numpy.whl"]
    path.write_bytes(b"?" + path.read_bytes()[1:])
    with pytest.raises(UnreachableError):
        pyodide.files(make_lock(), tmp_path, [Fake("a", None)])


def test_an_interrupted_write_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(self, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pyodide.files(make_lock(), tmp_path, [Fake("a", RIGHT)])
    assert kept(tmp_path) == []


def test_builds_at_the_same_time_do_not_clash(tmp_path):
    barrier = threading.Barrier(8)

    class Slow(Fake):
        def read(self, file, size, advance):
            barrier.wait(10)  # all eight find nothing in the cache
            return super().read(file, size, advance)

    def build(_number):
        return found(pyodide.files(make_lock(), tmp_path, [Slow("slow", RIGHT)]))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(build, range(8))) == [CONTENTS] * 8
    assert kept(tmp_path) == sorted(CONTENTS)


def test_another_lock_has_another_folder(tmp_path):
    changed = make_lock({**CONTENTS, "numpy.whl": b"newer"})
    assert pyodide.folder_of(changed, tmp_path) != pyodide.folder_of(
        make_lock(), tmp_path
    )


# The sources


@pytest.fixture
def release(tmp_path, monkeypatch):
    """The address of a release that this machine serves, and its folder."""
    folder = tmp_path / "release"
    folder.mkdir()
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(content)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(folder))

        def log_message(self, *_about):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(sources, "ADDRESS", address)
        yield folder
        server.shutdown()


def test_the_release_gives_its_files_and_tells_how_far_it_is(release):
    steps = []
    content = Release("1.2.3").read("numpy.whl", 10240, steps.append)
    assert content == CONTENTS["numpy.whl"]
    assert sum(steps) == len(content)


def test_no_more_is_read_than_a_file_may_have(release):
    (release / "pyodide.mjs").write_bytes(bytes(3 << 20))
    source = Release("1.2.3")
    content = source.read("pyodide.mjs", 10, lambda _size: None)
    assert 10 < len(content) <= sources._CHUNK


def test_a_file_that_the_release_lacks_does_not_end_the_others(release):
    (release / "numpy.whl").unlink()
    source = Release("1.2.3")
    with pytest.raises(UnreachableError):
        source.read("numpy.whl", 10, print)
    assert source.read("pyodide.mjs", 99, lambda _size: None) == b"export {};\n"


def test_a_host_that_accepts_and_says_nothing_is_given_up_and_not_asked_again(
    monkeypatch,
):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr(sources, "ADDRESS", address)
        monkeypatch.setattr(sources, "PATIENCE", 0.2)
        source = Release("1.2.3")
        for _ in range(3):
            with pytest.raises(UnreachableError):
                source.read("pyodide.mjs", 10, print)
        silent.settimeout(0.5)
        silent.accept()[0].close()
        with pytest.raises(TimeoutError):
            silent.accept()


def test_a_name_that_nobody_resolves_is_given_up(monkeypatch):
    released = threading.Event()

    def unresolved(*_args, **_options):
        released.wait(30)
        raise socket.gaierror

    monkeypatch.setattr(sources.urllib.request, "urlopen", unresolved)
    monkeypatch.setattr(sources, "PATIENCE", 0.1)
    before = time.monotonic()
    with pytest.raises(UnreachableError):
        Release("1.2.3").read("pyodide.mjs", 10, print)
    assert time.monotonic() - before < 20
    released.set()


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder that pip takes for all there is, with a wheel that carries our files."""
    folder = tmp_path / "index"
    folder.mkdir()
    about = "carrier-1.0.dist-info"
    with zipfile.ZipFile(folder / "carrier-1.0-py3-none-any.whl", "w") as wheel:
        for name, content in CONTENTS.items():
            wheel.writestr(f"carrier/pyodide/{name}", content)
        text = "Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n"
        wheel.writestr(f"{about}/METADATA", f"{text}Requires-Python: <3\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_the_wheel_gives_its_files_whatever_python_it_is_for(index):
    source = Wheel("carrier==1.0", "carrier/pyodide")
    try:
        steps = []
        content = source.read("numpy.whl", 10240, steps.append)
        assert content == CONTENTS["numpy.whl"]
        assert steps == [len(content)]
        with pytest.raises(UnreachableError, match="lacks other"):
            source.read("other", 10, print)
        place = Path(source._place.name)
        assert place.is_dir()
    finally:
        source.close()
    assert not place.exists()


def test_a_wheel_that_pip_cannot_find_is_out_of_reach_and_asked_for_once(
    index, monkeypatch
):
    runs = []
    real = sources.subprocess.run

    def counted(*args, **options):
        runs.append(args)
        return real(*args, **options)

    monkeypatch.setattr(sources.subprocess, "run", counted)
    source = Wheel("absent==1.0", "carrier/pyodide")
    for _ in range(2):
        with pytest.raises(UnreachableError, match="pip could not fetch"):
            source.read("numpy.whl", 10, print)
    source.close()
    assert len(runs) == 1


# The lock that is committed


def test_the_lock_has_what_pages_need_and_nothing_else():
    kept = lock.read()
    wheels = {entry["file_name"] for entry in kept.packages.values()}
    assert set(kept.files) == wheels | set(lock.RUNTIME)
    assert set(lock.packages_for(lock.WANTED, kept.packages)) == set(kept.packages)
    assert kept.release == pyodide.RELEASE
    assert all(len(file.sha256) == 64 and file.size for file in kept.files.values())
    assert kept.size < 60e6


def test_the_lock_is_written_as_it_is_read():
    assert lock.LOCK.read_text(encoding="utf-8") == lock.read().text()


def test_what_pyodide_reads_has_the_hashes_of_the_lock():
    kept = lock.read()
    theirs = json.loads(kept.for_pyodide())
    assert theirs["info"] == kept.about
    for entry in theirs["packages"].values():
        assert entry["sha256"] == kept.files[entry["file_name"]].sha256
        assert set(entry["depends"]) <= set(theirs["packages"])


@pytest.mark.parametrize(
    ("name", "package"),
    [("sklearn", "scikit-learn"), ("PIL", "pillow"), ("IPython", None)],
)
def test_a_package_is_found_by_what_is_imported(name, package):
    assert lock.read().package_of(name) == package


def release_files():
    """What npm's package of the locked release has, as far as we look at it."""
    kept = lock.read()
    theirs = json.loads(kept.for_pyodide())
    theirs["packages"]["other"] = theirs["packages"]["six"] | {"name": "other"}
    runtime = {name: name.encode() for name in lock.RUNTIME}
    return {"pyodide-lock.json": json.dumps(theirs).encode(), **runtime}


def test_comparing_finds_a_runtime_that_is_not_the_locked_one(monkeypatch):
    monkeypatch.setattr(pyodide, "npm_package", lambda _name: release_files())
    with pytest.raises(LockError, match=r"as npm has it is not what pyodide\.json"):
        pyodide.compare()


def test_comparing_accepts_what_is_locked(monkeypatch):
    files = release_files()
    real = lock.read()
    monkeypatch.setattr(pyodide, "npm_package", lambda _name: files)
    runtime = {
        n: lock.File(hashlib.sha256(files[n]).hexdigest(), 1) for n in lock.RUNTIME
    }
    same = lock.Lock(real.release, real.about, real.files | runtime, real.packages)
    monkeypatch.setattr(lock, "read", lambda: same)
    assert "are locked as npm states them" in pyodide.compare()


def test_an_unknown_name_is_one_sentence():
    with pytest.raises(SystemExit, match="Nothing is vendored under the name 'jquery'"):
        __main__.main(["jquery"])
