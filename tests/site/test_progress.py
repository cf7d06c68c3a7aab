"""A reader's progress, clicked through in a browser."""

import json
import time

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from coursekit.book.serve import served

from .browser import start
from .checking import TOO_WIDE

pytestmark = pytest.mark.browser
PAGE = "mathematics/gradient-descent"
LINK = f'.ck-book a[data-page="{PAGE}"]'


class Reader:
    """A browser with the site open; what it does is said in a reader's words."""

    def __init__(self, browser, address, downloads):
        self.browser = browser
        self.address = address
        self.downloads = downloads

    def open(self, page, *, keep=True):
        self.browser.get(f"{self.address}/{page}.html")
        if not keep:
            self.browser.execute_script("localStorage.clear()")
            self.browser.get("about:blank")
            self.open(page)
        return self

    def find(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector):
        """What stands there, shown or folded, with single spaces."""
        words = self.find(selector).get_property("textContent")
        return " ".join(words.split())

    def click(self, selector):
        self.browser.execute_script(
            "arguments[0].scrollIntoView({block: 'center'})", self.find(selector)
        )
        self.find(selector).click()

    def kept(self):
        return json.loads(self.run("return localStorage.getItem('course')") or "{}")

    def keep(self, **fields):
        change = (
            f"course.store.update((all) => Object.assign(all, {json.dumps(fields)}))"
        )
        assert self.run(f"return {change}")

    def run(self, script, *given):
        return self.browser.execute_script(script, *given)

    def set(self, selector, value):
        """Give a control a value as its picker would."""
        self.run(
            "arguments[0].value = arguments[1];"
            "for (const kind of ['input', 'change'])"
            "  arguments[0].dispatchEvent(new Event(kind, {bubbles: true}));",
            self.find(selector),
            value,
        )

    def downloaded(self, pattern):
        for _ in range(100):
            if found := list(self.downloads.glob(pattern)):
                return found[0]
            time.sleep(0.05)
        raise AssertionError(f"nothing like {pattern} was downloaded")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    folder = tmp_path_factory.mktemp("progress")
    browser = start(folder / "profile", "--window-size=1280,900")
    browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior",
        {"behavior": "allow", "downloadPath": str(folder)},
    )
    browser.downloads = folder
    yield browser
    browser.quit()


@pytest.fixture
def reader(site, browser):
    with served(site) as address:
        yield Reader(browser, address, browser.downloads)


def test_a_page_is_done_stays_done_and_can_be_undone(reader):
    reader.open(PAGE, keep=False)
    assert reader.find(".ck-done-toggle").get_attribute("aria-pressed") == "false"
    reader.click(".ck-done-toggle")
    assert reader.text(".ck-done-says").startswith("Done on ")
    reader.open(PAGE)
    assert reader.find(".ck-done-toggle").get_attribute("aria-pressed") == "true"
    reader.click(".ck-done-toggle")
    assert reader.kept()["pages"][PAGE]["done"] is None
    assert reader.kept()["pages"][PAGE]["opened"] > 0


def test_the_sidebar_ticks_what_is_done_and_counts_it_for_its_part(reader):
    reader.open(PAGE, keep=False)
    assert reader.text(f"{LINK} .ck-tick") == ""
    reader.click(".ck-done-toggle")
    assert reader.text(f"{LINK} .ck-tick") == "\u2713"
    assert reader.find(f"{LINK} .ck-tick").get_attribute("aria-label") == "done"
    part = "details[data-part=mathematics]"
    there = len(reader.all(f"{part} a[data-page]:not([data-page$='/index'])"))
    assert there > 1
    assert f"1 of {there} pages done" in reader.text(f"{part} .ck-count")
    other = "details[data-part=classical] .ck-count"
    assert reader.text(other) == ""


