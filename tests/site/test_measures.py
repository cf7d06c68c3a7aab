"""Every page by the site's measures, in a real browser (`measuring.py`).

What takes seconds a page is measured on a sample, another every day, and on all pages
in `make audit`.
"""

import datetime as dt
import os
from pathlib import Path

import pytest

from . import site_tools
from .checking import pages
from .measuring import SETTINGS, hosted, lighthouse, load, violations
from .sampling import sample

pytestmark = pytest.mark.browser
needs_tools = pytest.mark.skipif(
    not site_tools.found() and os.environ.get("CI") != "true",
    reason="axe and Lighthouse are not there: run tests/site/site_tools.py",
)
KILOBYTE = 1000
# Every seventh page: with two processes about two minutes.
SHARE = 7


@pytest.fixture(scope="module")
def address(site):
    with hosted(site) as url:
        yield url


def name_of(path, site):
    return path.relative_to(site).as_posix()


@pytest.fixture(scope="module")
def sampled(site, audit):
    found = pages(site)
    return found if audit else sample(found, site, dt.date.today(), SHARE)


@pytest.fixture(scope="module")
def loads(site, address, chrome):
    """Every page as it loads on a phone, without a cache."""
    names = [name_of(path, site) for path in pages(site)]
    return {name: load(chrome, f"{address}/{name}") for name in names}


def beyond(loads, measure, bound):
    return {n: m for n, found in loads.items() if (m := measure(found)) > bound}


def test_a_page_without_its_pictures_weighs_under_200_kilobytes(loads):
    heavy = beyond(loads, lambda o: o.bytes - o.picture_bytes, 200 * KILOBYTE)
    assert heavy == {}


def test_a_page_asks_for_few_files(loads):
    # The page, a style sheet, a script, KaTeX's sheet and fonts, modules, pictures.
    assert beyond(loads, lambda o: o.requests, 40) == {}


def test_nothing_moves_while_a_page_loads(loads):
    assert beyond(loads, lambda o: o.shift, 0.1) == {}


def test_no_page_asks_another_server_for_anything(loads):
    assert {n: o.elsewhere for n, o in loads.items() if o.elsewhere} == {}


def test_no_page_has_a_script_error_or_a_missing_file(loads):
    assert {n: o.errors for n, o in loads.items() if o.errors} == {}


@needs_tools
@pytest.mark.parametrize(("width", "theme"), SETTINGS)
def test_axe_finds_nothing(site, address, chrome, sampled, width, theme):
    names = [name_of(path, site) for path in sampled]
    found = {n: violations(chrome, f"{address}/{n}", width, theme) for n in names}
    assert {n: rules for n, rules in found.items() if rules} == {}


@needs_tools
def test_lighthouse_gives_full_marks_for_all_that_is_not_speed(
    site, address, sampled, tmp_path, audit
):
    # Its speed depends on what else the machine does: `python -m benchmarks.site`.
    chosen = sampled if audit else sampled[:3]
    names = [name_of(path, site) for path in chosen]
    found = lighthouse([f"{address}/{n}" for n in names], tmp_path / "profile")
    wanted = ("accessibility", "best-practices", "seo")
    lacking = {
        one["address"]: one["wanting"]
        for one in found
        if min(one["scores"][category] for category in wanted) < 100
    }
    assert lacking == {}


def kinds(folder, *named):
    for name, kind in named:
        path = folder / name
        path.write_text(f'<body data-page="x" data-kind="{kind}">')
        yield path


def test_a_sample_has_every_kind_and_over_its_days_every_page(tmp_path):
    named = [(f"{i}.html", "front" if i == 0 else "plain") for i in range(30)]
    paths = list(kinds(tmp_path, *named))
    days = [dt.date(2026, 1, 1) + dt.timedelta(i) for i in range(SHARE)]
    chosen = [sample(paths, tmp_path, day, SHARE) for day in days]
    assert all(tmp_path / "0.html" in one for one in chosen)
    assert set().union(*chosen) == set(paths)
    assert max(map(len, chosen)) < len(paths)


def test_a_page_outside_the_frame_is_not_measured_as_another(tmp_path):
    Path(tmp_path / "x.html").write_text("<body>")
    with pytest.raises(ValueError, match="no kind"):
        sample([tmp_path / "x.html"], tmp_path, dt.date(2026, 1, 1), 1)
