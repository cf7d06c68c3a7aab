"""The frame in a real browser: drawer, theme, keyboard, search; all without scripts."""

import io
import re

import pytest
from PIL import Image
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from coursekit import pages
from coursekit.book.serve import served

from .browser import start
from .checking import page as soup
from .checking import pages as all_pages
from .measuring import show_as

pytestmark = pytest.mark.browser
CHAPTER = "mathematics/gradient-descent.html"
# How many sections, and entries of the library, are not laid out.
_NOT_LAID = """
return [...document.querySelectorAll(".ck-article section, .ck-article dl.py")]
  .filter((part) => getComputedStyle(part).contentVisibility !== "visible").length
"""
# Notes that when the page has been read.
_COUNT = f"""
addEventListener("DOMContentLoaded", () => {{
  window.notLaidAtFirst = (() => {{ {_NOT_LAID} }})();
}});
"""
# Notes the theme at the moment at which there is something to paint.
_WATCH = """
new MutationObserver((_, watch) => {
  if (!document.body) return;
  window.themeAtFirst = document.documentElement.dataset.theme;
  watch.disconnect();
}).observe(document, { childList: true, subtree: true });
"""


@pytest.fixture(scope="module")
def address(site):
    """The site below a path, as a project's pages are."""
    with served(site.parent) as url:
        yield f"{url}/{site.name}"


@pytest.fixture(scope="module")
def chrome(tmp_path_factory):
    browser = start(tmp_path_factory.mktemp("profile"))
    for source in (_COUNT, _WATCH):
        told = {"source": source}
        browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", told)
    yield browser
    browser.quit()


@pytest.fixture
def fresh(chrome, address):
    """A browser that keeps nothing, at a chapter."""

    def opened(width=390, theme="light", name=CHAPTER):
        show_as(chrome, width, theme)
        chrome.get(f"{address}/{name}")
        chrome.execute_script("localStorage.clear()")
        chrome.refresh()
        return chrome

    return opened


@pytest.fixture
def scriptless(tmp_path, address):
    browser = start(tmp_path / "profile", "--blink-settings=scriptEnabled=false")
    show_as(browser, 390, "light")
    yield browser
    browser.quit()


def one(browser, selector):
    return browser.find_element(By.CSS_SELECTOR, selector)


def press(browser, *keys):
    for key in keys:
        browser.switch_to.active_element.send_keys(key)


def named(browser):
    """What has the focus, by its name."""
    element = browser.switch_to.active_element
    return (element.accessible_name or element.text).strip()


def test_the_drawer_opens_and_escape_gives_the_focus_back(fresh):
    browser = fresh()
    book, menu = one(browser, "#book"), one(browser, ".ck-menu")
    assert not book.is_displayed()
    menu.send_keys(Keys.ENTER)
    assert book.is_displayed()
    assert one(browser, "#book [aria-current]").is_displayed()
    press(browser, Keys.TAB)
    assert named(browser) == "Close the contents"
    press(browser, Keys.ESCAPE)
    assert not book.is_displayed()
    assert browser.switch_to.active_element == menu


def test_the_drawer_works_without_scripts(scriptless, address):
    scriptless.get(f"{address}/{CHAPTER}")
    one(scriptless, ".ck-menu").click()
    assert one(scriptless, "#book").is_displayed()
    one(scriptless, "#book details:first-of-type summary").click()
    one(scriptless, "#book details:first-of-type a").click()
    assert scriptless.current_url.endswith("/orientation/index.html")


def test_no_control_is_dead_without_scripts(scriptless, address):
    scriptless.get(f"{address}/{CHAPTER}")
    assert not one(scriptless, ".ck-theme").is_displayed()
    scriptless.get(f"{address}/search.html")
    assert not one(scriptless, ".ck-ask").is_displayed()
    text = one(scriptless, "main").text
    assert "Searching needs scripts" in text
    assert one(scriptless, "noscript a").is_displayed()


def test_dark_is_dark_without_scripts(scriptless, address):
    paper = {}
    for theme in ("light", "dark"):
        show_as(scriptless, 390, theme)
        scriptless.get(f"{address}/{CHAPTER}")
        body = one(scriptless, "body")
        paper[theme] = body.value_of_css_property("background-color")
    assert re.findall(r"\d+", paper["light"])[:3] == ["255"] * 3
    assert all(int(part) < 40 for part in re.findall(r"\d+", paper["dark"])[:3])


