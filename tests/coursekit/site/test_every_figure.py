"""What holds for every figure that moves, in every state that a reader can bring about.

A new file in `static/figures` is tested here without being named.
"""

import gzip
import itertools
import random
import re
import xml.etree.ElementTree as ET

import pytest

from coursekit.site.figures import FOLDER

RANDOM_STATES = 200
NAMES = sorted(file.stem for file in FOLDER.glob("*-*.js"))
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", re.IGNORECASE)
# "precision undefined" is what it is called where nothing is predicted.
BROKEN = re.compile(r"NaN|(?<!precision )undefined|Infinity|\[object|null")
FAR = 1e6  # units, where browsers begin to draw wrongly
LETTER = 0.034 * 0.55  # a letter's width on a phone, as a share of the picture's


def on_grid(low, high, step, rng):
    """One of the values that a slider can take."""
    return min(high, round(low + step * rng.randint(0, round((high - low) / step)), 10))


def values_of(control):
    """The ends of a control's range, or all that it can be."""
    if "options" in control:
        return [name for name, _ in control["options"]]
    if isinstance(control["value"], bool):
        return [False, True]
    return [control["min"], control["max"]]


def random_value(control, rng):
    if "min" not in control:
        return rng.choice(values_of(control))
    return on_grid(control["min"], control["max"], control["step"], rng)


class Space:
    """The states of a figure."""

    def __init__(self, figures, name):
        self.figures, self.name = figures, name
        self.controls = self.read("controls")
        self.points = self.read("points")
        self.stepper = figures.has(name, "figure.steps")

    def read(self, field):
        return self.figures.call(self.name, "figure").get(field, [])

    def first(self):
        state = {control["name"]: control["value"] for control in self.controls}
        state |= {point["name"]: [point["x"], point["y"]] for point in self.points}
        return self.at_step(state, 0)

    def at_step(self, state, share):
        if not self.stepper:
            return state
        last = self.figures.call(self.name, "figure.steps", state | {"step": 0})
        return state | {"step": round(share * last)}

    def ends(self):
        """Every control at its ends, every point in its corners, every step's ends."""
        for control, share in itertools.product(self.controls, (0, 0.5, 1)):
            for value in values_of(control):
                yield self.at_step(self.first() | {control["name"]: value}, share)
        for point in self.points:
            for corner in itertools.product(*point["range"]):
                yield self.at_step(self.first() | {point["name"]: list(corner)}, 1)

    def corners(self):
        """All controls at an end at once."""
        choices = [values_of(control) for control in self.controls]
        names = [control["name"] for control in self.controls]
        for values in itertools.islice(itertools.product(*choices), 64):
            yield self.at_step(self.first() | dict(zip(names, values, strict=True)), 1)

    def at_random(self, rng):
        state = {c["name"]: random_value(c, rng) for c in self.controls}
        for point in self.points:
            state[point["name"]] = [rng.uniform(*span) for span in point["range"]]
        return self.at_step(state, rng.random())

    def all(self):
        rng = random.Random(0)
        yield from [self.first(), self.at_step(self.first(), 1)]
        yield from self.ends()
        yield from self.corners()
        yield from (self.at_random(rng) for _ in range(RANDOM_STATES))


def faults(drawn, size):
    """What is wrong with a picture and its sentence."""
    picture, says = drawn["picture"], drawn["says"]
    if missing := BROKEN.search(picture + says):
        yield f"a value is missing: {missing[0]}"
        return
    if not re.fullmatch(r"[^a-z\s].{10,}[.?]", says):
        yield f"not a sentence: {says!r}"
    try:
        root = ET.fromstring(f"<svg>{picture}</svg>")
    except ET.ParseError as error:
        yield f"no XML: {error}"
        return
    for element in root.iter():
        yield from misplaced(element, size)


def misplaced(element, size):
    """What of an element is outside the picture, with its letters as on a phone.

    Curves and their dots may leave it, where it cuts them, but not by far.
    """
    width, height = size
    place = {key: float(element.get(key, 0)) for key in ("x", "y")}
    if element.tag == "rect":
        right = place["x"] + float(element.get("width"))
        bottom = place["y"] + float(element.get("height"))
        if min(place["x"], place["y"]) < -1 or right > width + 1 or bottom > height + 1:
            yield f"a rectangle to {right}, {bottom}"
    if element.tag == "text":
        yield from misplaced_text(element, place, size)
    for key in ("points", "d", "cx", "cy", "x1", "x2", "y1", "y2", "r"):
        numbers = [float(found) for found in NUMBER.findall(element.get(key, ""))]
        if any(abs(value) > FAR for value in numbers):
            yield f"{element.tag} goes to {max(map(abs, numbers))}"


