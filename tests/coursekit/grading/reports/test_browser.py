"""The pages in a real browser: narrow, dark, and silent."""

import pytest

from coursekit.grading import policy, reports
from coursekit.grading.safe import file_name

from .builders import HOSTILE, batch, eventful_batch, learner_result

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def folder(good, tmp_path_factory):
    out = tmp_path_factory.mktemp("reports")
    eventful = eventful_batch(good)
    hostile = [
        learner_result(good, key, 0.2, notes=[key * 3], flags=[key]) for key in HOSTILE
    ]
    both = batch(*eventful.results, *hostile, policy=eventful.policy)
    reports.write(policy.apply(both), good, out)
    return out


def show(chrome, path, width=390, scheme="light"):
    metrics = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    chrome.get(path.as_uri())


def some_pages(folder):
    keys = [
        "dora",
        "gil",
        "hal",
        HOSTILE[0],
        "x" * 10_000,
        "z" + "\u0300" * 500 + "algo",
    ]
    return [folder / "index.html"] + [
        folder / "learners" / f"{file_name(key)}.html" for key in keys
    ]


def test_no_page_scrolls_sideways_on_a_phone(chrome, folder):
    for path in some_pages(folder):
        show(chrome, path)
        script = "return document.documentElement.scrollWidth - innerWidth"
        assert chrome.execute_script(script) <= 0, path


def test_no_page_runs_or_loads_or_complains_of_anything(chrome, folder):
    for path in some_pages(folder):
        show(chrome, path)
        assert [entry["message"] for entry in chrome.get_log("browser")] == []
        script = "return performance.getEntriesByType('resource').length"
        assert chrome.execute_script(script) == 0
        assert chrome.execute_script("return document.scripts.length") == 0


def test_the_dark_theme_is_dark_and_can_be_read(chrome, folder):
    script = """
        const of = (name) => getComputedStyle(document.body)[name];
        return [of("backgroundColor"), of("color")];
    """
    for scheme in ("light", "dark"):
        show(chrome, folder / "index.html", scheme=scheme)
        back, ink = map(luminance, chrome.execute_script(script))
        assert (back < ink) == (scheme == "dark")
        assert (max(back, ink) + 0.05) / (min(back, ink) + 0.05) > 12


def luminance(colour):
    """Relative luminance as WCAG defines it, of `rgb(1, 2, 3)`."""
    channels = [int(n) / 255 for n in colour[4:-1].split(",")]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_on_paper_everything_fits_and_the_page_is_white(chrome, folder):
    show(chrome, folder / "index.html", width=700, scheme="dark")
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    back = chrome.execute_script(
        "return getComputedStyle(document.body).backgroundColor"
    )
    assert back == "rgb(255, 255, 255)"
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
