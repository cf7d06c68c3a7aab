"""The page's kernel, in CPython: what a cell shows is what Jupyter would show."""

import asyncio
import base64
import importlib.util
import struct
import sys
import warnings
from pathlib import Path

import pytest

import coursekit.site

RUN = Path(coursekit.site.__file__).parent / "static" / "run"
OF_THE_SHIM = ("IPython", "matplotlib_inline", "course_display", "course_backend")


def is_shimmed(module):
    return module.partition(".")[0] in OF_THE_SHIM


@pytest.fixture(scope="module")
def module():
    """The kernel with the shim in front of IPython; afterwards all is as before."""
    kept = {
        name: sys.modules.pop(name) for name in list(sys.modules) if is_shimmed(name)
    }
    sys.path.insert(0, str(RUN / "shim"))
    spec = importlib.util.spec_from_file_location("course_kernel", RUN / "kernel.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MPLBACKEND", "module://course_backend")
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].switch_backend("module://course_backend")
        yield made
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].switch_backend("agg")
    sys.path.remove(str(RUN / "shim"))
    for name in [name for name in sys.modules if is_shimmed(name)]:
        del sys.modules[name]
    sys.modules.update(kept)


def write_warning(message, category, filename, lineno, file=None, line=None):
    text = warnings.formatwarning(message, category, filename, lineno, line)
    sys.stderr.write(text)


class Page:
    """Stands for the page: keeps what the kernel tells."""

    def __init__(self, module):
        self.said = []
        self.kernel = module.Kernel(
            lambda kind, payload: self.said.append((kind, payload))
        )

    def run(self, source, cell="cell 1"):
        self.said.clear()
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.showwarning = write_warning  # pytest keeps them to itself
            self.went_well = asyncio.run(self.kernel.execute(source, cell))
        return self.said

    def text(self, name="stdout"):
        pieces = [p for kind, p in self.said if kind == "stream" and p["name"] == name]
        return "".join(piece["text"] for piece in pieces)

    def result(self, kind="text/plain"):
        found = [p for of, p in self.said if of == "result"]
        return found[0]["data"].get(kind) if found else None

    def error(self):
        return next(payload for kind, payload in self.said if kind == "error")

    def kinds(self):
        return [kind for kind, _ in self.said]


@pytest.fixture
def page(module):
    return Page(module)


# Results


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("1 + 1", "2"),
        ("x = 1", None),
        ("None", None),
        ("1;", None),
        ("1;  # quiet", None),
        ("'a;'", "'a;'"),
        ("1 ; 2", "2"),
        ("if True:\n    3", None),
        ("import asyncio\nawait asyncio.sleep(0, 'waited')", "'waited'"),
        ("def f():\n    return 5\n\nf()", "5"),
        ("", None),
        ("# nothing", None),
    ],
)
def test_the_last_expression_is_shown_as_in_jupyter(page, source, shown):
    page.run(source)
    assert page.went_well
    assert page.result() == shown


def test_cells_share_one_namespace(page):
    page.run("x = 20")
    page.run("x + 1")
    assert page.result() == "21"
    page.run("_ * 2")
    assert page.result() == "42"


def test_top_level_await_keeps_its_names(page):
    page.run("import asyncio\nfor i in range(3):\n    await asyncio.sleep(0)")
    page.run("i")
    assert page.result() == "2"


def test_classes_of_a_cell_can_be_pickled(page):
    page.run("class A:\n    pass\nimport pickle\npickle.loads(pickle.dumps(A()))")
    assert page.went_well
    assert page.result().startswith("<__main__.A at 0x")


@pytest.mark.parametrize(
    "value",
    [
        "[1, 'two', None]",
        "list(range(60))",
        "{'a': list(range(40)), 'b': {1, 3, 2}}",
        "(1,)",
        "set()",
        "frozenset({2, 1})",
        "{'x': {'y': ['long ' * 10] * 3}}",
        "int",
        "[float, dict]",
        "ValueError('x')",
        "'a\\nb'",
    ],
)
def test_values_are_written_as_ipython_writes_them(page, value):
    """The oracle is the real IPython, asked in a process of its own."""
    import subprocess

    code = f"from IPython.lib.pretty import pretty; print(pretty({value}), end='')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    page.run(value)
    assert page.result() == done.stdout