def pixels(picture, grey):
    """How many of a picture's pixels are as grey as that, as it is seen."""
    with Image.open(io.BytesIO(picture.screenshot_as_png)) as shown:
        colours = shown.convert("RGB").getcolors(shown.width * shown.height)
    return sum(
        count for count, seen in colours if all(abs(part - grey) <= 1 for part in seen)
    )


@pytest.mark.parametrize("scripts", [True, False])
def test_text_in_pictures_is_lighter_in_the_dark(fresh, scriptless, address, scripts):
    browser = fresh() if scripts else scriptless
    ink = int(pages.INK[1:3], 16)
    lifted = 255 * (ink / 255) ** 0.75
    for theme, seen, other in (("light", ink, lifted), ("dark", lifted, ink)):
        show_as(browser, 1280, theme)
        browser.get(f"{address}/mathematics/derivatives.html")
        picture = one(browser, ".cell_output img")
        assert pixels(picture, seen) > 5 * pixels(picture, other), theme


def choose(browser, mode):
    option = one(browser, f".ck-theme option[value={mode}]")
    option.click()


def theme_of(browser):
    return one(browser, "html").get_attribute("data-theme")


def test_a_theme_that_was_chosen_stays_and_nothing_flashes(fresh):
    browser = fresh(theme="light")
    assert theme_of(browser) == "light"
    choose(browser, "dark")
    assert theme_of(browser) == "dark"
    browser.refresh()
    assert browser.execute_script("return window.themeAtFirst") == "dark"
    assert theme_of(browser) == "dark"
    assert one(browser, ".ck-theme select").get_attribute("value") == "dark"
    choose(browser, "auto")
    assert theme_of(browser) == "light"


def test_auto_follows_the_system(fresh):
    browser = fresh(theme="dark")
    assert theme_of(browser) == "dark"
    show_as(browser, 390, "light")
    WebDriverWait(browser, 5).until(lambda b: theme_of(b) == "light")


def test_the_keyboard_walks_through_header_and_book(fresh):
    browser = fresh(1280)
    walked = []
    for _ in range(7):
        one(browser, "body").send_keys(Keys.TAB) if not walked else press(
            browser, Keys.TAB
        )
        walked.append(named(browser))
    assert walked[0] == "Skip to the page"
    assert walked[1:3] == ["Machine Learning, Engineered", "Search the book"]
    assert walked[3].startswith("Review")
    assert walked[4] == "Theme"
    assert walked[5] == "Your progress"
    assert walked[6].startswith("Orientation")
    press(browser, Keys.ENTER)
    first = one(browser, "#book details")
    assert first.get_attribute("open") is not None
    press(browser, Keys.TAB)
    assert named(browser) == "Overview"


def test_what_has_the_focus_shows_it(fresh):
    browser = fresh(1280)
    one(browser, "body").send_keys(Keys.TAB)
    outline = browser.switch_to.active_element.value_of_css_property("outline-style")
    assert outline == "solid"


_SMALL = """
return [...document.querySelectorAll(
  ".ck-header :is(a, button, select, input), #book :is(summary, a), .ck-above a, "
  + ".ck-fold :is(summary, a), .ck-neighbours a, .ck-footer > a")]
  .filter((e) => e.checkVisibility())
  .map((e) => [e.textContent.trim().slice(0, 30), e.getBoundingClientRect()])
  .filter(([, box]) => box.height < 43.5 || box.width < 43.5)
  .map(([text, box]) => [text, box.width, box.height]);
"""


def test_a_finger_can_hit_everything_around_a_page(fresh):
    browser = fresh()
    one(browser, ".ck-fold summary").click()
    one(browser, ".ck-menu").click()
    assert browser.execute_script(_SMALL) == []


def test_what_scrolls_takes_the_focus_and_what_fits_does_not(fresh):
    browser = fresh(390)
    script = """
    return [...document.querySelectorAll(".ck-article .ck-scroll, .ck-article pre")]
      .map((e) => [e.scrollWidth > e.clientWidth + 1, e.tabIndex === 0]);
    """
    wait = WebDriverWait(browser, 5)
    wait.until(lambda b: any(not f for _, f in b.execute_script(script)))
    found = browser.execute_script(script)
    assert any(scrolls for scrolls, _ in found)
    assert [pair for pair in found if pair[0] and not pair[1]] == []


