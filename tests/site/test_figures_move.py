"""Every figure of the built book, moved by slider, keyboard and pointer."""

import time

import pytest
from bs4 import BeautifulSoup
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from coursekit.book.layout import here
from coursekit.book.serve import served

from .browser import start
from .checking import pages

pytestmark = pytest.mark.browser


def _placed():
    """Pages that have figures, with the identifier of each."""
    folder = here().html
    for path in pages(folder) if (folder / "index.html").is_file() else []:
        html = path.read_text(encoding="utf-8")
        if 'class="ck-figure"' not in html:
            continue
        for figure in BeautifulSoup(html, "html.parser").select(".ck-figure"):
            yield path.relative_to(folder).as_posix(), figure["id"], figure.name


PLACED = list(_placed())


@pytest.fixture(scope="module")
def address(site):
    with served(site) as url:
        yield url


class Figure:
    """One figure in an open page."""

    def __init__(self, browser, identifier):
        self.browser = browser
        self.root = browser.find_element(By.ID, identifier)
        WebDriverWait(browser, 10).until(lambda _: self.alive())

    def alive(self):
        script = "return Boolean(arguments[0].state)"
        return self.browser.execute_script(script, self.root)

    def all(self, selector):
        return self.root.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.root.find_element(By.CSS_SELECTOR, selector)

    def picture(self):
        script = "return arguments[0].querySelector('svg > g').innerHTML"
        return self.browser.execute_script(script, self.root)

    def state(self):
        return self.browser.execute_script("return arguments[0].state", self.root)

    def press(self, element, *keys):
        self.browser.execute_script(
            "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'});"
            "arguments[0].focus()",
            element,
        )
        element.send_keys(*keys)

    def changes(self, act):
        before = self.picture()
        act()
        return self.picture() != before


@pytest.fixture(params=PLACED, ids=[f"{page}:{name}" for page, _, name in PLACED])
def figure(request, chrome, address):
    page, identifier, _ = request.param
    chrome.set_window_size(390, 844)
    chrome.get(f"{address}/{page}")
    return Figure(chrome, identifier)


def test_the_book_has_figures():
    assert len({name for _, _, name in PLACED}) >= 4


def test_taking_over_changes_nothing_that_is_seen(figure, site):
    page = figure.browser.current_url.partition("//")[2].partition("/")[2]
    html = (site / page).read_text(encoding="utf-8")
    made = BeautifulSoup(html, "html.parser").find(id=figure.root.get_attribute("id"))
    made_texts = [text.get_text() for text in made.select("svg text")]
    texts = [text.get_attribute("textContent") for text in figure.all("svg text")]
    assert texts == made_texts
    said = made.select_one(".ck-figure-says").get_text()
    assert figure.one(".ck-figure-says").text == " ".join(said.split())
    assert figure.one("[role=status]").get_attribute("textContent") == ""


def test_every_slider_moves_the_picture_by_keyboard(figure):
    for slider in figure.all("input[type=range]"):
        name = slider.get_attribute("data-name")
        ends = []
        for key in (Keys.HOME, Keys.END):
            figure.press(slider, key)
            ends.append((figure.picture(), figure.one(".ck-figure-says").text))
            value = float(slider.get_attribute("value"))
            assert figure.state()[name] == pytest.approx(value)
        assert ends[0] != ends[1], name
        read = figure.one(f".ck-read[data-name='{name}']").text
        assert slider.get_attribute("aria-valuetext") == read


def test_every_choice_moves_the_picture(figure):
    for tick in figure.all("input[type=checkbox], input[type=radio]:not(:checked)"):
        assert figure.changes(lambda tick=tick: figure.press(tick, Keys.SPACE))


def test_every_point_moves_by_keyboard_and_further_with_shift(figure):
    for handle in figure.all(".ck-handle"):
        name = handle.get_attribute("data-name")
        first = figure.state()[name]
        assert figure.changes(lambda h=handle: figure.press(h, Keys.ARROW_RIGHT))
        near = figure.state()[name]
        figure.press(handle, Keys.SHIFT + Keys.ARROW_LEFT)
        far = figure.state()[name]
        assert near[0] > first[0] > far[0]
        assert near[0] - far[0] == pytest.approx(5 * (near[0] - first[0]), abs=1e-3)
        figure.press(handle, Keys.ARROW_DOWN)
        assert figure.state()[name][1] < first[1]


def test_every_point_follows_the_pointer(figure):
    handles = figure.all(".ck-handle")
    for handle in handles[:3]:
        name = handle.get_attribute("data-name")
        first = figure.state()[name]
        figure.press(handle, Keys.NULL)
        place = handle.rect
        drag = ActionChains(figure.browser, duration=20).click_and_hold(handle)
        drag.move_by_offset(24, 16).release().perform()
        moved = figure.state()[name]
        assert moved[0] > first[0]
        assert moved[1] < first[1]
        # It stays under the pointer, to half a step and a pixel.
        assert handle.rect["x"] - place["x"] == pytest.approx(24, abs=6)
        assert handle.rect["y"] - place["y"] == pytest.approx(16, abs=6)


def test_a_point_that_is_held_at_its_rim_does_not_jump(figure):
    for handle in figure.all(".ck-handle")[:1]:
        name = handle.get_attribute("data-name")
        first = figure.state()[name]
        figure.press(handle, Keys.NULL)
        hold = ActionChains(figure.browser, duration=20)
        hold.move_to_element_with_offset(handle, 14, -10).click_and_hold()
        hold.move_by_offset(1, 0).release().perform()
        assert figure.state()[name] == pytest.approx(first, abs=0.1)


