"""What a reader does on a page, in a real browser."""

import shutil

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

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


@pytest.fixture(scope="module")
def chrome(tmp_path_factory):
    browser = start(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.quit()


@pytest.fixture
def page(chrome, address):
    chrome.set_window_size(390, 844)
    chrome.get(f"{address}/{PAGE}")
    chrome.execute_script("localStorage.clear()")
    chrome.refresh()
    return chrome


def one(page, selector):
    return page.find_element(By.CSS_SELECTOR, selector)


def press(page, selector, key):
    element = one(page, selector)
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.send_keys(key)


def read_out(page):
    return one(page, "loss-surface .read-out").text


def test_the_live_figure_moves_by_slider_keyboard_and_pointer(page):
    wait = WebDriverWait(page, 10)
    wait.until(lambda _: page.find_elements(By.CSS_SELECTOR, ".start"))
    before = read_out(page)
    press(page, "loss-surface input", Keys.END)
    assert "diverges" in read_out(page)
    press(page, "loss-surface input", Keys.HOME)
    slow = read_out(page)
    assert slow != before
    start_point = one(page, "loss-surface .start")
    start_point.send_keys(Keys.ARROW_RIGHT)
    moved = read_out(page)
    assert moved != slow
    drag = webdriver.ActionChains(page).click_and_hold(start_point)
    drag.move_by_offset(40, 10).release().perform()
    assert read_out(page) != moved
    for slider in page.find_elements(By.CSS_SELECTOR, "loss-surface input"):
        label = one(page, f"label[for='{slider.get_attribute('id')}']")
        assert label.text


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
    finally:
        browser.quit()
