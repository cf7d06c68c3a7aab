import shutil
import socket
import urllib.request

import pytest

from coursekit.book import __main__ as module
from coursekit.book import commands, inputs
from coursekit.book import layout as layouts
from coursekit.book import serve as serving
from coursekit.book.layout import Layout

from .conftest import add_page


@pytest.fixture
def site(executed, tmp_path, monkeypatch):
    """A copy of the executed book, which the verbs take for the checkout."""
    layout = Layout(tmp_path / "book")
    shutil.copytree(executed.root, layout.root)
    monkeypatch.setattr(layouts, "here", lambda: layout)
    return layout


def test_book_builds_once_and_then_knows_that_nothing_changed(site, capsys):
    assert commands.book(serve=False) == 0
    assert "The site is built" in capsys.readouterr().out
    assert commands.book(serve=False) == 0
    assert "Nothing has changed" in capsys.readouterr().out


def test_an_edit_while_building_is_not_overlooked(site, monkeypatch):
    actual = commands._build

    def edited_meanwhile(*args, **kwargs):
        page = site.chapters / "index.md"
        page.write_text(page.read_text() + "\nMore.\n")
        return actual(*args, **kwargs)

    monkeypatch.setattr(commands, "_build", edited_meanwhile)
    assert commands.book(serve=False) == 0
    assert not inputs.unchanged(site, answers=True)


def test_a_failing_page_stops_the_book_before_it_is_built(site, capsys):
    add_page(site, "alpha/broken", "1 / 0")
    assert commands.book(serve=False) == 1
    assert "alpha/broken.md" in capsys.readouterr().out
    assert not site.html.exists()


def test_a_source_that_cannot_be_read_is_one_sentence(site, capsys):
    path = site.chapters / "alpha" / "first-page.md"
    path.write_text(path.read_text().replace("minutes: 20", "minutes: soon"))
    assert commands.run([]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "first-page.md:7: course.minutes" in said


def test_pages_are_named_by_part_and_slug_or_by_path(site, capsys):
    assert commands.run(["alpha/first-page"]) == 0
    assert commands.run([str(site.chapters / "alpha" / "first-page.md")]) == 0
    assert "0 executed, 1 unchanged" in capsys.readouterr().out
    assert commands.run(["alpha/none"]) == 1


def test_the_module_is_a_command_of_its_own(site, capsys):
    assert module.main(["run"]) == 0
    assert module.main(["build", "--no-answers"]) == 0
    assert not (site.html / "answers").exists()
    assert module.main(["notebooks"]) == 0
    assert "2 notebooks" in capsys.readouterr().out


def test_a_folder_is_served_while_it_is_wanted(tmp_path):
    (tmp_path / "index.html").write_text("here")
    with serving.served(tmp_path) as address:
        reply = urllib.request.urlopen(f"{address}/index.html")
        assert reply.read() == b"here"
        reply.close()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{address}/index.html")


def test_a_port_that_is_taken_is_said_so(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SystemExit, match=f"Port {port} cannot be had"):
            serving.serve(tmp_path, port)


def test_outside_a_checkout_the_book_says_what_it_needs(monkeypatch, tmp_path):
    monkeypatch.setattr(layouts, "__file__", str(tmp_path / "a" / "b" / "layout.py"))
    with pytest.raises(SystemExit, match="built from a checkout"):
        layouts.here()
