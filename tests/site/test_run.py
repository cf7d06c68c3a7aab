"""Cells that run in the page, pressed and typed as a reader would."""

import http.server
import threading
import time
from contextlib import contextmanager
from functools import partial

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from .browser import start
from .checking import TOO_WIDE

pytestmark = pytest.mark.browser
PAGE = "mathematics/gradient-descent.html"
PATIENCE = 120  # seconds; a condition that comes true ends the wait


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the site below /book/, notes what is asked for, and can fail."""

    extensions_map = {  # noqa: RUF012 (as in the base class)
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append(self.path)
        fault = next((f for p, f in self.server.faults.items() if p in self.path), None)
        if fault == "missing":
            return self.send_error(404)
        if fault == "half":
            return self.break_off()
        self.path = self.path.removeprefix("/book")
        return super().do_GET()

    def break_off(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.wfile.write(b"x" * 1000)
        self.close_connection = True


@contextmanager
def server(site):
    handler = partial(Handler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as made:
        made.asked, made.faults, made.daemon_threads = [], {}, True
        made.address = f"http://127.0.0.1:{made.server_port}/book"
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A browser that finds no other server than ours."""
    only_here = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    made = start(tmp_path_factory.mktemp("profile"), only_here)
    made.set_window_size(1280, 900)
    yield made
    made.quit()


@pytest.fixture(scope="module")
def web(site):
    """A server for all tests whose Python may be fetched once."""
    if not (site / "_run" / "manifest.json").is_file():
        pytest.fail("the site was built without _run: pages cannot run in it")
    with server(site) as made:
        yield made


class Page:
    """The page as a reader sees and uses it; cells count from one."""

    def __init__(self, browser, address, page=PAGE):
        self.browser = browser
        browser.get(f"{address}/{page}")
        self.ready()

    def ready(self):
        self.wait("document.documentElement.dataset.cells === 'ready'")

    def js(self, code, *arguments):
        return self.browser.execute_script(code, *arguments)

    def wait(self, condition):
        end = time.monotonic() + PATIENCE
        while not self.js(f"return Boolean({condition})"):
            assert time.monotonic() < end, f"never came true: {condition}"
            time.sleep(0.02)  # between two looks at a condition

    def cell(self, number):
        return f"document.querySelectorAll('.ck-cell')[{number - 1}]"

    def find(self, number, selector):
        return self.js(
            f"return {self.cell(number)}.querySelector(arguments[0])", selector
        )

    def text(self, number, selector=".ck-my-run"):
        return self.js(
            f"return {self.cell(number)}.querySelector(arguments[0])?.innerText ?? ''",
            selector,
        )

    def press(self, number, act):
        self.js("arguments[0].click()", self.find(number, f'[data-act="{act}"]'))

    def answer(self, number, words):
        """Press a button of the sentence below a cell's bar."""
        self.wait(f"{self.cell(number)}.querySelector('.ck-note button')")
        for button in self.js(
            f"return [...{self.cell(number)}.querySelectorAll('.ck-note button')]"
        ):
            if button.text == words:
                return self.js("arguments[0].click()", button)
        raise AssertionError(
            f"{words!r} is not offered: {self.text(number, '.ck-note')}"
        )

    def state(self, number):
        return self.js(f"return {self.cell(number)}.dataset.state")

    def ended(self, number):
        at = f"{self.cell(number)}.dataset.state"
        self.wait(f"['done', 'error', 'idle'].includes({at})")
        return self.state(number)

    def run(self, number):
        self.press(number, "run")
        return self.ended(number)

    def write(self, number, source):
        if self.find(number, "textarea") is None:
            self.press(number, "edit")
        self.js(
            "const [field, text] = arguments; field.value = text;"
            "field.dispatchEvent(new Event('input'))",
            self.find(number, "textarea"),
            source,
        )


@pytest.fixture
def page(browser, web):
    browser.set_window_size(1280, 900)
    made = Page(browser, web.address)
    made.js("localStorage.clear()")
    return Page(browser, web.address)


def test_nothing_of_python_is_fetched_before_the_first_press(browser, site):
    with server(site) as fresh:
        page = Page(browser, fresh.address)
        page.press(3, "edit")
        page.wait(f"{page.cell(3)}.querySelector('textarea')")
        early = [
            p for p in fresh.asked if "/_run/" in p or "worker" in p or "sw.js" in p
        ]
        assert early == []
        assert any(path.endswith("cells.js") for path in fresh.asked)


