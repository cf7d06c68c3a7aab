"""The built site on a phone."""

import pytest
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By

from coursekit.book.serve import served

from .browser import start
from .checking import TOO_WIDE, pages

pytestmark = pytest.mark.browser
_DRAWN_AT = "return parseFloat(arguments[0].style.getPropertyValue('--ck-w'))"
_CENTRED = "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})"


@pytest.fixture
def browser(tmp_path):
    driver = start(tmp_path / "profile")
    try:
        driver.set_window_size(390, 844)
        yield driver
    finally:
        driver.quit()


def test_no_page_scrolls_sideways_on_a_phone(site, browser):
    with served(site) as address:
        wide = []
        for path in pages(site):
            name = path.relative_to(site).as_posix()
            browser.get(f"{address}/{name}")
            if browser.execute_script(TOO_WIDE) > 0:
                wide.append(name)
        assert wide == []


class Picture:
    """The first picture of a page that a phone shrinks."""

    def __init__(self, browser):
        self.browser = browser
        self.place = browser.find_element(By.CSS_SELECTOR, ".ck-picture")
        self.image = self.place.find_element(By.TAG_NAME, "img")
        self.button = browser.find_element(By.CSS_SELECTOR, ".ck-picture + .ck-enlarge")
        self.drawn_at = browser.execute_script(_DRAWN_AT, self.image)
        browser.execute_script(_CENTRED, self.place)

    @property
    def width(self):
        return self.image.rect["width"]

    @property
    def whole(self):
        return self.width <= self.browser.execute_script("return innerWidth")

    @property
    def large(self):
        return self.width == self.drawn_at


def test_a_wide_picture_is_whole_on_a_phone_and_grows_where_it_is_tapped(site, browser):
    with served(site) as address:
        browser.get(f"{address}/mathematics/gradient-descent.html")
        picture = Picture(browser)
        assert picture.drawn_at > 420
        assert picture.whole
        picture.image.click()  # in its middle, which then stands in the middle
        assert picture.large
        assert picture.button.get_attribute("aria-pressed") == "true"
        middle = (picture.place.rect["width"], picture.drawn_at)
        scrolled = picture.place.get_property("scrollLeft")
        assert scrolled == pytest.approx((middle[1] - middle[0]) / 2, abs=20)
        assert browser.execute_script(TOO_WIDE) <= 0
        picture.image.click()
        assert picture.whole


def test_the_keyboard_enlarges_a_picture_and_shrinks_it_again(site, browser):
    with served(site) as address:
        browser.get(f"{address}/mathematics/gradient-descent.html")
        picture = Picture(browser)
        assert picture.button.accessible_name == "Enlarge the figure"
        picture.button.send_keys(Keys.ENTER)
        assert picture.large
        assert picture.place.get_property("scrollLeft") == 0
        picture.button.send_keys(Keys.SPACE)
        assert picture.whole
        assert picture.button.get_attribute("aria-pressed") == "false"


def test_a_wide_screen_has_nothing_to_enlarge(site, browser):
    browser.set_window_size(1280, 900)
    with served(site) as address:
        browser.get(f"{address}/mathematics/gradient-descent.html")
        picture = Picture(browser)
        before = picture.width
        picture.image.click()
        assert picture.width == before
        assert not picture.button.is_displayed()