def misplaced_text(element, place, size):
    width, height = size
    if "transform" in element.attrib:
        return
    text = "".join(element.itertext())
    span = len(text) * LETTER * width
    left = {"start": 0, "middle": -span / 2, "end": -span}[
        element.get("text-anchor", "start")
    ]
    start = place["x"] + left
    if start < -4 or start + span > width + 4 or not 8 <= place["y"] <= height:
        yield f"the text {text!r} from {start:.0f} to {start + span:.0f}"


@pytest.mark.parametrize("name", NAMES)
def test_no_state_breaks_it(figures, name):
    space = Space(figures, name)
    size = figures.call(name, "figure.size")
    found = {}
    count = 0
    for state in space.all():
        count += 1
        for fault in faults(figures.drawn(name, **state), size):
            found.setdefault(fault, state)
    assert count > RANDOM_STATES
    assert not found, "\n".join(f"{fault}: {state}" for fault, state in found.items())


@pytest.mark.parametrize("name", NAMES)
def test_the_handles_of_its_points_stay_in_the_picture(figures, name):
    width, height = figures.call(name, "figure.size")
    for point in Space(figures, name).points:
        for x, y in itertools.product(*point["range"]):
            assert 0 <= figures.call(name, "figure.scale.x", x) <= width
            assert 0 <= figures.call(name, "figure.scale.y", y) <= height


@pytest.mark.parametrize("name", NAMES)
def test_every_control_has_a_name_of_its_own_and_a_value_in_its_range(figures, name):
    space = Space(figures, name)
    names = [item["name"] for item in [*space.controls, *space.points]]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z][a-z0-9]*", given) for given in names)
    for control in space.controls:
        assert control["label"]
        if "min" in control:
            assert control["min"] <= control["value"] <= control["max"]
            # the slider can stand on the value that it has at first
            steps = (control["value"] - control["min"]) / control["step"]
            assert steps == pytest.approx(round(steps), abs=1e-6)
        else:
            assert control["value"] in values_of(control)
    assert figures.call(name, "figure.title")
    assert figures.call(name, "figure.name") == name


@pytest.mark.parametrize("name", NAMES)
def test_every_control_changes_what_is_seen(figures, name):
    """A control that changes nothing anywhere is no control."""
    space = Space(figures, name)
    rng = random.Random(1)
    for control in space.controls:
        states = [space.first(), space.at_step(space.first(), 1)]
        states += [space.at_random(rng) for _ in range(10)]
        assert any(
            len({str(figures.drawn(name, **state | {control["name"]: value}))
                 for value in values_of(control)}) > 1
            for state in states
        ), control["name"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_model_gives_the_same_twice(figures, name):
    state = Space(figures, name).first()
    assert figures.drawn(name, **state) == figures.drawn(name, **state)


@pytest.mark.parametrize("file", [*NAMES, "kit"])
def test_its_file_is_small(file):
    text = (FOLDER / f"{file}.js").read_bytes()
    assert len(gzip.compress(text, 9)) <= 5_000


def test_the_faults_that_are_looked_for_are_found():
    good = {"picture": '<circle cx="5" cy="5" r="1"/>', "says": "It is 12 high."}
    assert list(faults(good, [100, 100])) == []
    for change in (
        {"picture": '<circle cx="NaN" cy="5"/>'},
        {"picture": '<text x="undefined" y="5">a</text>'},
        {"picture": '<circle cx="1999999" cy="5"/>'},
        {"picture": '<text x="99" y="50">too long for the box</text>'},
        {"picture": '<rect x="5" y="5" width="100" height="5"/>'},
        {"picture": '<path d="M0 0L1e7 3"/>'},
        {"picture": "<g>"},
        {"says": ""},
        {"says": "undefined is not a number."},
    ):
        assert list(faults(good | change, [100, 100])), change
