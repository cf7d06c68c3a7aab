"""What pages share: style, glue, source, and servers that are always stopped."""

import ast
import textwrap
import urllib.request

import psutil
import pytest

from coursekit import pages

APP = """
import os
from fastapi import FastAPI

app = FastAPI()

@app.get("/health")
def health():
    return {"greeting": os.environ.get("GREETING", "")}

def made():
    return app
"""


@pytest.fixture
def served(tmp_path):
    """A module that can be served, and the environment that finds it."""
    (tmp_path / "small_app.py").write_text(textwrap.dedent(APP))
    return {"PYTHONPATH": str(tmp_path), "GREETING": "hello"}


def get(url):
    with urllib.request.urlopen(url, timeout=5) as reply:
        return reply.read().decode()


@pytest.mark.parametrize("factory", [False, True])
def test_a_server_answers_while_it_is_open_and_is_gone_afterwards(served, factory):
    app = "small_app:made" if factory else "small_app:app"
    server = pages.serve(app, factory=factory, env=served)
    with server as url:
        pid = server.pid
        assert "hello" in get(f"{url}/health")
    assert not psutil.pid_exists(pid)


def test_a_server_is_stopped_when_the_cell_fails(served):
    server = pages.serve("small_app:app", env=served)
    pids = []

    def failing_cell():
        with server:
            pids.append(server.pid)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing_cell()
    assert not psutil.pid_exists(pids[0])


def test_two_servers_get_two_ports(served):
    first = pages.serve("small_app:app", env=served)
    second = pages.serve("small_app:app", env=served)
    with first as one, second as other:
        assert one != other


def test_a_server_that_does_not_start_says_what_it_said(served):
    server = pages.serve("small_app:nothing", env=served)
    with pytest.raises(pages.ServerError, match="nothing"):
        server.start()
    server.stop()  # a second stop is harmless


def test_a_server_without_the_asked_path_is_given_up(served):
    server = pages.serve("small_app:app", env=served, path="/nowhere", timeout=2)
    with pytest.raises(pages.ServerError, match="/nowhere within 2 s"):
        server.start()


def test_shown_source_is_the_source_that_runs():
    shown = pages.show_source(pages.glue, pages.serve).data
    assert shown.startswith("```python\ndef glue(")
    assert "\n\n\ndef serve(" in shown


class Documented:
    """A class.

    With more to say.
    """

    def method(self):
        """Short already."""
        return "\n"

    def other(self):
        r"""Have a raw docstring.

        With more to say.
        """
        return 2


def test_shown_source_keeps_the_code_and_the_first_line_of_each_docstring():
    shown = pages.show_source(Documented).data
    assert "With more to say" not in shown
    code = shown.removeprefix("```python\n").removesuffix("\n```")
    found = ast.parse(code).body[0]
    methods = {node.name: node for node in found.body if hasattr(node, "name")}
    assert ast.get_docstring(found) == "A class."
    assert ast.get_docstring(methods["other"]) == "Have a raw docstring."
    assert ast.unparse(methods["method"].body[1]) == "return '\\n'"
    assert pages.show_source(Documented.method).data.startswith("```python\ndef method")


def test_glued_values_have_the_form_that_the_book_reads(capsys, monkeypatch):
    from IPython import display

    seen = []
    monkeypatch.setattr(display, "display", lambda *a, **k: seen.append((a, k)))
    pages.glue("rate", "0.25")
    ((bundle,), options) = seen[0]
    (text,) = bundle.values()
    assert list(bundle) == ["application/papermill.record/text/plain"]
    # "0.50" and "336,776" must come out as they went in.
    assert ast.literal_eval(text) == "0.25"
    assert options["metadata"]["scrapbook"]["name"] == "rate"


def relative_luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("background", ["#ffffff", "#1f1f1f"])
def test_every_colour_stands_out_in_light_and_in_dark_notebooks(background):
    below = relative_luminance(background)
    for colour in [*pages.COLOURS.values(), pages.INK]:
        light, dark = sorted([relative_luminance(colour), below], reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3, colour


def test_style_gives_each_line_a_colour_and_dashes_of_its_own():
    import matplotlib as mpl

    with mpl.rc_context():
        pages.style()
        cycle = list(mpl.rcParams["axes.prop_cycle"])
        assert mpl.rcParams["figure.facecolor"] == "none"
    assert len({entry["color"] for entry in cycle}) == len(cycle)
    assert len({str(entry["linestyle"]) for entry in cycle}) == len(cycle)
