"""Questions, the review and the terms, as a reader meets them in a real browser."""

import json
from datetime import datetime, timedelta

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from coursekit.book.serve import served

from ...site.browser import start  # noqa: TID252
from .asking import build_book

pytestmark = pytest.mark.browser
PAGE = "alpha/first.html"
TODAY = datetime(2026, 11, 21, 10)  # where the browser is, which is here
_MOVED = """
const shifts = [];
new PerformanceObserver((list) => shifts.push(...list.getEntries()))
  .observe({type: "layout-shift", buffered: true});
const done = arguments[0];
setTimeout(() => done(shifts.reduce((sum, shift) => sum + shift.value, 0)), 300);
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return build_book(tmp_path_factory.mktemp("asked") / "book")


@pytest.fixture(scope="module")
def address(folder):
    with served(folder) as url:
        yield url


class Reader:
    """A browser with a phone's width, at a day of its own."""

    def __init__(self, browser, address):
        self.browser, self.address = browser, address
        self._clock = None
        size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": False}
        self.run("Emulation.setDeviceMetricsOverride", **size)
        self.run("Emulation.setTouchEmulationEnabled", enabled=False)
        self.on(TODAY)
        self.open("index.html")
        browser.execute_script("localStorage.clear()")

    def run(self, command, **values):
        return self.browser.execute_cdp_cmd(command, values)

    def on(self, moment):
        """From the next page on it is that moment, in every tab opened so."""
        self.forget()
        source = f"Date.now = () => {int(moment.timestamp() * 1000)};"
        made = self.run("Page.addScriptToEvaluateOnNewDocument", source=source)
        self._clock = made["identifier"]

    def forget(self):
        if self._clock is not None:
            self.run("Page.removeScriptToEvaluateOnNewDocument", identifier=self._clock)
        self._clock = None

    def open(self, page=PAGE):
        self.browser.get(f"{self.address}/{page}")

    def one(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.one(selector).text

    def script(self, source, *values):
        return self.browser.execute_script(source, *values)

    def wait(self, found):
        return WebDriverWait(self.browser, 5, 0.05).until(lambda _: found())

    def press(self, selector, key):
        element = self.one(selector)
        self.script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.send_keys(key)

    def pick(self, question, *numbers):
        for number in numbers:
            self.press(f"#{question}-{number}", Keys.SPACE)
        self.press(f".ck-question[data-question='{question}'] .ck-check", Keys.ENTER)

    def verdict(self, name):
        return self.text(f"#{name} .ck-verdict")

    def when(self, name):
        return self.text(f"#{name} .ck-when")

    def reasons(self, name):
        """The numbers of the options whose reasons are seen."""
        shown = self.all(f"#{name} .ck-option:has(details[open])")
        return [option.get_attribute("data-number") for option in shown]

    def kept(self):
        return self.script("return JSON.parse(localStorage.course ?? '{}').questions")

    def says(self):
        self.wait(lambda: self.text(".ck-review-says"))
        return self.text(".ck-review-says")

    def asked(self):
        """The id of the question that the review shows, once it is there."""
        self.wait(lambda: self.all(".ck-review-stage .ck-question"))
        return self.one(".ck-review .ck-question").get_attribute("data-question")


@pytest.fixture
def reader(chrome, address):
    made = Reader(chrome, address)
    made.open()
    yield made
    made.forget()


@pytest.fixture
def fails(reader):
    """A reader who had two questions wrong today, and then one of them right."""
    reader.pick("first-one", 1)
    reader.pick("first-one", 2)
    reader.open("alpha/second.html")
    reader.pick("second-one", 2)
    return reader


def test_a_wrong_answer_says_why_and_what_to_do(reader):
    reader.pick("first-one", 1)
    assert reader.verdict("quiz-first-one").startswith("Not so. Read why, then pick")
    assert reader.reasons("quiz-first-one") == ["1"]
    assert reader.when("quiz-first-one") == "It comes back in the review tomorrow."
    assert reader.text("#quiz-first-one [data-number='1'] .ck-mark") == "✗"


def test_a_right_answer_says_all(reader):
    reader.pick("first-one", 2)
    assert reader.verdict("quiz-first-one") == "Right."
    assert reader.reasons("quiz-first-one") == ["1", "2", "3"]
    assert reader.when("quiz-first-one") == ""
    assert reader.text("#quiz-first-one [data-number='2'] .ck-mark") == "✓"
    assert reader.text("#quiz-first-one [data-number='1'] .ck-mark") == ""


def test_of_several_it_says_whether_one_is_missing_or_one_too_many(reader):
    reader.pick("first-many", 1)
    assert "not all of it" in reader.verdict("quiz-first-many")
    reader.pick("first-many", 3)
    assert "untick" in reader.verdict("quiz-first-many")
    reader.pick("first-many", 3, 2)
    assert reader.verdict("quiz-first-many") == "Right."


def test_no_answer_is_asked_for_one_and_nothing_is_kept(reader):
    reader.press("#quiz-first-one .ck-check", Keys.ENTER)
    assert reader.verdict("quiz-first-one") == "Pick an option first."
    assert not reader.kept()


def test_the_whole_row_is_the_target_and_high_enough_for_a_finger(reader):
    for row in reader.all(".ck-pick"):
        assert row.size["height"] >= 44
    row = reader.one("#quiz-first-one [data-number='3'] .ck-pick")
    reader.script("arguments[0].scrollIntoView({block: 'center'})", row)
    edge = row.size["width"] // 2 - 8
    webdriver.ActionChains(reader.browser).move_to_element_with_offset(
        row, edge, 0
    ).click().perform()
    assert reader.one("#first-one-3").is_selected()


def test_an_answer_stands_after_a_reload_folded_and_unfolds(reader):
    reader.pick("first-one", 1)
    reader.open()
    assert reader.one("#first-one-1").is_selected()
    assert reader.when("quiz-first-one") == (
        "You had this wrong today. It comes back in the review tomorrow."
    )
    assert reader.reasons("quiz-first-one") == []
    before = reader.kept()
    reader.press("#quiz-first-one .ck-check", Keys.ENTER)
    assert reader.reasons("quiz-first-one") == ["1"]
    assert reader.kept() == before


def test_a_question_can_be_answered_again_after_a_reload(reader):
    reader.pick("first-one", 1)
    reader.open()
    reader.pick("first-one", 2)
    assert reader.verdict("quiz-first-one") == "Right."
    kept = reader.kept()["first-one"]
    assert (kept["picks"], kept["right"]) == (["2"], True)
    assert kept["due"] is not None


def test_ask_me_again_clears_the_answer_and_keeps_its_day(reader):
    reader.pick("first-one", 1)
    due = reader.kept()["first-one"]["due"]
    reader.press("#quiz-first-one .ck-again", Keys.ENTER)
    assert not reader.one("#first-one-1").is_selected()
    assert reader.reasons("quiz-first-one") == []
    assert reader.script("return document.activeElement.id") == "first-one-1"
    reader.open()
    assert not reader.one("#first-one-1").is_selected()
    assert reader.kept()["first-one"]["due"] == due
    reader.pick("first-many", 1, 2)
    reader.press("#quiz-first-many .ck-again", Keys.ENTER)
    assert "first-many" not in reader.kept()


def test_a_prediction_is_kept_looked_back_at_and_never_scheduled(reader):
    assert "predict this" in reader.text(".ck-picked")
    reader.pick("first-guess", 1)
    assert reader.verdict("predict-first-guess").startswith("Kept. This page comes")
    assert reader.one(".ck-recall details").get_attribute("open")
    reader.open()
    assert reader.one("#first-guess-1").is_selected()
    line = reader.one(".ck-picked")
    assert line.text.startswith("You predicted:")
    assert line.text.endswith("It turned out otherwise.")
    assert len(line.find_elements(By.CSS_SELECTOR, "math")) == 1
    assert not reader.one(".ck-recall details").get_attribute("open")
    assert reader.kept()["first-guess"]["due"] is None
    reader.press("#predict-first-guess .ck-again", Keys.ENTER)
    assert "predict this" in reader.text(".ck-picked")


def test_answers_of_visits_before_there_was_a_review_are_read(reader):
    old = {"picks": ["1"], "right": False, "at": TODAY.timestamp() * 1000 - 9e8}
    kept = {"first-one": old, "first-many": old | {"picks": ["1", "2"], "right": True}}
    reader.script("localStorage.course = arguments[0]", json.dumps({"questions": kept}))
    reader.open()
    assert reader.one("#first-many-2").is_selected()
    assert "due again today" in reader.when("quiz-first-one")
    assert reader.text(".ck-due") == "1"


def test_nothing_moves_when_a_page_with_answers_appears(reader):
    for question in ("first-guess", "first-one", "first-many"):
        reader.pick(question, 1)
    for place in ("", "#quiz-first-one"):
        reader.open("index.html")
        reader.open(f"{PAGE}{place}")
        assert reader.browser.execute_async_script(_MOVED) == 0


def test_what_was_wrong_is_due_the_next_day_and_three_days_after_it_is_right(fails):
    fails.on(TODAY + timedelta(days=1))
    fails.open("review.html")
    assert fails.says() == "2 questions are due today."
    assert fails.text(".ck-due") == "2"
    assert fails.asked() == "first-one"
    assert fails.text(".ck-from") == "From First page"
    fails.pick("first-one", 2)
    assert fails.when("quiz-first-one") == (
        "It comes back in the review on 25 November."
    )
    assert fails.says() == "One more is due today."
    fails.press(".ck-next", Keys.ENTER)
    fails.wait(lambda: fails.asked() == "second-one")
    fails.pick("second-one", 2)
    assert fails.when("quiz-second-one") == "It comes back in the review tomorrow."
    assert fails.says() == (
        "Nothing more is due today. One question comes back tomorrow."
    )
    assert fails.text(".ck-due") == ""
    assert {name: kept["step"] for name, kept in fails.kept().items()} == {
        "first-one": 1,
        "second-one": 0,
    }


def test_the_third_time_right_it_is_learnt(reader):
    due = int(TODAY.timestamp() * 1000) - 1000
    kept = {"picks": ["1"], "right": True, "at": due, "page": "", "step": 2, "due": due}
    text = json.dumps({"version": 1, "questions": {"first-one": kept}})
    reader.script("localStorage.course = arguments[0]", text)
    reader.open("review.html")
    reader.asked()
    reader.pick("first-one", 2)
    assert "does not come back" in reader.when("quiz-first-one")
    assert reader.kept()["first-one"]["due"] is None


def test_nothing_is_due_before_the_next_day(fails):
    fails.open("review.html")
    assert fails.says() == "Nothing is due today. 2 questions come back tomorrow."
    assert not fails.all(".ck-review .ck-question")
    assert not fails.one(".ck-next").is_displayed()


def test_a_reader_who_missed_nothing_is_told_what_the_page_is_for(reader):
    reader.open("review.html")
    assert "comes here the day after" in reader.says()


def test_a_question_can_be_left_for_later(fails):
    fails.on(TODAY + timedelta(days=1))
    fails.open("review.html")
    assert fails.asked() == "first-one"
    fails.press(".ck-next", Keys.ENTER)
    fails.wait(lambda: fails.asked() == "second-one")
    fails.press(".ck-next", Keys.ENTER)
    fails.wait(lambda: fails.asked() == "first-one")
    assert fails.says() == "2 questions are due today."


def test_links_in_a_question_lead_on_from_the_review(fails):
    fails.on(TODAY + timedelta(days=1))
    fails.open("review.html")
    fails.asked()
    links = fails.script(
        "return [...document.querySelectorAll('.ck-review a')].map((a) => a.href)"
    )
    assert links == [
        f"{fails.address}/{place}"
        for place in (
            "alpha/second.html",
            "glossary.html#term-slope",
            "alpha/first.html#quiz-first-one",
        )
    ]


def test_a_due_question_may_be_answered_on_its_own_page(fails):
    fails.on(TODAY + timedelta(days=1))
    fails.open()
    assert not fails.one("#first-one-2").is_selected()
    assert "due again today" in fails.when("quiz-first-one")
    fails.pick("first-one", 2)
    assert fails.kept()["first-one"]["step"] == 1
    assert fails.text(".ck-due") == "1"


def test_a_question_that_is_no_longer_in_the_book_leaves_the_list(fails):
    fails.script(
        "const all = JSON.parse(localStorage.course);"
        "all.questions['gone'] = all.questions['first-one'];"
        "localStorage.course = JSON.stringify(all)"
    )
    fails.on(TODAY + timedelta(days=1))
    fails.open("review.html")
    assert fails.says() == "2 questions are due today."
    assert "no longer in the book" in fails.text(".ck-review")
    assert fails.text(".ck-due") == "2"
    assert fails.kept()["gone"]["due"] is None


def test_a_question_that_cannot_be_loaded_is_told_and_stays_due(fails):
    fails.run("Network.enable")
    fails.run("Network.setBlockedURLs", urls=["*_questions/alpha/first.js"])
    try:
        fails.on(TODAY + timedelta(days=1))
        fails.open("review.html")
        fails.wait(lambda: "could not be loaded" in fails.text(".ck-review-stage"))
        assert fails.text(".ck-from") == "From First page"
        fails.press(".ck-next", Keys.ENTER)
        assert fails.asked() == "second-one"
        assert fails.text(".ck-due") == "2"
    finally:
        fails.run("Network.setBlockedURLs", urls=[])


def test_two_tabs_agree(fails):
    fails.on(TODAY + timedelta(days=1))
    fails.open("review.html")
    assert fails.asked() == "first-one"
    first = fails.browser.current_window_handle
    fails.browser.switch_to.new_window("tab")
    other = Reader.__new__(Reader)
    other.browser, other.address, other._clock = fails.browser, fails.address, None
    try:
        other.on(TODAY + timedelta(days=1))
        other.open("review.html")
        assert other.asked() == "first-one"
        other.pick("first-one", 2)
    finally:
        other.browser.close()
        fails.browser.switch_to.window(first)
    fails.wait(lambda: fails.asked() == "second-one")
    assert fails.text(".ck-due") == "1"


def test_a_page_follows_what_is_answered_in_another_tab(reader):
    first = reader.browser.current_window_handle
    reader.press("#first-many-1", Keys.SPACE)  # half answered, to be left alone
    reader.browser.switch_to.new_window("tab")
    try:
        reader.open()
        reader.pick("first-one", 1)
        reader.pick("first-many", 3)
    finally:
        reader.browser.close()
        reader.browser.switch_to.window(first)
    reader.wait(lambda: reader.one("#first-one-1").is_selected())
    assert reader.one("#first-many-1").is_selected()
    assert not reader.one("#first-many-3").is_selected()


def test_questions_work_where_nothing_may_be_kept(reader):
    forbidden = (
        "Object.defineProperty(window, 'localStorage', "
        "{ get() { throw new DOMException('no', 'SecurityError'); } });"
    )
    made = reader.run("Page.addScriptToEvaluateOnNewDocument", source=forbidden)
    try:
        reader.open()
        reader.pick("first-one", 1)
        assert reader.verdict("quiz-first-one").startswith("Not so")
        reader.open("review.html")
        assert "Nothing is due today." in reader.says()
    finally:
        reader.run("Page.removeScriptToEvaluateOnNewDocument", **made)


def test_the_review_works_from_the_file_system(reader, folder):
    reader.address = folder.as_uri()
    reader.open()
    reader.script("localStorage.clear()")
    reader.open()
    reader.pick("first-one", 1)
    reader.on(TODAY + timedelta(days=1))
    reader.open("review.html")
    assert reader.asked() == "first-one"
    reader.script("localStorage.clear()")


def test_without_scripts_reasons_unfold_and_nothing_is_dead(tmp_path, address):
    browser = start(tmp_path / "profile", "--blink-settings=scriptEnabled=false")
    try:
        browser.get(f"{address}/{PAGE}")
        shown = [
            element
            for element in browser.find_elements(By.CSS_SELECTOR, ".ck-article button")
            if element.is_displayed()
        ]
        assert shown == []
        browser.find_element(By.CSS_SELECTOR, "#quiz-first-one summary").click()
        why = browser.find_element(By.CSS_SELECTOR, "#quiz-first-one .ck-why")
        assert why.is_displayed()
        cards = browser.find_elements(By.CSS_SELECTOR, ".ck-card")
        assert not any(card.is_displayed() for card in cards)
        browser.find_element(By.CSS_SELECTOR, TERM).send_keys(Keys.ENTER)
        assert browser.current_url.endswith("glossary.html#term-slope")
        browser.get(f"{address}/review.html")
        review = browser.find_element(By.CSS_SELECTOR, ".ck-review")
        assert "needs scripts" in review.text
    finally:
        browser.quit()


SLOPE = "#card-term-slope"
TERM = "a[href$='#term-slope']"


def test_a_term_shows_its_card_on_hover_and_lets_the_pointer_onto_it(reader):
    point = webdriver.ActionChains(reader.browser)
    point.move_to_element(reader.one(TERM)).perform()
    reader.wait(lambda: reader.one(SLOPE).is_displayed())
    assert "How steep a function is" in reader.text(SLOPE)
    point.move_to_element(reader.one(f"{SLOPE} a")).pause(0.6).perform()
    assert reader.one(SLOPE).is_displayed()
    point.move_to_element(reader.one("h1")).perform()
    reader.wait(lambda: not reader.one(SLOPE).is_displayed())


def test_a_term_shows_its_card_on_focus_and_escape_closes_it(reader):
    webdriver.ActionChains(reader.browser).move_by_offset(1, 1).perform()
    for _ in range(60):
        webdriver.ActionChains(reader.browser).send_keys(Keys.TAB).perform()
        focus = reader.browser.switch_to.active_element
        if (focus.get_attribute("href") or "").endswith("#term-slope"):
            break
    assert reader.one(SLOPE).is_displayed()
    described = focus.get_attribute("aria-describedby")
    assert reader.one(f"#{described}").text.startswith("How steep")
    focus.send_keys(Keys.ESCAPE)
    assert not reader.one(SLOPE).is_displayed()
    assert reader.browser.switch_to.active_element == focus
    focus.send_keys(Keys.ENTER)
    assert reader.browser.current_url.endswith("glossary.html#term-slope")


def tap(reader, element):
    reader.script("arguments[0].scrollIntoView({block: 'center'})", element)
    box = reader.script(
        "const b = arguments[0].getClientRects()[0];"
        "return [b.left + b.width / 2, b.top + b.height / 2]",
        element,
    )
    point = {"x": box[0], "y": box[1]}
    reader.run("Input.dispatchTouchEvent", type="touchStart", touchPoints=[point])
    reader.run("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])


def test_the_first_tap_shows_the_card_and_the_second_one_follows_the_link(reader):
    reader.run("Emulation.setTouchEmulationEnabled", enabled=True)
    before = reader.browser.current_url
    tap(reader, reader.one(TERM))
    reader.wait(lambda: reader.one(SLOPE).is_displayed())
    assert reader.browser.current_url == before
    tap(reader, reader.one("h1"))
    reader.wait(lambda: not reader.one(SLOPE).is_displayed())
    tap(reader, reader.one(TERM))
    reader.wait(lambda: reader.one(SLOPE).is_displayed())
    tap(reader, reader.one(TERM))
    reader.wait(lambda: reader.browser.current_url.endswith("#term-slope"))


def test_a_card_stays_within_the_window_and_moves_nothing(reader):
    before = reader.script("return document.documentElement.scrollWidth")
    heights = [section.rect for section in reader.all(".ck-question")]
    for link in reader.all("a:has(> .std-term)")[:3]:
        webdriver.ActionChains(reader.browser).move_to_element(link).perform()
        card = f"#card-{link.get_attribute('href').partition('#')[2]}"
        reader.wait(lambda card=card: reader.one(card).is_displayed())
        box = reader.one(card).rect
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        webdriver.ActionChains(reader.browser).move_to_element(
            reader.one("h1")
        ).perform()
        reader.wait(lambda card=card: not reader.one(card).is_displayed())
    assert reader.script("return document.documentElement.scrollWidth") == before
    assert [section.rect for section in reader.all(".ck-question")] == heights