def test_when_every_question_is_answered_the_page_asks_and_does_not_tick_itself(reader):
    reader.open(PAGE, keep=False)
    answer = {"picks": ["1"], "right": False, "at": 1, "page": PAGE}
    ids = [q.get_attribute("data-question") for q in reader.all("[data-kind=quiz]")]
    reader.keep(questions=dict.fromkeys(ids[1:], answer))
    assert reader.text(".ck-done-says") == ""
    reader.keep(questions=dict.fromkeys(ids, answer))
    assert "every question" in reader.text(".ck-done-says")
    assert reader.kept()["pages"][PAGE]["done"] is None


def test_the_front_page_goes_on_where_one_stopped_and_knows_the_plan(reader):
    reader.open(PAGE, keep=False)
    section = reader.all("article section section[id]")[3].get_attribute("id")
    reader.run("document.getElementById(arguments[0]).scrollIntoView()", section)
    reader.open("index")
    assert reader.kept()["last"]["section"] == section
    link = reader.find(".ck-continue a")
    assert link.get_attribute("href").endswith(f"{PAGE}.html#{section}")
    assert "Gradient descent" in link.text
    reader.keep(plan={"pathway": "steady", "start": None, "hours": 8})
    reader.open("about/study-plans")
    first = "#way-steady li[data-page] > a"
    planned = reader.all(first)[0].get_property("textContent")
    reader.open("index")
    links = [a.get_property("textContent") for a in reader.all(".ck-continue a")]
    assert links[1] == f"Next in your plan: {planned}"


def test_a_part_lists_every_page_in_its_order_and_ticks_those_done(reader):
    reader.open("mathematics/index", keep=False)
    listed = "ol.ck-pages:not(.ck-diagnosis ol) > li"
    rows = reader.all(listed)
    assert len(rows) == 12
    row = f'{listed}[data-page="{PAGE}"]'
    assert "60 minutes, exercise 45 minutes, 2 skills" in reader.text(row)
    needs = "Read first: Derivatives and the chain rule, Eigenvectors and the SVD"
    assert needs in reader.text(row)
    reader.keep(pages={PAGE: {"opened": 1, "done": 2}})
    assert reader.text(f"{row} .ck-tick") == "\u2713"


def _shown(reader):
    return [row.text for row in reader.all(".ck-area li") if row.is_displayed()]


def test_the_skills_map_finds_the_page_that_teaches_something(reader):
    reader.open("about/skills", keep=False)
    assert _shown(reader) == []
    reader.find(".ck-filter [name=words]").send_keys("gradient desc")
    shown = _shown(reader)
    assert reader.text(".ck-hits") == f"{len(shown)} skills found."
    assert shown[0].startswith("Gradient descent: ")
    assert all("radient" in row for row in shown)
    reader.find(".ck-area li:not([hidden]) .ck-where a").click()
    assert f"{PAGE}.html#" in reader.browser.current_url


def test_the_skills_map_filters_by_area_and_state(reader):
    reader.open("about/skills", keep=False)
    Select(reader.find("[name=area]")).select_by_value("math")
    assert reader.text(".ck-hits") == "19 skills found."
    there = reader.all("[data-skill^='math.']:has(.ck-where a)")
    assert 0 < len(there) < 20
    Select(reader.find("[name=state]")).select_by_value("open")
    assert len(_shown(reader)) == len(there)
    Select(reader.find("[name=state]")).select_by_value("done")
    assert reader.text(".ck-hits") == "0 skills found."


def test_a_skill_that_is_built_is_done_with_its_page_and_its_exercise(reader):
    reader.open("about/skills", keep=False)
    row = "[data-skill='math.gradient-descent']"
    questions = int(reader.find(row).get_attribute("data-questions"))
    assert questions > 1
    reader.keep(pages={PAGE: {"opened": 1, "done": 2}})
    assert reader.text(f"{row} .ck-done-mark") == ""
    passed = {f"q{k + 1}": "passed" for k in range(questions)}
    almost = passed | {"q1": "not yet"}
    reader.keep(exercises={PAGE: {"questions": almost, "at": 1}})
    assert reader.text(f"{row} .ck-done-mark") == ""
    reader.keep(exercises={PAGE: {"questions": passed, "at": 1}})
    assert reader.text(f"{row} .ck-done-mark") == "\u2713"
    assert "done" in reader.text("[data-area=math] .ck-area-done")


