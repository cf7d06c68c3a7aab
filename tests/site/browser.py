"""A real browser without a window, a profile of its own, and nothing to say."""

import shutil

from selenium import webdriver

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


def start(folder, *options):
    settings = webdriver.ChromeOptions()
    settings.binary_location = next(filter(None, map(shutil.which, BROWSERS)))
    for option in [*_QUIET, f"--user-data-dir={folder}", *options]:
        settings.add_argument(option)
    driver = shutil.which("chromedriver")
    service = webdriver.ChromeService(executable_path=driver)
    return webdriver.Chrome(options=settings, service=service)