def test_only_a_handle_takes_the_finger_from_the_page(figure):
    touch = "return getComputedStyle(arguments[0]).touchAction"
    for handle in figure.all(".ck-handle"):
        assert figure.browser.execute_script(touch, handle) == "none"
    assert figure.browser.execute_script(touch, figure.one("svg")) == "auto"


def test_targets_are_large_enough(figure):
    for target in figure.all("button, input[type=range], .ck-handle, label:has(input)"):
        assert target.rect["height"] >= 44
        assert target.rect["width"] >= 44


def test_letters_are_legible_on_a_phone(figure):
    heights = figure.browser.execute_script(
        "const svg = arguments[0].querySelector('svg');"
        "const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;"
        "return [...svg.querySelectorAll('text')].map("
        "  text => parseFloat(getComputedStyle(text).fontSize) * scale)",
        figure.root,
    )
    assert min(heights) >= 11


def test_no_letter_is_cut_off_on_a_phone(figure):
    outside = figure.browser.execute_script(
        "const box = arguments[0].querySelector('svg').getBoundingClientRect();"
        "return [...arguments[0].querySelectorAll('svg text')].filter(text => {"
        "  const { left, right, top, bottom } = text.getBoundingClientRect();"
        "  return left < box.left - 1 || right > box.right + 1"
        "    || top < box.top - 3 || bottom > box.bottom + 3;"
        "}).map(text => text.textContent)",
        figure.root,
    )
    assert outside == []


def test_reset_brings_the_first_picture_back(figure):
    first = figure.picture()
    for control in figure.all("input[type=range]"):
        figure.press(control, Keys.END)
    for handle in figure.all(".ck-handle"):
        figure.press(handle, Keys.END)
    figure.press(figure.one("[data-do=reset]"), Keys.ENTER)
    assert figure.picture() == first


def test_steps_go_on_back_and_play_until_paused(figure):
    if not figure.all("[data-do=next]"):
        return
    following, back = figure.one("[data-do=next]"), figure.one("[data-do=back]")
    assert figure.changes(lambda: figure.press(following, Keys.ENTER))
    assert figure.state()["step"] == 1
    assert figure.changes(lambda: figure.press(back, Keys.ENTER))
    assert back.get_attribute("aria-disabled") == "true"
    play = figure.one("[data-do=play]")
    figure.press(play, Keys.ENTER)
    assert play.text == "Pause"
    WebDriverWait(figure.browser, 10).until(lambda _: figure.state()["step"] >= 2)
    figure.press(play, Keys.ENTER)
    stopped = figure.state()["step"]
    time.sleep(1.5)
    assert play.text == "Play"
    assert figure.state()["step"] == stopped


def test_what_changed_is_announced_once_it_settles(figure):
    controls = figure.all("input[type=range], .ck-handle, [data-do=next]")
    figure.browser.execute_script(
        "window.heard = [];"
        "new MutationObserver(() => heard.push(1)).observe("
        "  arguments[0].querySelector('[role=status]'), { childList: true })",
        figure.root,
    )
    key = Keys.ENTER if controls[0].tag_name == "button" else Keys.ARROW_RIGHT
    figure.press(controls[0], *[key] * 4)
    assert figure.browser.execute_script("return heard.length") == 0
    time.sleep(1)
    assert figure.browser.execute_script("return heard.length") == 1
    status = figure.one("[role=status]").get_attribute("textContent")
    assert " ".join(status.split()) == figure.one(".ck-figure-says").text


def test_with_reduced_motion_nothing_moves_by_itself(figure):
    media = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    emulate = "Emulation.setEmulatedMedia"
    figure.browser.execute_cdp_cmd(emulate, {"features": media})
    try:
        before = figure.picture()
        time.sleep(1.5)
        assert figure.picture() == before
        for step in figure.all("[data-do=next]"):
            assert figure.changes(lambda step=step: figure.press(step, Keys.ENTER))
    finally:
        figure.browser.execute_cdp_cmd(emulate, {"features": []})


def test_without_scripts_a_picture_and_words_stand_there(site, address, tmp_path):
    browser = start(tmp_path / "profile", "--blink-settings=scriptEnabled=false")
    try:
        for page, identifier, _ in PLACED:
            browser.get(f"{address}/{page}")
            root = browser.find_element(By.ID, identifier)
            for shown in ("svg", ".ck-figure-says", ".ck-instead"):
                assert root.find_element(By.CSS_SELECTOR, shown).is_displayed(), shown
            assert len(root.find_element(By.CSS_SELECTOR, ".ck-instead").text) > 20
            for dead in root.find_elements(
                By.CSS_SELECTOR, "input, button, .ck-handle"
            ):
                assert not dead.is_displayed()
    finally:
        browser.quit()


def test_figures_also_move_from_the_file_system(site, chrome):
    page, identifier, _ = PLACED[0]
    chrome.get((site / page).as_uri())
    figure = Figure(chrome, identifier)
    control = figure.all("input[type=range], [data-do=next]")[0]
    key = Keys.ENTER if control.tag_name == "button" else Keys.END
    assert figure.changes(lambda: figure.press(control, key))
