"""An exercise done in its page, as a learner does it, in a real browser."""

import json

import pytest
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from coursekit.book.layout import here
from coursekit.book.serve import served
from coursekit.exercises import runs
from coursekit.exercises.model import load

from .browser import start
from .checking import TOO_WIDE, page, pages

NAME = "mathematics/gradient-descent"
PAGE = f"exercises/{NAME}.html"
SKELETON = 'raise NotImplementedError("q1")'
RIGHT = "return 2 * X.T @ (X @ w - y) / len(y)"
WRONG = "return 2 * X.T @ (X @ w - y)"


@pytest.fixture(scope="module")
def address(site):
    with served(site) as found:
        yield found


@pytest.fixture
def browser(tmp_path, address):
    driver = start(tmp_path / "profile", "--force-prefers-reduced-motion")
    try:
        driver.set_window_size(1280, 900)
        open_page(driver, address)
        yield driver
    finally:
        driver.quit()


def open_page(browser, address):
    browser.get(f"{address}/{PAGE}")
    ready = "return document.documentElement.dataset.exercise === 'ready'"
    WebDriverWait(browser, 10).until(lambda b: b.execute_script(ready))


def one(browser, css):
    return browser.find_element(By.CSS_SELECTOR, css)


def write(browser, body):
    """Replace the last line of the answer to question 1, as typing would."""
    editor = one(browser, "#q1-answer")
    browser.execute_script(
        "const [field, line] = arguments;"
        "field.value = field.value.replace(/\\n[^\\n]*$/, '\\n' + line);"
        "field.dispatchEvent(new Event('input'));",
        editor,
        f"    {body}",
    )
    assert body in editor.get_property("value")


def fill(browser, css, code):
    """Replace an answer, as pasting would."""
    browser.execute_script(
        "const [field, code] = arguments;"
        "field.value = code; field.dispatchEvent(new Event('input'));",
        one(browser, css),
        code,
    )


def wait_for(browser, words, css=".ck-verify[data-question='q1'] .ck-outcome"):
    """Wait for words in a place; the first time Python has to come."""
    WebDriverWait(browser, 120).until(lambda b: words in one(b, css).text)


def press(browser, css):
    """Click in the middle of the window: the header covers what is at its top."""
    found = one(browser, css)
    centred = "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})"
    browser.execute_script(centred, found)
    found.click()


def press_check(browser):
    press(browser, ".ck-verify[data-question='q1'] [data-act='check']")


def standing(browser):
    return one(browser, ".ck-standing > p[data-standing]").text


def kept(browser):
    return json.loads(browser.execute_script("return localStorage.course") or "{}")


@pytest.mark.browser
def test_a_learner_answers_the_first_question(browser, address):
    assert standing(browser) == "0 of 5 questions passed"
    press_check(browser)
    wait_for(browser, "q1: not answered yet.")
    assert standing(browser) == "0 of 5 questions passed"

    write(browser, WRONG)
    press_check(browser)
    wait_for(browser, "q1: not yet. 3 of 4 checks passed.")
    outcome = one(browser, ".ck-verify[data-question='q1'] .ck-outcome")
    assert outcome.get_attribute("role") == "status"
    assert "the gradient of the sum, not of the mean: divide by n" in outcome.text

    write(browser, RIGHT)
    press_check(browser)
    wait_for(browser, "q1: passed. 4 of 4 checks passed.")
    assert standing(browser) == "1 of 5 questions passed"
    assert kept(browser)["exercises"][NAME]["questions"] == {"q1": "passed"}
    assert not one(browser, ".ck-end").is_displayed()

    open_page(browser, address)
    assert RIGHT in one(browser, "#q1-answer").get_property("value")
    assert standing(browser) == "1 of 5 questions passed"
    assert "passed" in one(browser, ".ck-standing li[data-question='q1']").text


