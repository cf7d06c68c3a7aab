"""Call a figure's mathematics in Node from a test.

The functions of a figure are the ones that run in the reader's browser; a test gives
them numbers and holds the answer against the library::

    def test_the_loss(figures):
        found = figures.model("loss-surface", rate=0.07, momentum=0.0, start=[-9, 2])
"""

import json
import math
import subprocess
from pathlib import Path

import numpy as np

from coursekit.site.figures import FOLDER
from coursekit.site.node import node_program

_SCRIPT = Path(__file__).with_name("figure_bridge.mjs")
_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class FigureError(Exception):
    """What a figure's function threw."""


class Undefined:
    """JavaScript's undefined, which no figure should give."""


class Figures:
    """One Node process that calls what the figures' modules export."""

    def __init__(self, folder=FOLDER):
        self.folder = folder
        self.process = subprocess.Popen(
            [node_program(), "--no-warnings", str(_SCRIPT), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def names(self):
        """The figures: what is in the folder and no part of the kit."""
        return sorted(f.stem for f in self.folder.glob("*-*.js"))

    def call(self, module, path, *args):
        """Call (or read) an export, such as "figure.model" or "figure.controls"."""
        request = {"module": module, "path": path, "args": args}
        line = json.dumps(_sendable(request), allow_nan=False)
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        said = self.process.stdout.readline()
        if not said:
            raise FigureError(f"Node ended while it ran {path} of {module}.")
        answer = json.loads(said, object_hook=_revived)
        if "error" in answer:
            raise FigureError(f"{module}, {path}: {answer['error']}")
        return answer["value"]

    def has(self, module, path):
        """Say whether a module has an export of that name."""
        return self.call(module, "has", path)

    def model(self, name, **state):
        """The mathematics of a figure, for a state."""
        return self.call(name, "figure.model", state)

    def drawn(self, name, **state):
        """The picture and the sentence of a figure, for a state."""
        return self.call(name, "drawn", state)

    def close(self):
        """End the process: its input closed, it stops by itself."""
        self.process.communicate(timeout=10)


def _sendable(value):
    """Give JSON what it has no words for, and lists for arrays."""
    if isinstance(value, dict):
        return {key: _sendable(entry) for key, entry in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        return _sendable(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_sendable(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        word = "NaN" if math.isnan(value) else "Infinity"
        return {"$": f"-{word}" if value < 0 else word}
    return value


def _revived(entry):
    if entry.keys() != {"$"}:
        return entry
    return _WORDS.get(entry["$"], Undefined())
