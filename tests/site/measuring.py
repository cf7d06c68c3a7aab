"""What a page costs and how it fares: bytes, requests, shift, axe, Lighthouse.

Shared by the tests, which hold bounds, and by `python -m benchmarks.site`, which writes
down the figures.
"""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selenium.webdriver.support.ui import WebDriverWait

from coursekit.doctor import BROWSERS
from coursekit.site import node

from . import site_tools

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver import Chrome

# Width in pixels and colour scheme: what every page is looked at in.
SETTINGS = tuple((width, theme) for width in (390, 1280) for theme in ("light", "dark"))
_HEIGHTS = {390: 844, 1280: 900}
_TEXT = (".html", ".css", ".js", ".mjs", ".json", ".svg", ".py", ".txt")


class _Gzipping(SimpleHTTPRequestHandler):
    """Serves as a static host does: text compressed, and kept by the browser."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def do_GET(self) -> None:
        """Send text compressed and anything else as it is."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if path.suffix not in _TEXT or not path.is_file():
            super().do_GET()
            return
        body = gzip.compress(path.read_bytes(), 6)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        """Let the browser keep what it has for ten minutes, as GitHub's pages do."""
        self.send_header("Cache-Control", "max-age=600")
        super().end_headers()


@contextmanager
def hosted(folder: Path) -> Iterator[str]:
    """Serve a folder as a static host would; give its address without a last slash."""
    handler = partial(_Gzipping, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def show_as(browser: Chrome, width: int, theme: str) -> None:
    """Give the browser a width and a colour scheme."""
    metrics = {"width": width, "height": _HEIGHTS[width], "deviceScaleFactor": 1}
    metrics["mobile"] = width < 600
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    feature = {"name": "prefers-color-scheme", "value": theme}
    still = {"name": "prefers-reduced-motion", "value": "reduce"}
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [feature, still]}
    )


@dataclass(frozen=True)
class Load:
    """What loading a page took.

    Attributes
    ----------
    bytes, picture_bytes
        Over the wire, all of it and the pictures' share; no browser cache.
    requests
        Number of files.
    shift
        Cumulative layout shift.
    elsewhere
        Addresses of other servers that were asked.
    errors
        What the browser's console says is wrong.
    """

    bytes: int
    picture_bytes: int
    requests: int
    shift: float
    elsewhere: list[str]
    errors: list[str]


_ENTRIES = """
return performance.getEntries()
  .filter((e) => e.entryType === "resource" || e.entryType === "navigation")
  .map((e) => [e.name, e.transferSize])
"""
# Shift is summed over everything that moved since the page began to load.
_SHIFT = """
const done = arguments[0];
let sum = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
}).observe({ type: "layout-shift", buffered: true });
requestAnimationFrame(() => setTimeout(() => done(sum), 100));
"""
_PICTURES = (".png", ".svg", ".jpg", ".webp", ".gif")


def load(browser: Chrome, address: str, width: int = 390, theme: str = "light") -> Load:
    """Load a page without a cache and say what it took."""
    show_as(browser, width, theme)
    browser.execute_cdp_cmd("Network.clearBrowserCache", {})
    browser.get_log("browser")  # what came before is not this page's
    browser.get(address)
    wait = WebDriverWait(browser, 20)
    wait.until(lambda b: b.execute_script("return document.readyState") == "complete")
    shift = browser.execute_async_script(_SHIFT)
    entries = browser.execute_script(_ENTRIES)
    origin = address[: address.index("/", 8)]
    return Load(
        bytes=sum(size for _, size in entries),
        picture_bytes=sum(s for name, s in entries if name.endswith(_PICTURES)),
        requests=len(entries),
        shift=shift,
        elsewhere=[name for name, _ in entries if not name.startswith(origin)],
        errors=[line["message"] for line in browser.get_log("browser")],
    )


_RUN_AXE = """
const done = arguments[0];
axe.run(document, { resultTypes: ["violations"], elementRef: false }).then(
  ({ violations }) => done(violations.map(({ id, nodes }) =>
    [id, nodes.length, nodes.slice(0, 3).map((n) => n.html.slice(0, 160))])),
  (error) => done([["axe failed", 1, [String(error)]]]),
);
"""


def violations(browser: Chrome, address: str, width: int, theme: str) -> list[str]:
    """Open a page in a setting and give what axe finds, a line for each rule."""
    show_as(browser, width, theme)
    browser.get(address)
    browser.execute_script(site_tools.AXE.read_text(encoding="utf-8"))
    browser.set_script_timeout(120)
    return [
        f"{rule} ({count}): {'; '.join(examples)}"
        for rule, count, examples in browser.execute_async_script(_RUN_AXE)
    ]


_FIRST_CELL = """
const done = arguments[0];
const cell = document.querySelector(".ck-cell:has([data-act=run])");
const begun = performance.now();
const ended = () => ["done", "error"].includes(cell.dataset.state);
const watch = new MutationObserver(() => {
  if (!ended()) return;
  watch.disconnect();
  done([(performance.now() - begun) / 1000, cell.dataset.state]);
});
const begin = () => {
  cell.dataset.state = "idle";
  watch.observe(cell, { attributes: true, attributeFilter: ["data-state"] });
  cell.querySelector("[data-act=run]").click();
};
if (document.documentElement.dataset.cells === "ready") begin();
else addEventListener("load", begin);
"""


def runs_here(path: Path) -> bool:
    """Say whether a built page has cells with a bar, of which the first can be run."""
    text = path.read_text(encoding="utf-8")
    return 'class="ck-bar' in text and 'data-kind="exercise"' not in text


def first_run(browser: Chrome, address: str) -> tuple[float, float]:
    """Run a page's first cell, and again: seconds from the click to its end.

    The browser's profile has to be a new one: what it has cached would not be fetched.
    """
    browser.get(address)
    wait = WebDriverWait(browser, 20)
    ready = "return document.documentElement.dataset.cells === 'ready'"
    wait.until(lambda b: b.execute_script(ready))
    browser.set_script_timeout(180)
    took = [browser.execute_async_script(_FIRST_CELL) for _ in range(2)]
    for _, state in took:
        if state != "done":
            raise RuntimeError(f"{address}: its first cell ended in {state!r}")
    return took[0][0], took[1][0]


def lighthouse(addresses: list[str], folder: Path) -> list[dict[str, Any]]:
    """Run Lighthouse's mobile profile on pages; scores in per cent by category."""
    folder.mkdir(exist_ok=True)
    script = str(site_tools.TOOLS / "lighthouse.mjs")
    tools = str(site_tools.FOLDER)
    browser = next(filter(None, map(shutil.which, BROWSERS)))
    command = [node.node_program(), script, tools, browser, str(folder), *addresses]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    if outcome.returncode:
        raise RuntimeError(f"Lighthouse failed: {outcome.stderr[-2000:]}")
    return [json.loads(line) for line in outcome.stdout.splitlines()]