def test_a_list_that_holds_itself_is_written(page):
    page.run("a = [1]\na.append(a)\na")
    assert page.result() == "[1, [...]]"


# What is written and shown


def test_streams_and_displays_keep_their_order(page):
    source = (
        "import sys\nprint('a')\ndisplay(1)\nprint('b')\n"
        "print('c', file=sys.stderr)\nprint('d')"
    )
    said = page.run(source)
    shown = [p.get("text") or p["data"]["text/plain"] for _, p in said]
    assert shown == ["a\n", "1", "b\n", "c\n", "d\n"]


def test_a_loop_that_prints_for_ever_is_cut_and_batched(page, module):
    page.run("for _ in range(100_000):\n    print('0123456789')")
    assert page.went_well
    assert len(page.text()) == module.MOST_TEXT
    assert "more than 200 kB" in page.text("stderr")
    assert len(page.said) < 200


def test_more_displays_than_a_page_can_hold_are_left_out(page, module):
    page.run("for i in range(1000):\n    display(i)")
    assert page.kinds().count("display") == module.MOST_SHOWN
    assert "more than 100 things" in page.text("stderr")


def test_one_enormous_text_is_cut(page, module):
    page.run("'x' * 10_000_000")
    assert len(page.result()) < module.MOST_TEXT + 100
    assert "cut after" in page.result()


def test_what_ends_without_a_line_break_is_not_lost(page):
    page.run("print('half', end='')")
    assert page.text() == "half"


def test_the_streams_are_put_back(page):
    before = sys.stdout, sys.stderr
    page.run("1 / 0")
    assert (sys.stdout, sys.stderr) == before


def test_frames_come_as_html_and_text(page):
    page.run("import pandas as pd\npd.DataFrame({'a': [1]})")
    assert '<table border="1" class="dataframe">' in page.result("text/html")
    assert page.result() == "   a\n0  1"


def test_styled_frames_come_as_html(page):
    page.run("import pandas as pd\npd.DataFrame({'a': [1.25]}).style.format('{:.1f}')")
    assert ">1.2<" in page.result("text/html")


def test_the_shim_shows_markdown_html_and_pictures(page):
    raw = base64.b64encode(b"\x89PNG rest").decode()
    page.run(
        "from IPython.display import HTML, Image, Markdown, SVG, clear_output\n"
        "display(Markdown('*a*'), HTML('<b>b</b>'), SVG('<svg></svg>'))\n"
        "display(Image(b'\\x89PNG rest', width=20))\n"
        "clear_output(wait=True)"
    )
    assert page.kinds() == ["display"] * 4 + ["clear"]
    data = [payload["data"] for _, payload in page.said[:4]]
    assert data[0]["text/markdown"] == "*a*"
    assert data[1]["text/html"] == "<b>b</b>"
    assert data[2]["image/svg+xml"] == "<svg></svg>"
    assert data[3]["image/png"] == raw
    assert page.said[3][1]["metadata"] == {"image/png": {"width": 20}}


def test_a_display_can_be_replaced_later(page):
    page.run("shown = display('first', display_id=True)\nshown.update('second')")
    first, second = (payload for _, payload in page.said)
    assert first["id"] == second["id"]
    assert (first["update"], second["update"]) == (False, True)


def test_a_broken_form_leaves_the_plain_text(page):
    page.run(
        "class A:\n    def _repr_html_(self): 1 / 0\n    __repr__ = lambda s: 'A'\nA()"
    )
    assert page.went_well
    assert page.result() == "A"
    assert page.result("text/html") is None


# Figures


def size_of(png):
    return struct.unpack(">II", base64.b64decode(png)[16:24])


