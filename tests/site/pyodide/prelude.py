"""Executed in Pyodide before the notebooks: gives each a kernel and fresh modules."""

import importlib
import json
import random
import sys
import warnings

OURS = ("coursekit", "ml_from_scratch")
collected = []


def emit(kind, payload):
    """Keep what a cell emits; pictures without their bytes."""
    data = {
        name: "" if name.startswith("image/") else text
        for name, text in payload.get("data", {}).items()
    }
    collected.append({"kind": kind, **payload, "data": data})


def taken():
    """Return what was emitted since the last call, as JSON."""
    text = json.dumps(collected)
    collected.clear()
    return text


def fresh_kernel():
    """Return a kernel as a new page has it: nothing of an earlier one is left."""
    for name in [name for name in sys.modules if name.split(".")[0] in OURS]:
        del sys.modules[name]
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].rcdefaults()
    warnings.resetwarnings()
    random.seed()
    return importlib.import_module("course_kernel").Kernel(emit)