@pytest.mark.browser
def test_what_python_says_of_an_answer_that_does_not_parse_stands_in_the_outcome(
    browser,
):
    write(browser, "return 2 *")
    press_check(browser)
    wait_for(browser, "your answer to q1 stopped with SyntaxError in line 7")
    write(browser, 'print("from the answer"); ' + RIGHT)
    press_check(browser)
    wait_for(browser, "q1: passed")
    printed = one(browser, ".ck-verify[data-question='q1'] .ck-printed").text
    assert set(printed.splitlines()) == {"from the answer"}


@pytest.mark.browser
def test_an_endless_answer_can_be_stopped_and_mended(browser):
    write(browser, "while True: pass")
    press_check(browser)
    stop = one(browser, ".ck-verify[data-question='q1'] [data-act='stop']")
    WebDriverWait(browser, 10).until(lambda _: stop.is_displayed())
    doing = ".ck-verify[data-question='q1'] .ck-doing"
    wait_for(browser, "Working", doing)
    press(browser, ".ck-verify[data-question='q1'] [data-act='stop']")
    wait_for(browser, "Stopped.")
    write(browser, RIGHT)
    press_check(browser)
    wait_for(browser, "q1: passed")


@pytest.mark.browser
def test_everything_is_checked_at_once_and_the_points_are_counted(browser):
    exercise = load(here().root / "solutions" / f"{NAME}.md")
    whole = sum(question.points for question in exercise.questions)
    for question, code in runs.answers(exercise).items():
        if question != "q1":
            fill(browser, f"#{question}-answer", code)
    write(browser, WRONG)
    press(browser, ".ck-summary [data-act='check']")
    wait_for(browser, "4 of 5 questions passed.", ".ck-summary .ck-outcome")
    printed = one(browser, ".ck-summary .ck-printed")
    assert "3 of 4 checks passed" in printed.text
    assert f"all  {whole} of {whole}" not in printed.text

    write(browser, RIGHT)
    press(browser, ".ck-summary [data-act='check']")
    wait_for(browser, "5 of 5 questions passed.", ".ck-summary .ck-outcome")
    assert f"all  {whole} of {whole}" in printed.text
    assert standing(browser) == "5 of 5 questions passed"
    assert one(browser, ".ck-end").is_displayed()


@pytest.mark.browser
def test_when_all_questions_passed_the_way_leads_on(browser, address):
    assert not one(browser, ".ck-end").is_displayed()
    browser.execute_script(
        "course.store.update(all => { all.exercises[arguments[0]] = {at: 1, questions:"
        " {q1: 'passed', q2: 'passed', q3: 'passed', q4: 'passed', q5: 'passed'}}; })",
        NAME,
    )
    assert standing(browser) == "5 of 5 questions passed"
    links = one(browser, ".ck-end").find_elements(By.TAG_NAME, "a")
    assert links[0].text == "Reference answers"
    assert links[0].get_attribute("href").endswith(f"/answers/{NAME}.html")
    assert links[1].text == "Back to Gradient descent"
    following = one(browser, ".ck-neighbours a[rel='next']").get_attribute("href")
    assert [a.get_attribute("href") for a in links[2:]] == [following]


@pytest.mark.browser
def test_hints_unfold_one_by_one_and_are_counted(browser, address):
    ladder = one(browser, ".ck-hints[data-question='q1']")
    steps = ladder.find_elements(By.CSS_SELECTOR, ".ck-hint")
    assert [step.is_displayed() for step in steps] == [True, False, False]
    press(browser, "[data-question='q1'] .ck-hint summary")
    wait_for(browser, "1 of 3 hints opened.", ".ck-hints[data-question='q1']")
    assert [step.is_displayed() for step in steps] == [True, True, False]
    steps[1].find_element(By.TAG_NAME, "summary").send_keys(Keys.ENTER)
    wait_for(browser, "2 of 3 hints opened.", ".ck-hints[data-question='q1']")
    open_page(browser, address)
    steps = browser.find_elements(By.CSS_SELECTOR, "[data-question='q1'] .ck-hint")
    assert [step.is_displayed() for step in steps] == [True, True, True]
    assert not any(step.get_property("open") for step in steps)
    assert "2 of 3 hints opened" in one(browser, "[data-question='q1'] .ck-opened").text


