"""A real browser without a window, a profile of its own, and nothing to say."""

import shutil

from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

from coursekit.doctor import BROWSERS

_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


# A page without our scripts says nothing of it: then there is nothing to wait for.
_LAID = """
const { mode, laid } = document.documentElement.dataset;
return mode === undefined || laid === "all";
"""


class Browser(webdriver.Chrome):
    """A browser that gives a page only when all of it is laid out.

    Until then what is far from the screen has no text, as far as Selenium can tell.
    """

    def get(self, url):
        super().get(url)
        self._wait()

    def refresh(self):
        super().refresh()
        self._wait()

    def _wait(self):
        WebDriverWait(self, 20).until(lambda b: b.execute_script(_LAID))


def start(folder, *options):
    settings = webdriver.ChromeOptions()
    settings.binary_location = next(filter(None, map(shutil.which, BROWSERS)))
    for option in [*_QUIET, f"--user-data-dir={folder}", *options]:
        settings.add_argument(option)
    driver = shutil.which("chromedriver")
    service = webdriver.ChromeService(executable_path=driver)
    return Browser(options=settings, service=service)