def test_figures_have_twice_the_pixels_of_their_size(page):
    page.run("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    [(kind, payload)] = page.said
    assert kind == "display"
    width, height = size_of(payload["data"]["image/png"])
    size = payload["metadata"]["image/png"]
    assert (size["width"], size["height"]) == (width // 2, height // 2)
    assert width > 1000  # 6.4 inches of 100 dots, twice, less what is cut off


def test_show_shows_at_once_and_the_end_shows_the_rest(page):
    page.run(
        "import matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()\nprint('between')\n"
        "plt.figure()\nplt.plot([2])\nplt.figure()\nplt.plot([3]);"
    )
    assert page.kinds() == ["display", "stream", "display", "display"]
    page.run("plt.get_fignums()")
    assert page.result() == "[]"
    assert page.kinds() == ["result"]


def test_a_figure_as_the_last_value_is_shown_once(page):
    page.run("import matplotlib.pyplot as plt\nf, a = plt.subplots()\na.plot([1])\nf")
    assert page.kinds() == ["result"]
    assert page.result("image/png")


def test_figures_before_an_error_are_shown(page):
    page.run("import matplotlib.pyplot as plt\nplt.plot([1])\n1 / 0")
    assert page.kinds() == ["display", "error"]


def test_an_empty_figure_is_not_shown(page):
    page.run("import matplotlib.pyplot as plt\nplt.figure();")
    assert page.said == []


def test_a_figure_that_cannot_be_drawn_is_an_error_of_its_cell(page):
    page.run("import matplotlib.pyplot as plt\nplt.plot([1])\nplt.title('$\\\\frac$');")
    assert not page.went_well
    assert page.error()["name"] == "ValueError"


# The helpers of our pages


def test_the_helpers_of_our_pages_work(page):
    page.run("from coursekit import pages\npages.style()\npages.glue('n', 3)")
    [(kind, payload)] = page.said
    assert kind == "display"
    assert payload["data"] == {"application/papermill.record/text/plain": "3"}
    assert payload["metadata"]["scrapbook"]["name"] == "n"


def test_source_is_shown_of_the_library_and_of_cells(page):
    page.run("from coursekit import pages\nfrom ml_from_scratch import optim")
    page.run("pages.show_source(optim.gradient_descent)")
    assert "def gradient_descent(" in page.result("text/markdown")
    page.run("def twice(x):\n    return 2 * x  # of the cell", "cell 2")
    page.run("pages.show_source(twice)", "cell 3")
    shown = "```python\ndef twice(x):\n    return 2 * x  # of the cell\n```"
    assert page.result("text/markdown") == shown


def test_source_of_a_cell_that_was_run_again_is_the_new_one(page):
    page.run("def f():\n    return 1")
    page.run("\n\n\ndef f():\n    return 2")
    page.run("import inspect\ninspect.getsource(f)", "cell 2")
    assert page.result() == repr("def f():\n    return 2")


def test_the_checks_of_exercises_know_a_learners_line(page):
    page.run("def answer(x):\n    return x / 0", "cell 1")
    page.run(
        "from coursekit.check import check\n"
        "with check('q1', 'divides') as c:\n    c.equal(answer(1), 1)",
        "cell 2",
    )
    assert "return x / 0" in page.text()


# Errors


def test_an_error_shows_the_cells_own_lines_and_hides_ours(page):
    page.run("def f(x):\n    return x / 0", "cell 1")
    page.run("print('before')\nf(1)", "cell 2")
    assert not page.went_well
    assert page.error() == {
        "name": "ZeroDivisionError",
        "message": "division by zero",
        "traceback": (
            "Traceback (most recent call last):\n"
            "  cell 2, line 2\n    f(1)\n"
            "  cell 1, line 2, in f\n    return x / 0\n            ~~^~~\n"
            "ZeroDivisionError: division by zero"
        ),
        "line": 2,
        "hint": "",
        "missing": None,
    }


def test_of_a_librarys_calls_only_the_last_is_shown(page):
    page.run("import json\njson.loads('{')")
    told = page.error()["traceback"]
    assert told.count(", line ") == 2 + told.count("JSONDecodeError: ") - 1
    assert "cell 1, line 2" in told
    assert "json/decoder.py" in told
    assert str(Path(sys.prefix)) not in told


def test_causes_are_told_without_our_frames(page):
    page.run(
        "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise KeyError() from e"
    )
    told = page.error()["traceback"]
    assert "direct cause" in told
    assert "kernel.py" not in told


def test_a_syntax_error_points_at_its_place(page):
    page.run("x = 1\nx = = 2")
    error = page.error()
    assert error["traceback"] == (
        "  cell 1, line 2\n    x = = 2\n        ^\nSyntaxError: invalid syntax"
    )
    assert error["line"] == 2


def test_nothing_of_a_cell_runs_if_it_cannot_be_read(page):
    page.run("print('ran')\nif")
    assert page.text() == ""


def test_a_name_that_is_missing_is_named(page):
    page.run("undefined_name")
    assert page.error()["missing"] == "undefined_name"


def test_a_package_that_is_not_here_is_said_in_a_sentence(page):
    page.run("import not_a_package.sub")
    assert page.error()["hint"].startswith("not_a_package is not among the packages")


@pytest.mark.parametrize(
    ("raised", "says"),
    [
        ('RuntimeError("can\'t start new thread")', "one thread"),
        ("OSError(138, 'emscripten does not support processes.')", "other programs"),
        ("MemoryError()", "out of memory"),
        ("AttributeError('The .style accessor requires jinja2')", "Styled tables"),
        ("ValueError('plain')", ""),
    ],
)
def test_what_the_page_cannot_do_is_said_in_a_sentence(page, raised, says):
    page.run(f"raise {raised}")
    assert says in page.error()["hint"]
    assert bool(page.error()["hint"]) == bool(says)


@pytest.mark.parametrize("name", ["KeyboardInterrupt", "SystemExit"])
def test_what_ends_a_program_ends_the_cell_only(page, name):
    page.run(f"raise {name}")
    assert page.error()["name"] == name
    page.run("1")
    assert page.went_well


def test_input_says_that_there_is_no_keyboard(page):
    page.run("input('Name? ')")
    assert "no keyboard" in page.error()["message"]


def test_warnings_name_the_cell_and_come_again_when_it_runs_again(page):
    source = "import warnings\nwarnings.warn('careful')"
    for _ in range(2):
        page.run(source)
        assert page.text("stderr") == (
            "cell 1, line 2: UserWarning: careful\n  warnings.warn('careful')\n"
        )


# IPython's commands


def test_commands_are_answered_and_the_rest_runs(page):
    page.run("%matplotlib inline\n!ls -l\n%pip install torch\nx = 3\nx")
    assert page.went_well
    assert page.result() == "3"
    told = page.text("stderr").splitlines()
    assert told[0] == "!ls was left out: the page has no shell."
    assert told[1].startswith("Nothing can be installed in the page")
    assert len(told) == 2


def test_lines_keep_their_numbers_beside_commands(page):
    page.run("%matplotlib inline\n\n1 / 0")
    assert page.error()["line"] == 3


@pytest.mark.parametrize("source", ["x = 5\ny = (x\n  % 3)\ny", "'%matplotlib'"])
def test_what_is_python_is_not_taken_for_a_command(page, source):
    page.run(source)
    assert page.went_well
    assert page.text("stderr") == ""


def test_a_cell_in_another_language_is_left_out(page):
    page.run("%%bash\nrm -rf /")
    assert page.went_well
    assert page.text("stderr").startswith("%%bash does not work in the page")


def test_a_question_mark_asks_for_help(page):
    page.run("len?")
    assert "Return the number of items" in page.text()


@pytest.mark.parametrize(
    ("source", "modules"),
    [
        ("import numpy as np, os.path", ["numpy", "os.path"]),
        ("from a.b import c", ["a.b", "a.b.c"]),
        ("def f():\n    from sklearn import svm", ["sklearn", "sklearn.svm"]),
        ("%matplotlib inline\nimport numpy", ["numpy"]),
        ("import =", []),
        ("from . import x", []),
        ("from numpy import *", ["numpy"]),
        ("from a import b\nb.c.d()", ["a", "a.b", "a.b.c", "a.b.c.d"]),
        ("import json as known\nknown.loads", ["json", "json.loads"]),
        ("f(1).g", []),
    ],
)
def test_what_a_cell_needs_is_found_without_running_it(page, source, modules):
    assert page.kernel.needs(source) == modules


def test_what_a_cell_needs_of_a_module_that_an_earlier_one_imported(page):
    page.run("from coursekit import pages")
    assert page.kernel.needs("pages.style()") == ["coursekit.pages.style"]