@pytest.mark.browser
def test_the_keyboard_alone_answers_and_checks(browser):
    editor = one(browser, "#q1-answer")
    browser.execute_script("arguments[0].focus()", editor)
    editor.send_keys(Keys.CONTROL, Keys.END)
    editor.send_keys(Keys.SHIFT, Keys.HOME)
    editor.send_keys(f"    {RIGHT}")
    assert f"    # YOUR CODE HERE\n    {RIGHT}" in editor.get_property("value")
    editor.send_keys(Keys.ESCAPE, Keys.TAB)
    assert browser.switch_to.active_element.text == "Run this cell"
    browser.switch_to.active_element.send_keys(Keys.TAB)
    assert browser.switch_to.active_element.text == "Check q1"
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    wait_for(browser, "q1: passed")
    assert browser.switch_to.active_element.text == "Check q1"


@pytest.mark.browser
def test_starting_over_is_asked_once_and_can_be_undone(browser):
    write(browser, RIGHT)
    press(browser, "[data-question='q1'] .ck-hint summary")
    press(browser, "[data-act='start-over']")
    press(browser, "[data-ask] button:nth-of-type(2)")  # no
    assert RIGHT in one(browser, "#q1-answer").get_property("value")
    press(browser, "[data-act='start-over']")
    press(browser, "[data-ask] button")
    assert SKELETON in one(browser, "#q1-answer").get_property("value")
    assert kept(browser).get("edits") == {}
    press(browser, "[data-ask] button")  # undo
    assert RIGHT in one(browser, "#q1-answer").get_property("value")
    assert "1 of 3 hints" in one(browser, "[data-question='q1'] .ck-opened").text


@pytest.mark.browser
def test_on_a_phone_nothing_is_too_wide_and_everything_can_be_hit(browser, address):
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True},
    )
    open_page(browser, address)
    assert browser.execute_script(TOO_WIDE) <= 0
    small = browser.execute_script(
        "return [...document.querySelectorAll('article button, article summary,"
        " .ck-standing a, article textarea')].filter(one => one.offsetParent)"
        ".filter(one => one.getBoundingClientRect().height < 44)"
        ".map(one => one.textContent)"
    )
    assert small == []


def test_every_exercise_has_a_page_that_leads_back_to_its_chapter(site):
    found = sorted((site / "exercises").glob("*/*.html"))
    starters = sorted((site / "exercises").glob("*/*.ipynb"))
    assert [path.stem for path in found] == [path.stem for path in starters] != []
    for path in found:
        soup = page(path)
        chapter = f"../../{path.parent.name}/{path.stem}.html"
        assert soup.body["data-kind"] == "exercise"
        assert soup.select_one(".ck-neighbours a[rel=prev]")["href"] == chapter
        assert soup.select_one("a[download]")["href"].endswith(f"{path.stem}.ipynb")


def test_an_exercise_that_cannot_run_says_so_and_has_no_dead_buttons(site):
    soup = page(site / "exercises" / "deployment" / "prediction-service.html")
    assert "fastapi, flask and pydantic" in soup.select_one(".ck-elsewhere").get_text()
    assert soup.select("article button, article textarea") == []
    assert len(soup.select(".ck-hint")) == 15


def test_nothing_of_the_answers_is_in_a_page(site):
    for path in pages(site):
        if path.is_relative_to(site / "exercises"):
            text = path.read_text(encoding="utf-8")
            assert "BEGIN SOLUTION" not in text
            assert "evidence(" not in text


def test_the_chapter_sends_its_reader_to_the_page_first(site):
    links = page(site / f"{NAME}.html").select("p.ck-links a")
    first = next(a for a in links if "exercises/" in a["href"])
    assert first.get_text() == "Do it here"
    assert first["href"].endswith(PAGE)


def test_an_exercise_opened_as_a_file_says_what_to_do(browser, site):
    browser.get((site / PAGE).as_uri())
    assert "python -m http.server" in one(browser, ".ck-standing").text
