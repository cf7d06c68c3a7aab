"""Executed in Pyodide before the notebooks: gives each a kernel and fresh modules."""

import json
import random
import sys
import warnings

import course_kernel

OURS = ("coursekit", "ml_from_scratch")
collected = []


def emit(kind, payload):
    if hasattr(payload, "to_py"):
        payload = payload.to_py()
    collected.append({"kind": kind, **payload})


def taken():
    """Return what the last cell emitted, as JSON."""
    return json.dumps(collected)


def fresh_kernel():
    """Return a kernel as a new page has it: nothing of an earlier one is left."""
    for name in [name for name in sys.modules if name.split(".")[0] in OURS]:
        del sys.modules[name]
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].rcdefaults()
    warnings.resetwarnings()
    random.seed()
    return course_kernel.Kernel(emit)
