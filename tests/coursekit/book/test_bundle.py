"""The bundle: the site as one file that is read without the internet."""

import functools
import http.server
import re
import shutil
import threading
import urllib.request
import zipfile
from urllib.parse import unquote

import pytest

from coursekit.book import bundle
from coursekit.book.build import build
from coursekit.book.layout import Layout

TOP = "machine-learning-engineered"
_LINK = re.compile(r'(?:href|src)="([^"#?]+)')


def add_about(layout):
    """Add the part to which the foot of every page links."""
    (layout.chapters / "about").mkdir()
    (layout.chapters / "about" / "index.md").write_text("# About this book\n")
    with (layout.root / "_toc.yml").open("a", encoding="utf-8") as contents:
        contents.write("  - file: chapters/about/index\n")


@pytest.fixture(scope="module")
def built(executed, tmp_path_factory):
    """A book that is built, with data beside it."""
    layout = Layout(tmp_path_factory.mktemp("bundled") / "book")
    shutil.copytree(executed.root, layout.root)
    add_about(layout)
    (layout.root / "datasets" / "small").mkdir()
    (layout.root / "datasets" / "small" / "DATASHEET.md").write_text("# Small\n")
    (layout.root / "datasets" / "small" / "prepare.py").write_text("")
    assert build(layout).faults == []
    return layout


@pytest.fixture(scope="module")
def unpacked(built, tmp_path_factory):
    """Its bundle, unpacked in an empty folder."""
    folder = tmp_path_factory.mktemp("elsewhere")
    with zipfile.ZipFile(bundle.bundle(built, folder / "book.zip")) as archive:
        archive.extractall(folder)
    return folder / TOP


def test_the_same_site_gives_the_same_bytes(built, tmp_path):
    first = bundle.bundle(built, tmp_path / "first.zip").read_bytes()
    assert bundle.bundle(built, tmp_path / "second.zip").read_bytes() == first


def test_everything_is_in_one_folder_and_says_how_to_open_it(unpacked):
    assert [path.name for path in unpacked.parent.iterdir() if path.is_dir()] == [TOP]
    readme = (unpacked / "README.txt").read_text()
    assert "open index.html" in readme
    assert "python -m http.server" in readme
    assert "no page runs" in readme  # this one was built without Python


def test_data_come_with_their_datasheets_and_without_their_tools(unpacked):
    data = unpacked / "datasets"
    found = {p.relative_to(data).as_posix() for p in data.rglob("*") if p.is_file()}
    assert "registry.json" in found
    assert "small/DATASHEET.md" in found
    assert not any(name.endswith(".py") for name in found)


def test_the_links_inside_hold(unpacked):
    pages = sorted(unpacked.rglob("*.html"))
    assert len(pages) > 5
    broken = []
    for page in pages:
        for link in _LINK.findall(page.read_text(encoding="utf-8")):
            if not re.match(r"[a-z]+:", link) and link.strip():
                assert not link.startswith("/"), (page, link)
                if not (page.parent / unquote(link)).exists():
                    broken.append((page.relative_to(unpacked).as_posix(), link))
    assert broken == [], broken


def test_it_is_served_as_the_readme_says(unpacked):
    serve = functools.partial(
        http.server.SimpleHTTPRequestHandler, directory=str(unpacked)
    )
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        page = urllib.request.urlopen(url).read().decode()
        script = re.search(r'<script src="([^"]+)" defer', page)[1]
        assert urllib.request.urlopen(url + script).status == 200
        server.shutdown()
    assert "<main" in page


def test_pages_that_run_are_named_where_they_can(built, tmp_path):
    site = tmp_path / "book"
    shutil.copytree(built.root, site)
    manifest = site / "_build" / "source" / "manifest.json"
    text = manifest.read_text().replace('"run": false', '"run": true')
    manifest.write_text(text.replace('"local"', '"page"'))
    wheels = site / "_build" / "html" / "_run" / "wheels"
    wheels.mkdir(parents=True)
    (wheels / "ours-1-py3-none-any.whl").touch()
    with zipfile.ZipFile(bundle.bundle(Layout(site), tmp_path / "a.zip")) as archive:
        readme = archive.read(f"{TOP}/README.txt").decode()
    assert "(alpha/first-page.html)" in readme
    assert "pip install --no-deps _run/wheels/ours-1-py3-none-any.whl" in readme


def test_without_a_site_there_is_one_sentence_and_no_file(empty_book, tmp_path):
    with pytest.raises(bundle.BundleError, match="There is no site to bundle"):
        bundle.bundle(empty_book, tmp_path / "book.zip")
    assert not (tmp_path / "book.zip").exists()


def test_an_interrupted_bundle_leaves_nothing(built, tmp_path, monkeypatch):
    def interrupted(_path):
        raise KeyboardInterrupt

    monkeypatch.setattr(bundle, "_method", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bundle.bundle(built, tmp_path / "book.zip")
    assert list(tmp_path.iterdir()) == []
