"""Figures that move: their first state, drawn by the build, and their scripts."""

import gzip
import re
import subprocess

import pytest
from bs4 import BeautifulSoup

from coursekit.site import figures as module
from coursekit.site.figures import FOLDER, FigureError, classic, draw
from coursekit.site.node import node_program

NAMES = sorted(path.stem for path in FOLDER.glob("*-*.js"))
WIRE = 6_500  # bytes of a figure with its kit, compressed


def drawn(name, **given):
    made = draw(name, alt='What "it" <shows>.', key="figure-3", given=given)
    return BeautifulSoup(made.html, "html.parser")


def text_of(name):
    return (FOLDER / f"{name}.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_the_first_state_stands_in_the_page(name):
    inside = drawn(name)
    picture = inside.select_one("svg[role=img]")
    assert picture["aria-label"] == 'What "it" <shows>.'
    assert picture["aria-describedby"] == "figure-3-text"
    assert len(picture.find("g").find_all(True)) > 5
    assert len(inside.select_one(".ck-figure-says").get_text()) > 20
    assert inside.select_one("[role=status]").get_text() == ""
    assert not re.search(r"NaN|undefined|Infinity|null", str(inside))


@pytest.mark.parametrize("name", NAMES)
def test_every_control_has_a_name_and_a_value_to_be_read(name):
    inside = drawn(name)
    assert inside.select("input, .ck-handle, [data-do=next]")
    for slider in inside.select("input[type=range]"):
        assert inside.select_one(f"label[for='{slider['id']}']").get_text()
        read = inside.select_one(f".ck-read[data-name='{slider['data-name']}']")
        assert slider["aria-valuetext"] == read.get_text()
        assert float(slider["min"]) <= float(slider["value"]) <= float(slider["max"])
    for handle in inside.select(".ck-handle"):
        assert handle["role"] == "slider"
        assert handle["tabindex"] == "0"
        assert handle["aria-label"]
        assert re.fullmatch(r"x \S+, y \S+", handle["aria-valuetext"])
        low, now, high = (
            float(handle[f"aria-value{w}"]) for w in ("min", "now", "max")
        )
        assert low <= now <= high
    for tick in inside.select("input[type=checkbox], input[type=radio]"):
        assert tick.find_parent("label").get_text(strip=True)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_use_without_scripts_says_so(name):
    inside = drawn(name)
    for control in inside.select("input, button, .ck-handle"):
        assert control.find_parents(class_="ck-live") or "ck-live" in control["class"]


def test_no_identifier_is_used_twice_on_a_page_with_two_of_a_figure():
    pair = [draw("loss-surface", alt="A.", key=f"figure-{n}").html for n in (1, 2)]
    found = re.findall(r' id="([^"]+)"', "".join(pair))
    assert len(found) == len(set(found)) > 2


def test_attributes_give_other_first_values():
    inside = drawn("loss-surface", rate="0.12", start="-3 1")
    assert inside.select_one("input[data-name=rate]")["value"] == "0.12"
    assert inside.select_one(".ck-handle")["aria-valuetext"] == "x \u22123.0, y 1.0"
    assert "diverges" in inside.select_one(".ck-figure-says").get_text()


@pytest.mark.parametrize("rate", ["9", "-9", "much", ""])
def test_a_value_that_makes_no_sense_stays_in_range(rate):
    slider = drawn("loss-surface", rate=rate).select_one("input[data-name=rate]")
    assert slider["value"] in {"0.16", "0.001", "0.07"}


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("no-figure", {}, "no figure of that name"),
        ("loss-surface", {"rat": "1"}, "it has no rat; it has rate, momentum, start"),
    ],
)
def test_what_is_not_there_is_named(name, given, says):
    with pytest.raises(FigureError, match=re.escape(says)):
        draw(name, alt="A.", key="figure-1", given=given)


def test_a_figure_that_throws_is_named_and_the_next_is_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    (tmp_path / "kit.js").write_text(text_of("kit"), encoding="utf-8")
    (tmp_path / "a-fault.js").write_text("throw new Error('on purpose');")
    (tmp_path / "loss-surface.js").write_text(text_of("loss-surface"), encoding="utf-8")
    with pytest.raises(FigureError, match="on purpose"):
        draw("a-fault", alt="A.", key="figure-1")
    assert draw("loss-surface", alt="A.", key="figure-1").title


@pytest.mark.parametrize("name", NAMES)
def test_kit_and_figure_are_one_classic_script(name, tmp_path):
    script = classic(text_of("kit"), text_of(name))
    assert not re.search(r"^\s*(import|export)\b", script, flags=re.MULTILINE)
    path = tmp_path / "script.cjs"
    # A page's stand-in: the element is defined when the script has run.
    page = (
        "const made = [];\n"
        "globalThis.HTMLElement = class {};\n"
        "globalThis.customElements = "
        "{ get: () => undefined, define: (name) => made.push(name) };\n"
    )
    path.write_text(f"{page}{script}console.log(made.join());\n", encoding="utf-8")
    done = subprocess.run(
        [node_program(), path], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == name


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_and_its_kit_weigh_little_over_the_wire(name):
    script = classic(text_of("kit"), text_of(name))
    assert len(gzip.compress(script.encode())) <= WIRE