def results(browser):
    WebDriverWait(browser, 10).until(
        lambda b: one(b, ".ck-found").text not in ("", "Searching")
    )
    return [
        (link.text, link.get_attribute("href"))
        for link in browser.find_elements(By.CSS_SELECTOR, ".ck-results a")
    ]


def test_the_headers_field_searches_from_a_page_within(fresh, address):
    browser = fresh(1280)
    field = one(browser, "#ck-search")
    field.send_keys("learning rate", Keys.ENTER)
    found = results(browser)
    assert browser.current_url == f"{address}/search.html?q=learning+rate"
    assert any("(glossary)" in title for title, _ in found)
    assert any(title == "Gradient descent" for title, _ in found)
    assert str(len(found)) in one(browser, ".ck-found").text


def test_a_skill_is_found_and_its_result_leads_to_its_section(fresh, address):
    browser = fresh(1280, name="search.html?q=conditioning")
    found = dict(results(browser))
    skill = next(title for title in found if title.startswith("Gradient descent: "))
    browser.get(found[skill])
    assert browser.current_url.endswith("#skill-math-gradient-descent")
    assert one(browser, "#skill-math-gradient-descent")


@pytest.mark.parametrize("name", [CHAPTER, "reference/nn.html"])
def test_what_is_far_from_the_screen_is_laid_out_after_the_rest(chrome, address, name):
    show_as(chrome, 390, "light")
    chrome.get(f"{address}/{name}")
    assert chrome.execute_script("return notLaidAtFirst") > 5
    assert chrome.execute_script(_NOT_LAID) == 0


@pytest.mark.parametrize("width", [390, 1280])
def test_a_reload_comes_back_to_the_place_and_a_link_to_its_section(
    chrome, address, width
):
    show_as(chrome, width, "light")
    place = "return document.querySelector('#recap').getBoundingClientRect().top"
    chrome.get("about:blank")  # or else this is a jump within the page
    chrome.get(f"{address}/{CHAPTER}#recap")
    assert chrome.execute_script("return notLaidAtFirst") == 0  # a place is wanted
    there = chrome.execute_script(place)
    assert 0 < there < 300
    chrome.get(f"{address}/index.html")
    chrome.get(f"{address}/{CHAPTER}")
    down = "document.querySelector('#recap').scrollIntoView({behavior: 'instant'})"
    chrome.execute_script(down)
    before = chrome.execute_script(place)
    chrome.refresh()
    assert chrome.execute_script(place) == pytest.approx(before, abs=2)


def test_a_parameter_of_the_library_stands_apart_from_its_type(chrome, address):
    chrome.get(f"{address}/reference/forecast.html")
    between = chrome.execute_script(
        "return [...document.querySelectorAll('dt > strong + .classifier')]"
        ".map((kind) => getComputedStyle(kind, '::before').content)"
    )
    assert len(between) > 20
    assert set(between) == {'": "'}


def test_without_scripts_everything_is_laid_out(scriptless, address):
    scriptless.get(f"{address}/{CHAPTER}")
    assert scriptless.execute_script(_NOT_LAID) == 0


def test_what_is_not_there_is_said_not_to_be(fresh):
    browser = fresh(390, name="search.html?q=zzyzx%3Cqqqq%3E")
    assert results(browser) == []
    assert "Nothing was found for “zzyzx<qqqq>”" in one(browser, ".ck-found").text


def test_every_page_has_a_description_a_title_and_one_main_heading(site):
    lacking = []
    for path in all_pages(site):
        found = soup(path)
        about = found.select_one('meta[name="description"]')["content"]
        sound = 1 < len(about) <= 155 and found.title.get_text(strip=True)
        if not sound or len(found.select("article h1")) != 1:
            lacking.append(path.relative_to(site).as_posix())
    assert lacking == []


def test_no_page_has_an_empty_header_cell_or_a_permalink_without_a_name(site):
    for path in all_pages(site):
        found = soup(path)
        empty = [th for th in found.select("article th") if not th.get_text(strip=True)]
        assert empty == [], path
        links = found.select("article a.headerlink")
        assert all(link.get("aria-label", "").startswith("Link to ") for link in links)
