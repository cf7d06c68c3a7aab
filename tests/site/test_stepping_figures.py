"""The graph, the queue and the event loop in a real browser, moved in every way."""

import re
import time

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from coursekit.book.serve import served

from .browser import start

pytestmark = pytest.mark.browser
PAGES = {
    "graph-stepper": "deep-learning/autograd",
    "queue-simulator": "system-design/capacity-and-scaling",
    "event-loop": "deployment/prediction-service",
}
LAST = 12  # steps of the graph
_SMALLEST = """
const svg = arguments[0].querySelector("svg");
const unit = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
return Math.min(...[...svg.querySelectorAll("text")]
  .map((text) => parseFloat(getComputedStyle(text).fontSize) * unit));
"""
_OUTSIDE = """
const svg = arguments[0].querySelector("svg");
const box = svg.getBoundingClientRect();
return [...svg.querySelectorAll("text")].filter((text) => {
  const { left, right, top, bottom } = text.getBoundingClientRect();
  return left < box.left - 1 || right > box.right + 1
    || top < box.top - 3 || bottom > box.bottom + 3;
}).map((text) => text.textContent);
"""


@pytest.fixture(scope="module")
def address(site):
    with served(site) as found:
        yield found


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    made = start(tmp_path_factory.mktemp("profile"))
    yield made
    made.quit()


class Figure:
    """A figure on its page, as a reader handles it."""

    def __init__(self, browser, address, name, width=1280):
        self.browser = browser
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get(f"{address}/{PAGES[name]}.html")
        self.element = browser.find_element("tag name", name)
        self.run("arguments[0].scrollIntoView({block: 'start'})")
        WebDriverWait(browser, 10).until(
            lambda _: self.run("return Boolean(arguments[0].state)")
        )

    def run(self, script):
        return self.browser.execute_script(script, self.element)

    def find(self, selector):
        return self.element.find_element("css selector", selector)

    def slider(self, name):
        return self.find(f"input[type=range][data-name={name}]")

    def press(self, action):
        self.find(f"[data-do={action}]").click()

    def keys(self, name, *keys):
        self.slider(name).send_keys(*keys)

    @property
    def says(self):
        return self.find(".ck-figure-says").text.replace("\N{MINUS SIGN}", "-")

    @property
    def picture(self):
        return self.run("return arguments[0].querySelector('svg > g').innerHTML")

    @property
    def step(self):
        return int(re.search(r"\d+", self.find(".ck-place").text)[0])


@pytest.fixture
def graph(browser, address):
    return Figure(browser, address, "graph-stepper")


@pytest.fixture
def queue(browser, address):
    return Figure(browser, address, "queue-simulator")


@pytest.fixture
def loop(browser, address):
    return Figure(browser, address, "event-loop")


def test_the_graph_is_stepped_through_and_back_with_its_buttons(graph):
    seen = [graph.says]
    for _ in range(LAST):
        graph.press("next")
        seen.append(graph.says)
    assert len(set(seen)) == LAST + 1
    assert graph.step == LAST
    assert graph.find("[data-do=next]").get_attribute("aria-disabled") == "true"
    graph.press("next")  # does nothing more
    assert graph.says == seen[-1]
    for expected in reversed(seen[:-1]):
        graph.press("back")
        assert graph.says == expected


def test_the_graph_is_stepped_with_the_keyboard_alone(graph):
    graph.run("arguments[0].querySelector('[data-do=next]').focus()")
    for key in (Keys.ENTER, Keys.SPACE, Keys.ENTER):
        graph.browser.switch_to.active_element.send_keys(key)
    assert graph.step == 3
    assert graph.says.startswith("Forward: h = tanh z")
    graph.keys("w", Keys.HOME)
    assert "= -1.000" in graph.says  # tanh(-2 * 2 - 0.4)
    assert graph.step == 3  # an input changes, the step stays


def test_the_graph_plays_until_it_is_paused(graph):
    graph.press("play")
    WebDriverWait(graph.browser, 10).until(lambda _: graph.step >= 1)
    assert graph.find("[data-do=play]").text == "Pause"
    graph.press("play")
    stopped = graph.step
    time.sleep(2)
    assert graph.step == stopped


def test_reset_brings_the_first_state_back(graph):
    first = graph.picture
    graph.keys("b", Keys.ARROW_RIGHT)
    graph.press("next")
    assert graph.picture != first
    graph.press("reset")
    assert graph.picture == first
    assert graph.step == 0