def test_a_plan_gets_dates_keeps_them_and_ticks_what_is_done(reader):
    reader.open("about/study-plans", keep=False)
    Select(reader.find("[name=pathway]")).select_by_value("sixteen-weeks")
    assert reader.find("[name=hours]").get_attribute("value") == "15"
    reader.set("[name=start]", "2030-12-23")
    weeks = [w.get_property("textContent") for w in reader.all(".ck-weeks summary")]
    assert "23 Dec 2030 to 29 Dec 2030" in weeks[0]
    assert "30 Dec 2030 to 5 Jan 2031" in weeks[1]
    reader.click(".ck-plan-form [type=submit]")
    assert reader.text(".ck-plan-form .ck-says").startswith(f"Kept: {len(weeks)} weeks")
    reader.open("about/study-plans")
    assert reader.find("[name=start]").get_attribute("value") == "2030-12-23"
    assert reader.find("[name=pathway]").get_attribute("value") == "sixteen-weeks"
    assert "0 of" in reader.all(".ck-weeks summary")[0].text
    reader.keep(pages={"orientation/first-system": {"opened": 1, "done": 2}})
    assert ", 1 of" in reader.all(".ck-weeks summary")[0].text


def test_a_plan_says_every_page_once_and_its_checkpoints(reader):
    reader.open("about/study-plans", keep=False)
    listed = len(reader.all("#way-steady li[data-item]"))
    assert len(reader.all(".ck-weeks li:not(.ck-goes-on, .ck-checkpoint li)")) == listed
    assert len(reader.all(".ck-weeks .ck-checkpoint")) == 6


def test_the_weeks_of_a_plan_go_into_a_calendar(reader):
    reader.open("about/study-plans", keep=False)
    assert not reader.find(".ck-calendar").is_enabled()
    reader.set("[name=start]", "2026-11-23")
    reader.click(".ck-calendar")
    text = reader.downloaded("study-plan*.ics").read_text(encoding="utf-8")
    assert text.count("BEGIN:VEVENT") == len(reader.all(".ck-weeks summary"))


def test_a_task_of_a_plan_is_ticked_in_it(reader):
    reader.open("about/study-plans", keep=False)
    box = ".ck-weeks input[value='task:tabular-risk-service']"
    reader.run("arguments[0].closest('details').open = true", reader.find(box))
    reader.click(box)
    assert reader.kept()["checklist"] == {"task:tabular-risk-service": True}
    assert reader.find(box).is_selected()


def test_the_checklist_keeps_its_ticks_and_counts_what_it_can(reader):
    reader.open("about/readiness", keep=False)
    reader.find(".ck-readiness input[value=sql]").send_keys(Keys.SPACE)
    assert reader.text(".ck-readiness > .ck-says") == "1 of 21 hold."
    assert "0 of 5 passed here" in reader.text("[data-counts=scratch]")
    reader.open("about/readiness")
    assert reader.find(".ck-readiness input[value=sql]").is_selected()
    reader.click(".ck-readiness input[value=sql]")
    assert reader.kept()["checklist"] == {}


def test_progress_is_exported_cleared_and_imported(reader):
    reader.open(PAGE, keep=False)
    reader.click(".ck-done-toggle")
    reader.open("about/progress")
    reader.keep(checklist={"sql": True})
    assert reader.text("[data-figure=pages]").startswith("1of ")
    before = reader.kept()
    reader.click(".ck-keeping .ck-export")
    file = reader.downloaded("course-progress-*.json")
    assert json.loads(file.read_text(encoding="utf-8"))["pages"] == before["pages"]

    reader.click(".ck-clear")
    reader.click(".ck-clear-not")
    assert reader.kept() == before
    reader.click(".ck-clear")
    assert reader.find("dialog .ck-export").is_displayed()
    reader.click(".ck-clear-now")
    assert reader.kept() == {}
    assert reader.text("[data-figure=pages]").startswith("0of ")

    reader.find("[type=file]").send_keys(str(file))
    assert _eventually(lambda: reader.kept() == before)
    assert reader.text("[data-figure=pages]").startswith("1of ")
    file.unlink()