def test_a_cell_is_run_edited_broken_and_mended(page):
    assert page.state(3) is None
    assert page.text(3, ".ck-state") == "not run"
    assert page.run(3) == "done"
    page.write(3, "print('six times seven:', 6 * 7)\n6 * 7")
    assert page.state(3) == "stale"
    assert page.run(3) == "done"
    assert "".join(page.text(3).split()) == "Yourrunsixtimesseven:4242"
    page.write(3, "x = 1\nx / 0")
    assert page.run(3) == "error"
    assert "cell 3, line 2" in page.text(3)
    assert "ZeroDivisionError: division by zero" in page.text(3)
    page.write(3, "2 + 2")
    assert page.run(3) == "done"
    assert page.text(3).split() == ["Your", "run", "4"]


def test_an_outcome_is_announced(page):
    page.write(3, "undefined_thing")
    page.run(3)
    said = "document.querySelector('.ck-heard[role=status]').textContent"
    page.wait(f"{said}.includes('NameError')")


def test_an_endless_loop_is_stopped_and_the_cells_above_run_again(page):
    page.write(1, "a = 20")
    page.write(2, "b = 22")
    page.write(3, "while True: pass")
    page.run(1)
    page.run(2)
    page.press(3, "run")
    page.wait(f"{page.cell(3)}.dataset.state === 'running'")
    page.press(3, "stop")
    assert page.ended(3) == "idle"
    assert page.text(3, ".ck-note").startswith("Stopped.")
    assert page.state(1) == "idle"
    page.answer(3, "Run the cells above again")
    page.wait(f"{page.cell(2)}.dataset.state === 'done'")
    page.write(3, "a + b")
    assert page.run(3) == "done"
    assert page.text(3).split() == ["Your", "run", "42"]


def test_a_name_from_a_cell_above_offers_to_run_it(page):
    page.write(1, "value = 7")
    page.write(2, "value * 6")
    assert page.run(2) == "error"
    page.answer(2, "Run all above")
    page.wait(f"{page.cell(2)}.dataset.state === 'done'")
    assert page.text(2).split() == ["Your", "run", "42"]


def test_an_edit_outlives_a_reload_and_reset_can_be_undone(page):
    original = page.text(3, ".cell_input pre")
    page.write(3, "print('mine')")
    page.browser.refresh()
    page.ready()
    assert page.text(3, ".cell_input pre") == "print('mine')"
    page.run(3)
    page.press(3, "reset")
    assert page.text(3, ".cell_input pre") == original
    assert page.find(3, ".ck-my-run") is None
    page.answer(3, "Undo")
    assert page.text(3, ".cell_input pre") == "print('mine')"
    assert "mine" in page.text(3)
    page.press(3, "reset")
    page.browser.refresh()
    page.ready()
    assert page.text(3, ".cell_input pre") == original


def test_reset_brings_the_books_output_back(page):
    books = page.text(5, ".cell_output")
    assert books
    page.write(5, "'mine'")
    page.run(5)
    assert not page.find(5, ".cell_output").is_displayed()
    page.press(5, "reset")
    assert page.text(5, ".cell_output") == books


def test_an_edit_of_a_cell_that_changed_since_is_kept_and_both_are_offered(page):
    page.write(3, "print('mine')")
    page.js(
        "course.store.update(all => {"
        " for (const one of Object.values(all.edits)) one[arguments[0]].of = 'old'; })",
        page.js(f"return {page.cell(3)}.dataset.cell"),
    )
    page.browser.refresh()
    page.ready()
    assert page.text(3, ".cell_input pre").startswith("def walk(")
    assert "has changed since" in page.text(3, ".ck-note")
    page.answer(3, "Use my edit")
    assert page.text(3, ".cell_input pre") == "print('mine')"


def test_the_keyboard_alone_is_enough(page):
    page.js("arguments[0].focus()", page.find(3, '[data-act="run"]'))
    keys = ActionChains(page.browser)
    keys.send_keys(Keys.TAB, Keys.ENTER).perform()  # to Edit, and press it
    page.wait("document.activeElement.tagName === 'TEXTAREA'")
    keys = ActionChains(page.browser).key_down(Keys.CONTROL).send_keys("a")
    keys.key_up(Keys.CONTROL).send_keys("if True:", Keys.ENTER, "print('typed')")
    keys.send_keys(Keys.ENTER, Keys.TAB, "pass").perform()
    written = page.js("return document.activeElement.value")
    assert written == "if True:\n    print('typed')\n        pass"
    ActionChains(page.browser).send_keys(Keys.ESCAPE, Keys.TAB).perform()
    assert page.js("return document.activeElement.dataset.act") == "run"
    page.write(3, "print('by keyboard')")
    page.js("arguments[0].focus()", page.find(3, "textarea"))
    chain = ActionChains(page.browser).key_down(Keys.CONTROL).send_keys(Keys.ENTER)
    chain.key_up(Keys.CONTROL).perform()
    assert page.ended(3) == "done"
    assert "by keyboard" in page.text(3)


