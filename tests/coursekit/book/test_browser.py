"""What a reader does on a page, in a real browser."""

import shutil

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

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


def verdict(page, name):
    return one(page, f"#{name} .ck-verdict").text


def press(page, selector, key):
    element = one(page, selector)
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.send_keys(key)


def test_a_wrong_answer_says_why_and_a_right_one_says_all(page):
    press(page, "#alpha-quiz-3", Keys.SPACE)
    press(page, "#quiz-alpha-quiz button", Keys.ENTER)
    assert verdict(page, "quiz-alpha-quiz").startswith("Not so")
    assert one(page, "#quiz-alpha-quiz [data-number='3'] .ck-why").is_displayed()
    assert not one(page, "#quiz-alpha-quiz [data-number='1'] .ck-why").is_displayed()
    for number in (3, 1, 2):
        press(page, f"#alpha-quiz-{number}", Keys.SPACE)
    press(page, "#quiz-alpha-quiz button", Keys.ENTER)
    assert verdict(page, "quiz-alpha-quiz") == "Right."
    assert one(page, "#quiz-alpha-quiz [data-number='1'] .ck-why").is_displayed()


def test_half_of_a_right_answer_is_said_to_be_half(page):
    press(page, "#alpha-quiz-1", Keys.SPACE)
    press(page, "#quiz-alpha-quiz button", Keys.ENTER)
    assert "not all of it" in verdict(page, "quiz-alpha-quiz")


def test_no_answer_is_asked_for_one(page):
    press(page, "#quiz-alpha-quiz button", Keys.ENTER)
    assert verdict(page, "quiz-alpha-quiz") == "Pick an option first."


def test_a_prediction_is_kept_over_a_reload_and_looked_back_at(page):
    assert "earlier on this page" in one(page, ".ck-picked").text
    press(page, "#alpha-step-1", Keys.SPACE)
    press(page, "#predict-alpha-step button", Keys.ENTER)
    page.refresh()
    assert one(page, "#alpha-step-1").is_selected()
    assert one(page, ".ck-picked").text == "You predicted: 1. It turned out otherwise."


def test_a_phone_does_not_scroll_sideways(page):
    width = "return document.documentElement.scrollWidth - innerWidth"
    assert page.execute_script(width) <= 0


def test_nothing_is_asked_of_another_server(page, address):
    names = page.execute_script("return performance.getEntries().map(e => e.name)")
    urls = [name for name in names if "//" in name]
    assert len(urls) > 3
    assert [url for url in urls if not url.startswith(address)] == []


def test_without_scripts_reasons_unfold_and_no_dead_button_shows(tmp_path, address):
    browser = start(tmp_path / "profile", "--blink-settings=scriptEnabled=false")
    try:
        browser.get(f"{address}/{PAGE}")
        assert not one(browser, "#quiz-alpha-quiz button").is_displayed()
        reason = one(browser, "#quiz-alpha-quiz details")
        assert reason.is_displayed()
        one(browser, "#quiz-alpha-quiz details summary").click()
        assert one(browser, "#quiz-alpha-quiz .ck-why").is_displayed()
        assert "Move the start" in one(browser, "loss-surface").text
        assert one(browser, "loss-surface svg").is_displayed()
    finally:
        browser.quit()