def test_a_file_that_is_not_ours_says_so_and_changes_nothing(reader, tmp_path):
    reader.open("about/progress", keep=False)
    reader.keep(checklist={"sql": True})
    other = tmp_path / "other.json"
    other.write_text('{"checklist": {"python": true}}')
    reader.find("[type=file]").send_keys(str(other))
    assert _eventually(lambda: "does not hold" in reader.text(".ck-keeping .ck-says"))
    assert reader.kept()["checklist"] == {"sql": True}


def _eventually(holds):
    for _ in range(100):
        if holds():
            return True
        time.sleep(0.05)
    return False


_FORBIDDEN = """
Object.defineProperty(window, "localStorage", {
  get() { throw new DOMException("forbidden", "SecurityError"); },
});
"""


def test_where_nothing_can_be_kept_all_works_and_one_sentence_says_so(reader):
    added = reader.browser.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument", {"source": _FORBIDDEN}
    )
    try:
        reader.open(PAGE)
        assert reader.text(".ck-notice") == "", "what nobody asked for is not said"
        reader.click(".ck-done-toggle")
        assert reader.find(".ck-done-toggle").get_attribute("aria-pressed") == "true"
        assert "no room left" in reader.text(".ck-notice")
        for page in ("skills", "study-plans", "readiness", "progress"):
            reader.open(f"about/{page}")
            errors = [
                e
                for e in reader.browser.get_log("browser")
                if "Uncaught" in e["message"]
            ]
            assert errors == []
        assert reader.text("[data-figure=pages]").startswith("0of ")
    finally:
        reader.browser.execute_cdp_cmd(
            "Page.removeScriptToEvaluateOnNewDocument", added
        )


def test_with_the_keyboard_alone_a_page_is_done_and_a_skill_found(reader):
    reader.open(PAGE, keep=False)
    reader.run("arguments[0].focus()", reader.find(".ck-done-toggle"))
    reader.browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert reader.kept()["pages"][PAGE]["done"] > 0
    reader.open("about/skills")
    reader.run("arguments[0].focus()", reader.find(".ck-area summary"))
    reader.browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert len(_shown(reader)) == 10


def test_on_a_phone_nothing_is_cut_off_and_controls_are_as_large_as_a_finger(reader):
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    reader.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        for page in ("skills", "study-plans", "readiness", "progress"):
            reader.open(f"about/{page}", keep=False)
            for details in reader.all("details"):
                reader.run("arguments[0].open = true", details)
            assert reader.run(TOO_WIDE) <= 0, page
            assert reader.run(_SMALL) == [], page
    finally:
        reader.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


# Controls under 44 pixels; a box counts with the label that it is in.
_SMALL = """
return [...document.querySelectorAll(
  "article :is(button, select, input, summary, .ck-where a, .ck-leads a, .ck-stage a)")]
  .map((one) => one.closest("label.ck-tickbox, .ck-readiness label, .ck-box") ?? one)
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)
  .map((one) => one.outerHTML.slice(0, 90));
"""


def test_without_scripts_lists_stand_and_no_control_is_dead(reader):
    off = "Emulation.setScriptExecutionDisabled"
    reader.browser.execute_cdp_cmd(off, {"value": True})
    try:
        for page, selector in (
            (PAGE, ".ck-facts"),
            ("about/skills", ".ck-area summary"),
            ("about/study-plans", ".ck-way summary"),
            ("about/readiness", ".ck-readiness li label"),
            ("mathematics/index", "ol.ck-pages li"),
        ):
            reader.browser.get(f"{reader.address}/{page}.html")
            assert reader.find(selector).is_displayed()
            controls = "article :is(button, input, select):not(.ck-question *)"
            dead = [c for c in reader.all(controls) if c.is_displayed()]
            assert dead == [], page
    finally:
        reader.browser.execute_cdp_cmd(off, {"value": False})
