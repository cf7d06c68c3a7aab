"""What a reader does on a page, in a real browser."""

import shutil

import pytest
from selenium.webdriver.common.by import By

from coursekit.book.build import build
from coursekit.book.layout import Layout
from coursekit.book.serve import served

from ...site.browser import start  # noqa: TID252

pytestmark = pytest.mark.browser
PAGE = "alpha/first-page.html"


@pytest.fixture(scope="module")
def address(executed, tmp_path_factory):
    layout = Layout(tmp_path_factory.mktemp("browsed") / "book")
    shutil.copytree(executed.root, layout.root)
    assert build(layout).faults == []
    with served(layout.html) as url:
        yield url


@pytest.fixture
def page(chrome, address):
    chrome.set_window_size(390, 844)
    chrome.get(f"{address}/{PAGE}")
    chrome.execute_script("localStorage.clear()")
    chrome.refresh()
    return chrome


def one(page, selector):
    return page.find_element(By.CSS_SELECTOR, selector)


def test_a_phone_does_not_scroll_sideways(page):
    width = "return document.documentElement.scrollWidth - innerWidth"
    assert page.execute_script(width) <= 0


def test_nothing_is_asked_of_another_server(page, address):
    names = page.execute_script("return performance.getEntries().map(e => e.name)")
    urls = [name for name in names if "//" in name]
    assert len(urls) > 3
    assert [url for url in urls if not url.startswith(address)] == []


def test_without_scripts_a_figure_says_what_to_do_instead(tmp_path, address):
    browser = start(tmp_path / "profile", "--blink-settings=scriptEnabled=false")
    try:
        browser.get(f"{address}/{PAGE}")
        assert "Move the start" in one(browser, "loss-surface").text
        assert one(browser, "loss-surface svg").is_displayed()
    finally:
        browser.quit()