def test_a_gradient_that_is_not_yet_complete_can_be_seen(graph):
    for _ in range(7):
        graph.press("next")
    assert "0.926" not in graph.picture
    graph.press("next")
    assert "0.926" in graph.picture


def test_arrow_keys_move_the_arrivals_and_the_formula_follows(queue):
    assert queue.says.startswith("50 % busy: the mean wait is 10.0 ms by the formula")
    queue.keys("rate", *[Keys.ARROW_RIGHT] * 8)
    assert queue.says.startswith("90 % busy: the mean wait is 90.0 ms by the formula")
    queue.keys("rate", Keys.END)
    assert "without end" in queue.says
    queue.keys("servers", Keys.END)
    assert queue.says.startswith("50 % busy")


def test_the_pointer_moves_a_slider(queue):
    slider = queue.slider("rate")
    across = slider.size["width"] // 4
    before = queue.picture
    actions = ActionChains(queue.browser).move_to_element(slider)
    actions.click_and_hold().move_by_offset(-across, 0).release().perform()
    assert queue.picture != before
    assert float(slider.get_attribute("value")) != 50


def test_the_kind_of_service_is_chosen_by_label_and_by_key(queue):
    heavy = queue.find("input[value=heavy]")
    heavy.find_element("xpath", "..").click()
    assert "the mean wait is 28.8 ms" in queue.says  # 2.875 times 10 ms
    heavy.send_keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert queue.find("input[value=same]").is_selected()
    assert "the mean wait is 5.0 ms" in queue.says


def test_another_draw_moves_the_cross_and_not_the_formula(queue):
    formula = queue.says.partition(", ")[0]
    before = queue.picture
    queue.keys("seed", Keys.ARROW_RIGHT)
    assert queue.picture != before
    assert queue.says.partition(", ")[0] == formula


def test_what_moved_is_told_when_it_has_settled(queue):
    queue.keys("rate", Keys.ARROW_RIGHT)
    told = queue.find("[role=status]")
    WebDriverWait(queue.browser, 5).until(
        lambda _: told.get_attribute("textContent") == queue.says
    )


def test_one_thread_frees_the_loop_and_eight_the_clients(loop):
    assert loop.says.startswith("19.6 answers a second")
    assert "100 % busy" in loop.says
    loop.keys("threads", Keys.ARROW_RIGHT)
    assert loop.says.startswith("20.0 answers a second")
    assert "waits 0.0 ms" in loop.says
    loop.keys("threads", *[Keys.ARROW_RIGHT] * 7)
    assert float(loop.says.split()[0]) > 150


def test_the_threads_read_out_says_what_none_means(loop):
    shown = loop.find(".ck-read[data-name=threads]")
    assert shown.text == "none, on the loop"
    slider = loop.slider("threads")
    assert slider.get_attribute("aria-valuetext") == "none, on the loop"
    loop.keys("threads", Keys.ARROW_RIGHT)
    assert shown.text == "1"


def test_sliders_of_the_loop_redraw_its_timeline(loop):
    for name in ("clients", "length", "share"):
        before = loop.picture
        loop.keys(name, Keys.ARROW_LEFT)
        assert loop.picture != before, name


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [390, 1280])
def test_letters_are_large_enough_and_inside(browser, address, name, width):
    figure = Figure(browser, address, name, width)
    ends = [
        slider.get_attribute("data-name")
        for slider in figure.element.find_elements("css selector", "input[type=range]")
    ]
    for key in (None, Keys.END, Keys.HOME):
        for slider in ends if key else []:
            figure.keys(slider, key)
        if name == "graph-stepper":
            for _ in range(LAST):
                figure.press("next")
        assert figure.run(_SMALLEST) >= 11
        assert figure.run(_OUTSIDE) == []


@pytest.mark.parametrize("name", PAGES)
def test_the_first_picture_is_the_one_of_the_build(browser, address, site, name):
    figure = Figure(browser, address, name)
    html = (site / f"{PAGES[name]}.html").read_text(encoding="utf-8")
    assert re.search(r"<p class=\"ck-figure-says\">(.*?)</p>", html)[1] == figure.says
    built = figure.browser.execute_script(
        "return new DOMParser().parseFromString(arguments[0], 'text/html')"
        ".querySelector(arguments[1] + ' svg > g').innerHTML",
        html,
        name,
    )
    assert built == figure.picture
