"""Pyodide's modules as bytecode: the same modules, in archives of the same names."""

import base64
import csv
import hashlib
import importlib.util
import sys
import zipfile
from pathlib import Path

import pytest

from coursekit.data import cache_folder
from coursekit.site.vendor import bytecode, compiled, lock, pyodide
from coursekit.site.vendor.compiled import CompileError

LOCK = lock.read()
MODULES = {
    "small/__init__.py": '"""A small package."""\nfrom small.deep import SIX\n',
    "small/deep/__init__.py": "SIX = 2 * 3\n\n\ndef fail():\n    return 1 / 0\n",
}
OTHERS = {
    "small/__init__.pyi": "SIX: int\n",
    "small/data.txt": "text\n",
    "small-1.dist-info/METADATA": "Name: small\n",
    "small-1.dist-info/RECORD": "stale\n",
}


def archive(path, files):
    with zipfile.ZipFile(path, "w") as made:
        for name, text in files.items():
            made.writestr(name, text)
    return path


@pytest.fixture
def wheel(tmp_path):
    return archive(tmp_path / "small-1-py3-none-any.whl", MODULES | OTHERS)


@pytest.fixture(scope="module")
def release():
    """The release's own files; CI has them, or this fails."""
    return pyodide.files(LOCK, cache_folder())


def compiled_here(path, root="/lib/"):
    """An archive as this Python compiles it."""
    code = path.with_name("code.zip")
    assert bytecode.compile_archive(str(path), str(code), root) == len(MODULES)
    return compiled.merged(path, code)


def test_bytecode_is_imported_like_the_text_that_it_was(wheel, tmp_path, monkeypatch):
    made = tmp_path / "made.zip"
    made.write_bytes(compiled_here(wheel))
    monkeypatch.syspath_prepend(str(made))
    try:
        small = __import__("small")
        assert small.SIX == 6
        assert small.__doc__ == "A small package."
        with pytest.raises(ZeroDivisionError) as raised:
            small.deep.fail()
        place = raised.traceback[-1].frame.code.raw.co_filename
        assert place == "/lib/small/deep/__init__.py"
        assert raised.traceback[-1].lineno + 1 == 5
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "small"]:
            del sys.modules[name]


def test_nothing_but_modules_and_stubs_is_changed(wheel, tmp_path):
    made = tmp_path / "made.zip"
    made.write_bytes(compiled_here(wheel))
    with zipfile.ZipFile(made) as found:
        assert set(found.namelist()) == {
            "small/__init__.pyc",
            "small/deep/__init__.pyc",
            "small/data.txt",
            "small-1.dist-info/METADATA",
            "small-1.dist-info/RECORD",
        }
        assert found.read("small/data.txt") == b"text\n"
        rows = csv.reader(found.read("small-1.dist-info/RECORD").decode().splitlines())
        told = {name: (told, size) for name, told, size in rows}
        assert set(told) == set(found.namelist())
        for name, (sum_, size) in told.items():
            if not name.endswith("/RECORD"):
                raw = hashlib.sha256(found.read(name)).digest()
                text = base64.urlsafe_b64encode(raw).decode().rstrip("=")
                assert (sum_, size) == (f"sha256={text}", str(len(found.read(name))))


def small_release(release, wheel):
    """What a build would have: the runtime, and one package."""
    return {"pyodide.mjs": release["pyodide.mjs"], wheel.name: wheel}


def test_pyodide_compiles_for_itself_the_same_each_time(release, wheel, tmp_path):
    kept = small_release(release, wheel)
    one = compiled.files(LOCK, kept, tmp_path / "one")
    other = compiled.files(LOCK, kept, tmp_path / "other")
    assert set(one) == set(kept)
    assert one["pyodide.mjs"] == kept["pyodide.mjs"]
    assert one[wheel.name] != wheel
    assert one[wheel.name].read_bytes() == other[wheel.name].read_bytes()
    with zipfile.ZipFile(one[wheel.name]) as found:
        code = found.read("small/__init__.pyc")
    # Another Python than ours: Pyodide's, whose bytecode ours could not read.
    assert code[:4] != importlib.util.MAGIC_NUMBER
    assert code[4:8] == (1).to_bytes(4, "little")
    assert b"/lib/python3.14/site-packages/small/__init__.py" in code


def test_what_was_made_is_taken_again_while_it_is_whole(
    release, wheel, tmp_path, monkeypatch
):
    kept = small_release(release, wheel)
    first = compiled.files(LOCK, kept, tmp_path / "cache")
    right = first[wheel.name].read_bytes()
    asked = []
    make = compiled._make
    monkeypatch.setattr(compiled, "_make", lambda *how: asked.append(1) or make(*how))
    assert compiled.files(LOCK, kept, tmp_path / "cache") == first
    assert asked == []
    first[wheel.name].write_bytes(right[:-1])
    again = compiled.files(LOCK, kept, tmp_path / "cache")
    assert asked == [1]
    assert again[wheel.name].read_bytes() == right


def test_a_module_that_does_not_compile_is_named_and_nothing_is_kept(release, tmp_path):
    wheel = archive(tmp_path / "broken-1-py3-none-any.whl", {"broken.py": "def:\n"})
    with pytest.raises(CompileError, match=r"^broken-1-py3-none-any.whl cannot be"):
        compiled.files(LOCK, small_release(release, wheel), tmp_path / "cache")
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []


def test_node_that_does_not_run_pyodide_is_said_in_one_sentence(wheel, tmp_path):
    empty = tmp_path / "runtime"
    empty.mkdir()
    (empty / "pyodide.mjs").write_text("process.exit(3);\n", encoding="utf-8")
    kept = {"pyodide.mjs": empty / "pyodide.mjs", wheel.name: wheel}
    with pytest.raises(CompileError, match="cannot be compiled: Node ended"):
        compiled.files(LOCK, kept, tmp_path / "cache")


def test_the_site_has_no_module_as_text_but_what_only_pdf_needs(release):
    made = compiled.files(LOCK, release, cache_folder())
    text = {}
    for name, path in made.items():
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as found:
                text[name] = sum(n.endswith(".py") for n in found.namelist())
    assert len(text) >= 18
    assert [n.partition("-")[0] for n, count in text.items() if count] == ["fonttools"]


def test_another_lock_and_another_compiler_make_another_folder(tmp_path, monkeypatch):
    key = compiled.key_of(LOCK)
    other = lock.Lock("0", LOCK.about, LOCK.files, LOCK.packages)
    assert compiled.key_of(other) != key
    changed = tmp_path / "compile.mjs"
    changed.write_text(
        Path(compiled._SCRIPT).read_text(encoding="utf-8") + "//\n", encoding="utf-8"
    )
    monkeypatch.setattr(compiled, "_SCRIPT", changed)
    assert compiled.key_of(LOCK) != key