def test_a_cell_that_prints_for_ever_leaves_the_page_usable(page):
    page.write(3, "while True: print('for ever')")
    page.press(3, "run")
    page.wait(f"{page.cell(3)}.innerText.includes('more than 200 kB')")
    page.press(3, "stop")
    assert page.ended(3) == "idle"
    assert page.js(f"return {page.cell(3)}.textContent.length") < 250_000


def test_html_of_a_cell_can_neither_run_nor_fetch(page, web):
    page.write(
        3,
        "from IPython.display import HTML\n"
        'HTML(\'<table><td onclick="boom=1" style="color: red">kept</td></table>'
        "<script>boom=1</script><img src=x onerror=boom=1>"
        '<img src="http://127.0.0.1:1/remote.png"><style>body {display: none}</style>'
        '<a href="javascript:boom=1">link</a><iframe src="/"></iframe>\')',
    )
    assert page.run(3) == "done"
    assert page.text(3).split() == ["Your", "run", "kept", "link"]
    inside = page.js(f"return {page.cell(3)}.querySelector('.ck-outputs').innerHTML")
    assert "color: red" in inside
    for bad in (
        "script",
        "onclick",
        "onerror",
        "<img",
        "iframe",
        "javascript",
        "display",
    ):
        assert bad not in inside
    assert page.js("return typeof boom") == "undefined"


def test_figures_and_tables_fit_a_phone_and_say_what_they_show(page):
    page.browser.set_window_size(390, 844)
    for number in range(1, 7):
        assert page.run(number) == "done", page.text(number)
    picture = page.find(4, ".ck-my-run img")
    assert picture.get_attribute("alt").startswith("Contours of a narrow bowl")
    assert page.find(5, ".ck-my-run table") is not None
    assert page.js(TOO_WIDE) <= 0
    small = page.js(
        "return [...document.querySelectorAll('.ck-bar button, .ck-bar summary')]"
        ".filter(one => one.offsetParent)"
        ".filter(one => one.offsetHeight < 44 || one.offsetWidth < 44).length"
    )
    assert small == 0


def test_the_field_is_large_enough_that_a_phone_does_not_zoom(page):
    page.browser.set_window_size(390, 844)
    page.press(3, "edit")
    size = "return parseFloat(getComputedStyle(arguments[0]).fontSize)"
    assert page.js(size, page.find(3, "textarea")) >= 16


def test_what_was_fetched_once_runs_without_a_network(browser, site):
    with server(site) as fresh:
        page = Page(browser, fresh.address)
        assert page.run(3) == "done"
        page.browser.refresh()
        page.ready()
    browser.refresh()  # the server is gone
    page.ready()
    page.write(3, "'without a network'")
    assert page.run(3) == "done"
    assert "without a network" in page.text(3)


def test_a_site_without_the_runtime_says_so(browser, site):
    with server(site) as fresh:
        fresh.faults["/_run/"] = "missing"
        page = Page(browser, fresh.address)
        assert page.run(3) == "idle"
        assert "came without the files that run code" in page.text(3, ".ck-note")


@pytest.mark.parametrize("lost", ["python_stdlib.zip", "numpy-"])
def test_a_network_lost_half_way_is_said_and_can_be_tried_again(browser, site, lost):
    with server(site) as fresh:
        fresh.faults[lost] = "half"
        page = Page(browser, fresh.address)
        page.write(3, "import numpy\nint(numpy.arange(3).sum())")
        assert page.run(3) == "idle"
        assert "network was lost" in page.text(3, ".ck-note")
        fresh.faults.clear()
        page.answer(3, "Run again")
        assert page.ended(3) == "done", page.text(3, ".ck-note")
        assert page.text(3).split() == ["Your", "run", "3"]


def test_a_page_opened_as_a_file_says_what_to_do(browser, site):
    browser.get((site / PAGE).as_uri())
    notice = "return document.querySelector('.ck-runs').innerText"
    assert "python -m http.server" in browser.execute_script(notice)
    shown = "return [...document.querySelectorAll('.ck-bar')].some(b => b.offsetParent)"
    assert not browser.execute_script(shown)


def test_a_page_that_does_not_run_here_says_why_and_where_it_does(browser, web):
    browser.get(f"{web.address}/mlops/drift.html")
    notice = browser.execute_script(
        "return document.querySelector('.ck-runs').innerText"
    )
    assert "it needs evidently" in notice
    assert "Colab" in notice
    assert browser.execute_script("return document.querySelector('.ck-bar')") is None


def test_no_other_server_was_asked_for_anything(browser, page):
    page.run(3)
    log = [entry["message"] for entry in browser.get_log("browser")]
    assert [line for line in log if "NAME_NOT_RESOLVED" in line] == []
