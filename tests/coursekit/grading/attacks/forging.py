"""Submissions that want marks for nothing: what they show is not what they can do.

Unless it says otherwise, an attack answers the first question honestly and forges the
others; so the points of the first also prove that the attack ran at all.
"""

from __future__ import annotations

from typing import Any

from .base import Attack, running

__all__ = ["FORGING"]


def _forge(name: str, tries: str, first: str = "", **more: Any) -> Attack:
    return running("forging", name, tries, first, **more)


def _lying(name: str, tries: str, made: str) -> Attack:
    """Make an attack whose answers to the second and third question are `made`."""
    q2 = f"def spread(x):\n    return {made}"
    q3 = f"def standardise(x):\n    return {made}"
    return _forge(name, tries, q2=q2, q3=q3)


def _liar(name: str, tries: str, body: str) -> Attack:
    """Make an attack whose answers are objects of a class of its own, `Liar`."""
    q2 = "def spread(x):\n    return Liar()"
    q3 = "def standardise(x):\n    return Liar()"
    return _forge(name, tries, body, q2=q2, q3=q3)


_ZERO = "def spread(x):\n    return 0.0"
_ZEROS = "def standardise(x):\n    return 0.0 * x"

_COMPARISONS = [
    _forge(
        "course-comparison-agrees",
        "The functions that judge and check compare with are made to agree.",
        """\
import coursekit.compare
for name in ("close", "equal", "between", "same_rows"):
    setattr(coursekit.compare, name, lambda *_, **__: None)
""",
        q2=_ZERO,
        q3=_ZEROS,
    ),
    _forge(
        "numpy-comparison-agrees",
        "NumPy's comparisons are made to agree.",
        """\
np.allclose = np.array_equal = np.array_equiv = lambda *_, **__: True
np.isclose = lambda a, *_, **__: np.ones(np.shape(a), dtype=bool)
np.testing.assert_allclose = np.testing.assert_array_equal = lambda *_, **__: None
""",
        q2=_ZERO,
        q3=_ZEROS,
    ),
    _forge(
        "judge-replaced",
        "The modules that judge are replaced by ones that give full marks.",
        """\
import sys, types
from dataclasses import dataclass

class Yes(types.ModuleType):
    def __getattr__(self, name):
        return lambda *_, **__: None

for name in ("coursekit.exercises.judge", "coursekit.exercises.court", "nbval"):
    sys.modules[name] = Yes(name)
""",
        q2=_ZERO,
        q3=_ZEROS,
    ),
    _liar(
        "equal-to-everything",
        "The answer is an object that is equal to everything, and every number.",
        """\
class Liar:
    __hash__ = object.__hash__
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __le__(self, other): return True
    __lt__ = __ge__ = __gt__ = __le__
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    def __abs__(self): return 0.0
    def __float__(self): return 0.0
    def __bool__(self): return True
""",
    ),
    _liar(
        "array-of-liars",
        "The answer becomes an array of objects that are equal to everything.",
        """\
class Same:
    __hash__ = object.__hash__
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    def __float__(self): return 0.0

class Liar:
    def __array__(self, dtype=None, copy=None):
        return np.array([Same() for _ in range(12)], dtype=object)
""",
    ),
    _liar(
        "array-that-changes",
        "The answer is another array each time that somebody looks.",
        """\
class Liar:
    looks = 0
    def __array__(self, dtype=None, copy=None):
        Liar.looks += 1
        return np.full(Liar.looks, np.nan)
""",
    ),
    _liar(
        "array-interface",
        "The answer describes memory that is not its own.",
        """\
class Liar:
    @property
    def __array_interface__(self):
        return {"shape": (1 << 40,), "typestr": "<f8", "data": (id(np), False),
                "version": 3}
""",
    ),
    _liar(
        "ufunc-override",
        "The answer takes over NumPy's functions and lets them all say yes.",
        """\
class Liar:
    __array_priority__ = 1e9
    def __array_ufunc__(self, *_, **__): return True
    def __array_function__(self, *_, **__): return True
    def __array__(self, *_, **__): return np.zeros(12)
""",
    ),
    _liar(
        "array-subclass",
        "The answer is an array whose comparisons, differences and bytes lie.",
        """\
class Array(np.ndarray):
    def __sub__(self, other): return np.zeros(np.shape(other))
    __rsub__ = __sub__
    def __eq__(self, other): return np.ones(np.shape(other), dtype=bool)
    def __array_finalize__(self, other): pass
    def __array_ufunc__(self, *_, **__): return np.bool_(True)
    def tobytes(self, *_): return b""
    def __reduce__(self): return (print, ("pwned",))

def Liar():
    return np.zeros(12).view(Array)
""",
    ),
    _liar(
        "number-subclass",
        "The answer is a number whose value depends on who asks.",
        """\
class Number(float):
    def __float__(self): return float("nan")
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    __hash__ = float.__hash__

def Liar():
    return Number(1.0)
""",
    ),
    _liar(
        "text-subclass",
        "The answer is a text that is equal to all others.",
        """\
class Text(str):
    def __eq__(self, other): return True
    __hash__ = str.__hash__
    def encode(self, *_): return b'"}, "kind": "float", "file": 0, {"'

def Liar():
    return Text("x")
""",
    ),
    _liar(
        "list-with-a-false-length",
        "The answer is a list that says it has a million million entries.",
        """\
class Liar(list):
    def __len__(self): return 10**12
    def __iter__(self): return iter(())
    def __eq__(self, other): return True
""",
    ),
    _liar(
        "dictionary-with-a-false-length",
        "The answer is a mapping that says it has one entry, and gives thousands.",
        """\
from collections.abc import Mapping
import itertools

class Liar(Mapping):
    def __getitem__(self, key): return 0
    def __len__(self): return 1
    def __iter__(self): return itertools.islice(map(str, itertools.count()), 9_000)
""",
    ),
    _liar(
        "frame-subclass",
        "The answer is a data frame whose equality always holds.",
        """\
import pandas as pd

class Frame(pd.DataFrame):
    @property
    def _constructor(self): return Frame
    def equals(self, other): return True
    def __eq__(self, other): return self

def Liar():
    return Frame({"x": np.zeros(12)})
""",
    ),
    _liar(
        "class-that-lies-about-itself",
        "The answer says that it is a float, whatever it is.",
        """\
class Liar:
    __class__ = float
    def __float__(self): raise SystemExit(0)
    def __getattr__(self, name): return lambda *_, **__: True
""",
    ),
]

_VALUES = [
    _lying("not-a-number", "NaN is different from nothing.", "np.full(12, np.nan)"),
    _lying("infinite", "An infinite tolerance needs an infinite value.", "np.inf"),
    _lying("no-dimensions", "A lone number spreads over any shape.", "np.array(0.0)"),
    _lying("no-entries", "Nothing is wrong in an empty array.", "np.zeros((0, 12))"),
    _lying("broadcast", "A row broadcasts to any shape.", "np.zeros((1, 1, 1))"),
    _lying("table-of-all", "Some row fits.", "np.linspace(-9, 9, 120).reshape(10, 12)"),
    _lying("all-masked", "Masked values are compared to nothing.",
           "np.ma.masked_all(12)"),
    _lying("true", "True is as good as any number.", "np.ones(12, dtype=bool)"),
    _lying("complex", "An imaginary part hides the difference.",
           "np.full(12, complex(np.nan, np.inf))"),
    _lying("structured", "A field may be called anything.",
           "np.zeros(12, dtype=[('value', 'f8'), ('expected', 'f8')])"),
    _lying("not-a-time", "A date that is none equals no number.",
           "np.full(12, np.datetime64('NaT'))"),
    _lying("huge-number", "No integer is large enough for all.", "10**5000"),
    _lying("code-as-text", "Somebody may evaluate the text.",
           "\"expected['value']\""),
    _lying("the-generator", "The generator goes on with what the judge draws.", "rng"),
    _lying("itself", "A list that holds itself has no end.",
           "(lambda a: a.append(a) or a)([])"),
    _lying("a-module", "A module has every name.", "np"),
    _lying("constants-by-seed", "Values found at home, one for each of some seeds.",
           "{0: 5.31, 1: 2.08, 2: 7.7}.get(seed, 3.3) + 0 * np.arange(12)"),
    _lying("another-seed", "What is right for the starter's own seed.",
           "np.random.default_rng(0 + 2).normal(size=12).std()"),
]  # fmt: skip

_WRITER = [
    _forge(
        "evidence-renamed",
        "The name `evidence` is given to a function that writes nothing.",
        "evidence = lambda *_, **__: None",
        spoils=True,
    ),
    _forge(
        "writer-patched",
        "The writer's class gives every item the values of the first question.",
        """\
kept = {}
write = type(evidence).__call__

def twin(self, name, /, **values):
    kept.update(values)
    write(self, name, **(values | {key: kept[key] for key in values if key in kept}))
    if name == "q1.values":
        write(self, "q2.value", value=float(values["value"][0]))

type(evidence).__call__ = twin
""",
        q2=_ZERO,
    ),
    _forge(
        "packer-patched",
        "Every value is packed as nothing at all.",
        """\
import coursekit.exercises.evidence as writer
writer._Packer.pack = lambda *_: {"kind": "none"}
""",
        q2=_ZERO,
        q3=_ZEROS,
        spoils=True,
    ),
    _forge(
        "writers-tools-patched",
        "The functions that put evidence on the disk are replaced.",
        """\
import json, pathlib
json.dumps = lambda *_, **__: '{"format": 1, "items": {"value": {"values": {}}}}'
np.save = lambda *_, **__: None
pathlib.Path.replace = lambda self, other: other
""",
        q2=_ZERO,
        q3=_ZEROS,
        spoils=True,
    ),
    _forge(
        "given-twice",
        "An item is written before the grader writes it.",
        'evidence("q2.value", value=1.0)',
        q2=_ZERO,
    ),
    _forge(
        "unpickled-in-the-writer",
        "The answer asks to be pickled, and runs code when it is read again.",
        """\
class Liar:
    def __reduce__(self):
        return exec, ("open('@WORLD@/@TOKEN@', 'w').close()",)
    def __array__(self, *_, **__):
        return np.array([self], dtype=object)
""",
        q2="def spread(x):\n    return Liar()",
        q3="def standardise(x):\n    return Liar()",
    ),
    _forge(
        "inputs-made-constant",
        "The seeded generator is replaced, so that one known answer is right.",
        """\
class Constant:
    def normal(self, *_, size=1, **__): return np.ones(size)
    def integers(self, *_, **__): return 5
    def uniform(self, *_, **__): return 1.0

np.random.default_rng = lambda *_: Constant()
""",
        q2=_ZERO,
        q3=_ZEROS,
        spoils=True,
    ),
    _forge(
        "seed-fixed",
        "The secret seed is set back to the one that everybody knows.",
        "seed = 0",
        q1="def centre(x):\n    return x * 0 + 1",
        q2=_ZERO,
    ),
]

_SHELL = """\
import ast

shell = get_ipython()

class Zero(ast.NodeTransformer):
    def visit_keyword(self, node):
        node.value = ast.copy_location(ast.Constant(0.0), node.value)
        return node
"""

_HOOKS = [
    _forge(
        "syntax-transformer",
        "The shell rewrites the grader's cells before they run.",
        _SHELL + "shell.ast_transformers.append(Zero())",
        q2=_ZERO,
        q3=_ZEROS,
        spoils=True,
    ),
    _forge(
        "input-transformer",
        "The shell rewrites the text of the grader's cells.",
        """\
def rewrite(lines):
    return [line.replace("seed", "0") for line in lines]

get_ipython().input_transformers_cleanup.append(rewrite)
get_ipython().input_transformers_post.append(rewrite)
""",
        q2=_ZERO,
        spoils=True,
    ),
    _forge(
        "cell-events",
        "Before every cell the inputs are replaced by zeros.",
        """\
def before(info=None):
    get_ipython().user_ns.update(seed=0, x=np.zeros(5))

for event in ("pre_execute", "pre_run_cell", "post_run_cell"):
    get_ipython().events.register(event, before)
""",
        q2=_ZERO,
        spoils=True,
    ),
    _forge(
        "names-that-watch",
        "The shell's names are a dictionary that answers every look-up.",
        """\
class Trap(dict):
    def __getitem__(self, name):
        found = dict.get(self, name)
        return (lambda *_, **__: 0.0) if found is None else found
    def __setitem__(self, name, value):
        dict.__setitem__(self, name, 0 if name == "seed" else value)

shell = get_ipython()
shell.user_ns = Trap(shell.user_ns)
""",
        q2=_ZERO,
        spoils=True,
    ),
    _forge(
        "shell-replaced",
        "Running a cell is replaced by doing nothing, and failing by succeeding.",
        """\
shell = get_ipython()
type(shell).run_cell = lambda *_, **__: None
type(shell).showtraceback = lambda *_, **__: None
""",
        q2=_ZERO,
        spoils=True,
    ),
    _forge(
        "builtins-patched",
        "The functions that everything is made of are replaced.",
        """\
import builtins
builtins.isinstance = lambda *_: True
builtins.len = lambda *_: 1
builtins.float = lambda *_: 0.0
builtins.all = builtins.any = lambda *_: True
""",
        q2=_ZERO,
        spoils=True,
        stops="TypeError RecursionError AttributeError ValueError WorkerEnded",
    ),
    _forge(
        "import-hook",
        "Whatever is imported from now on comes from the learner.",
        """\
import sys, types
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec

class Forged(MetaPathFinder, Loader):
    def find_spec(self, name, *_):
        return ModuleSpec(name, self) if name.startswith("coursekit") else None
    def create_module(self, spec):
        return types.ModuleType(spec.name)
    def exec_module(self, module):
        module.Court = module.judge = module.close = lambda *_, **__: None

sys.meta_path.insert(0, Forged())
for name in [name for name in sys.modules if name.startswith("coursekit")]:
    del sys.modules[name]
""",
        q2=_ZERO,
        spoils=True,
    ),
    _forge(
        "thread-renames",
        "A thread keeps replacing the functions between the cells.",
        """\
import threading, time

def forever(names=globals()):
    while True:
        names["spread"] = names["standardise"] = lambda x: 0.0
        time.sleep(0.0005)

threading.Thread(target=forever, daemon=True).start()
""",
        q2=_ZERO,
    ),
    _forge(
        "rewritten-at-exit",
        "When the process leaves, it writes other evidence.",
        """\
import atexit, shutil, weakref

def late(folder=evidence._folder):
    shutil.copytree(folder / "q1", folder / "q2", dirs_exist_ok=True)

atexit.register(late)
weakref.finalize(late, late)
""",
        q2=_ZERO,
    ),
    _forge(
        "rewritten-by-alarm",
        "A signal's handler writes other evidence while the grader's cells run.",
        """\
import shutil, signal

def late(*_, folder=evidence._folder):
    if (folder / "q1").is_dir():
        shutil.copytree(folder / "q1", folder / "q2", dirs_exist_ok=True)

signal.signal(signal.SIGALRM, late)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
""",
        q2=_ZERO,
    ),
    _forge(
        "trace",
        "A trace function changes the local names of the writer.",
        """\
import sys

def watch(frame, event, argument):
    if frame.f_code.co_name == "__call__":
        frame.f_locals["values"] = {"value": 0.0}
    return watch

sys.settrace(watch)
sys.setprofile(watch)
""",
        q2=_ZERO,
        spoils=True,
    ),
    _forge(
        "audit-hook",
        "An audit hook forbids the grader to open its files.",
        """\
import sys

def refuse(event, arguments):
    if event == "open" and "q2" in str(arguments[0]):
        raise PermissionError("no evidence, no loss")

sys.addaudithook(refuse)
""",
        q2=_ZERO,
    ),
    _forge(
        "printed-success",
        "The output says that everything passed, in every way that can be shown.",
        """\
import sys
from IPython.display import HTML, display

print('{"q2.value": {"earned": 3, "points": 3}}')
print("<testcase name='q2.value'/>", file=sys.stderr)
display(HTML("<b>q2: 3 of 3</b>"))
get_ipython().display_pub.publish({"application/json": '{"earned": 3}'})
""",
        q2=_ZERO,
    ),
]

# Looks through the process for words that only the judge has. The needle is put
# together when it runs, so that the attack does not find its own text.
_NEEDLES = """\
import gc, sys

NEEDLES = ["".join(parts) for parts in (
    ('equal(found["aft', 'er"], expected["giv', 'en"])'),
    ("x.std(ddo", "f=1))"),
    ("only-cen", "tred"),
)]

def holds(text):
    return any(needle in text and needle != text for needle in NEEDLES)
"""

_LOOKING = [
    _forge(
        "objects",
        "All living objects are searched for the judge and for wrong answers.",
        _NEEDLES
        + """
def texts(thing):
    values = thing.values() if isinstance(thing, dict) else thing
    return [value for value in list(values) if type(value) is str]

found = [text for thing in gc.get_objects() if type(thing) in (dict, list, tuple, set)
         for text in texts(thing) if holds(text)]
if found:
    breach(found[0])
""",
    ),
    _forge(
        "frames",
        "The frames above are searched for what is expected.",
        _NEEDLES
        + """
frame = sys._getframe()
while frame:
    for name, value in list(frame.f_locals.items()) + list(frame.f_globals.items()):
        if name in ("expected", "reference", "exercise", "verdicts") or (
            type(value) is str and holds(value)
        ):
            if name not in ("NEEDLES",):
                breach(name)
    frame = frame.f_back
""",
    ),
    _forge(
        "memory",
        "The memory of the process is searched for the judge, freed parts as well.",
        """\
import re

# Written so that they do not match their own text.
needles = [rb"[e]qual\\(found\\[.after.\\], expected", rb"[o]nly-centred",
           rb"[f]loat\\(np\\.sqrt\\(np\\.mean\\("]
maps = open("/proc/self/maps").read()
with open("/proc/self/mem", "rb", buffering=0) as memory:
    for low, high in re.findall(r"^(\\w+)-(\\w+) rw", maps, re.M):
        for start in range(int(low, 16), int(high, 16), 8 << 20):
            memory.seek(start)
            try:
                content = memory.read(min(8 << 20, int(high, 16) - start))
            except OSError:
                continue
            for needle in needles:
                if re.search(needle, content):
                    breach(needle)
""",
    ),
]


def _patched_folder(name: str, tries: str, code: str, **more: Any) -> Attack:
    """Make an attack that changes the folder of the evidence once it is written."""
    head = """\
import json, os, pathlib, shutil, socket

out = pathlib.Path(evidence._folder)
(out / "q2").mkdir(exist_ok=True)
"""
    return _forge(name, tries, q2=_ZERO, last=head + code, **more)


def _manifest(name: str, tries: str, content: str) -> Attack:
    """Make an attack that writes the manifest of the second question by hand."""
    return _patched_folder(name, tries, f"(out / 'q2/manifest.json').write_{content}")


def _value(name: str, tries: str, node: str, files: str = "{}") -> Attack:
    """Make an attack that writes the value of the second question by hand."""
    return _patched_folder(
        name,
        tries,
        f"""\
def array(descr, shape):
    head = f"{{{{'descr': {{descr}}, 'fortran_order': False, 'shape': {{shape}}}}}}\\n"
    return b"\\x93NUMPY\\x01\\x00" + len(head).to_bytes(2, "little") + head.encode()

node = {node}
items = {{"value": {{"values": {{"value": node}}}}}}
whole = {{"format": 1, "items": items}}
(out / "q2/manifest.json").write_text(json.dumps(whole))
for name, content in {files}.items():
    (out / "q2" / name).write_bytes(content)
""",
    )


def _array(name: str, tries: str, descr: str, shape: str, body: str) -> Attack:
    """Make an attack by an array whose file is written by hand."""
    files = f'{{"0.npy": array({descr!r}, {shape!r}) + {body}}}'
    return _value(name, tries, '{"kind": "array", "file": 0}', files)


_BYTES = [
    _manifest("manifest-no-json", "No JSON at all.", "text('all right, full marks')"),
    _manifest("manifest-huge", "Two megabytes of manifest.", "text(' ' * 2_000_000)"),
    _manifest("manifest-deep", "A tower of lists.", "text('[' * 400_000)"),
    _manifest("manifest-bytes", "Bytes that are no text.", "bytes(b'\\xff\\xfe{}')"),
    _manifest("manifest-list", "A list for an object.", "text('[1, 2]')"),
    _manifest(
        "manifest-other-format",
        "A format of its own, which might not be checked.",
        'text(\'{"format": 2, "earned": 3, "items": {"value": {"earned": 3}}}\')',
    ),
    _manifest(
        "manifest-name-twice",
        "The item stands twice, and one of them may be believed.",
        'text(\'{"format": 1, "items": {"value": {}, "value": {"values": {}}}}\')',
    ),
    _manifest(
        "manifest-no-values",
        "With no values there is nothing to differ.",
        'text(\'{"format": 1, "items": {"value": {"values": {}}}}\')',
    ),
    _manifest(
        "manifest-nan",
        "NaN stands in JSON where a number should.",
        'text(\'{"format": 1, "items": {"value": {"values": {"value": NaN}}}}\')',
    ),
    _value("file-elsewhere", "A name leads out of the folder.",
           '{"kind": "array", "file": "../q1/0"}'),
    _value("file-negative", "A number counts from the end.",
           '{"kind": "float", "file": -1}'),
    _value("file-true", "True is one.", '{"kind": "float", "file": True}'),
    _value("kind-unknown", "A kind that nobody foresaw.", '{"kind": "expected"}'),
    _value("kind-list", "A kind that cannot be looked up.", '{"kind": ["float"]}'),
    _manifest("number-too-long", "An integer of half a million digits.",
              "text('{\"format\": ' + '9' * 500_000 + '}')"),
    _value("bomb-of-lists", "Twenty thousand values, each of them small.",
           '{"kind": "list", "entries": [{"kind": "none"}] * 20_000}'),
    _value("keys-that-agree", "A dictionary with the keys 1 and True.",
           '{"kind": "dict", "entries": ['
           '[{"kind": "int", "value": 1}, {"kind": "none"}],'
           '[{"kind": "bool", "value": True}, {"kind": "none"}]]}'),
    _value("table-of-no-columns", "A table with a million million rows.",
           '{"kind": "frame", "rows": 10**12, "columns": []}'),
    _value("half-a-character", "Half of a pair of surrogates.",
           '{"kind": "str", "value": chr(0xD800)}'),
    _array("pickle", "An array of objects runs code when it is loaded.", "'|O'",
           "(1,)", "b'cos\\nsystem\\n(S\"touch @WORLD@/@TOKEN@\"\\ntR.'"),
    _array("shape-too-large", "A header promises what the file has not.", "'<f8'",
           "(1099511627776,)", "bytes(8)"),
    _array("shape-overflow", "The product of the shape overflows to one.", "'<f8'",
           "(4294967296, 4294967296, 1)", "bytes(8)"),
    _array("shape-negative", "A shape below zero.", "'<f8'", "(-1,)", "bytes(8)"),
    _array("shape-true", "A shape of True.", "'<f8'", "(True,)", "bytes(8)"),
    _array("no-width", "Text of no width.", "'<U0'", "(8000000,)", "b''"),
    _array("impossible-characters", "Code points that do not exist.", "'<U1'", "()",
           "b'\\xff\\xff\\xff\\xff'"),
    _array("impossible-truth", "A boolean that is 255.", "'|b1'", "()", "b'\\xff'"),
    _array("record", "Fields called found and expected.",
           "[('found', '<f8'), ('expected', '<f8')]", "()", "bytes(16)"),
    _array("code-in-the-header", "The header is an expression.",
           "__import__('os').system('touch @WORLD@/@TOKEN@')", "()", "bytes(8)"),
    _array("object-in-a-record", "A pickled object hides in a field.",
           "[('value', '|O')]", "(1,)", "b'cos\\nsystem\\n(S\"id\"\\ntR.'"),
]  # fmt: skip

_FILES = [
    _patched_folder(
        "manifest-of-another-question",
        "The evidence of the first question is handed in for the second.",
        """\
shutil.copytree(out / "q1", out / "q2", dirs_exist_ok=True)
whole = json.loads((out / "q1/manifest.json").read_text())
whole["items"] = {"value": whole["items"]["values"]}
(out / "q2/manifest.json").write_text(json.dumps(whole))
""",
    ),
    _patched_folder(
        "manifest-is-a-link",
        "The manifest is a link to a file of the host.",
        """\
(out / "q2/manifest.json").unlink(missing_ok=True)
(out / "q2/manifest.json").symlink_to("@WORLD@/expected/q2/manifest.json")
""",
    ),
    _patched_folder(
        "array-is-a-link",
        "An array is a link to the expected one.",
        """\
(out / "q2/0.npy").unlink(missing_ok=True)
(out / "q2/0.npy").symlink_to("@WORLD@/expected/q2/0.npy")
""",
    ),
    _patched_folder(
        "folder-is-a-link",
        "The folder of a question is a link to the expected one.",
        """\
shutil.rmtree(out / "q2")
(out / "q2").symlink_to("@WORLD@/expected/q2")
""",
    ),
    _patched_folder(
        "link-to-secrets",
        "A link shows a file of the grader's to whoever reads the evidence.",
        """\
(out / "q2/0.npy").unlink(missing_ok=True)
(out / "q2/0.npy").symlink_to("@WORLD@/secret.txt")
(out / "q2/1.npy").symlink_to("/proc/self/environ")
""",
    ),
    _patched_folder(
        "second-name",
        "An array is a second name of another one.",
        """\
(out / "q2/0.npy").unlink(missing_ok=True)
os.link(out / "q1/0.npy", out / "q2/0.npy")
""",
    ),
    _patched_folder(
        "pipe-for-an-array",
        "Whoever opens the array waits for ever.",
        """\
(out / "q2/0.npy").unlink(missing_ok=True)
os.mkfifo(out / "q2/0.npy")
""",
    ),
    _patched_folder(
        "pipe-for-the-manifest",
        "Whoever opens the manifest waits for ever.",
        """\
(out / "q2/manifest.json").unlink(missing_ok=True)
os.mkfifo(out / "q2/manifest.json")
""",
    ),
    _patched_folder(
        "socket-for-the-manifest",
        "The manifest is a socket.",
        """\
(out / "q2/manifest.json").unlink(missing_ok=True)
place = os.open(out / "q2", os.O_RDONLY)
listening = socket.socket(socket.AF_UNIX)
listening.bind(f"/proc/self/fd/{place}/manifest.json")
""",
    ),
    _patched_folder(
        "folder-for-the-manifest",
        "The manifest is a folder.",
        """\
(out / "q2/manifest.json").unlink(missing_ok=True)
(out / "q2/manifest.json").mkdir()
""",
    ),
    _patched_folder(
        "nobody-may-read",
        "The folder cannot be entered, and not be removed by a careless grader.",
        """\
(out / "q2/within").mkdir()
os.chmod(out / "q2/within", 0)
os.chmod(out / "q2", 0)
""",
    ),
    _patched_folder(
        "sparse-array",
        "A file of a million million bytes that takes no room.",
        """\
with open(out / "q2/0.npy", "r+b") as file:
    file.truncate(10**12)
""",
        stops="OSError",
    ),
    _patched_folder(
        "too-many-arrays",
        "More files than anybody wants to read.",
        """\
for number in range(20_000):
    (out / "q2" / f"{number}.npy").touch()
breach("20,000 files")
""",
        limits="files",
    ),
    _patched_folder(
        "strange-names",
        "Names of files that break a list, a path or a terminal.",
        """\
for name in (b"a\\nb", b"\\xff\\xfe", b"\\x1b[2J", b"x" * 255, b"-rf", b"..."):
    with open(os.fsencode(out / "q2") + b"/" + name, "wb") as file:
        file.write(b"x")
""",
    ),
    _patched_folder(
        "questions-of-its-own",
        "Folders that the grader did not ask for, deep and many.",
        """\
place = out / "q9"
for _ in range(60):
    place.mkdir()
    place = place / ("d" * 50)
for number in range(50):
    (out / f"q{number}x").mkdir()
""",
    ),
    _patched_folder(
        "out-folder-gone",
        "The folder of the evidence is removed, or put elsewhere.",
        """\
shutil.rmtree(out, ignore_errors=True)
os.chdir("/")
for child in out.glob("*"):
    breach(child)
""",
        spoils=True,
    ),
    _patched_folder(
        "published-results",
        "Results and reports are published where somebody may collect them.",
        """\
junit = '<testsuite tests="1" failures="0"><testcase name="q2.value"/></testsuite>'
for place in (out, out / "q2", pathlib.Path.cwd(), pathlib.Path("/tmp")):
    for name in ("junit.xml", "junit-judge.xml"):
        (place / name).write_text(junit)
    (place / "results.json").write_text('{"results": [{"earned": 8.0}]}')
    (place / "verdicts.json").write_text('{"mallory": [{"item": "q2.value"}]}')
    (place / "grades.csv").write_text("mallory,8")
""",
    ),
]

_PLANTED = """\
import os, pathlib, site, sys

CODE = '''
import pathlib
pathlib.Path("@WORLD@/@TOKEN@").touch()
def pytest_runtest_makereport(item, call): call.excinfo = None
'''

def plant(folder, name):
    try:
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        with open(os.path.join(folder, name), "w") as file:
            file.write(CODE)
    except OSError:
        pass
"""

_PLANTING = [
    _forge(
        "start-up-files",
        "Files that Python, pytest and IPython run when they start are planted.",
        _PLANTED
        + """
home = os.path.expanduser("~")
places = [os.getcwd(), home, "/tmp", str(evidence._folder), f"{evidence._folder}/q2",
          site.getusersitepackages(), sys.prefix, *filter(None, sys.path)]
for place in places:
    for name in ("sitecustomize.py", "usercustomize.py", "conftest.py", "numpy.py",
                 "coursekit/__init__.py", "pandas/__init__.py", "__init__.py",
                 "json.py"):
        plant(place, name)
    for name in ("pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg"):
        plant(place, name)
for name in (".ipython/profile_default/startup/00.py", ".jupyter/jupyter_config.py",
             ".config/matplotlib/matplotlibrc", ".pythonrc"):
    plant(home, name)
""",
    ),
    _forge(
        "path-files",
        "Lines of code in a path file, which every interpreter runs at its start.",
        """\
import os, site, sys

def plant(folder):
    with open(os.path.join(folder, "@TOKEN@.pth"), "w") as file:
        file.write("import os; open('@WORLD@/@TOKEN@', 'w').close()\\n")
    if not folder.startswith(os.path.expanduser("~")):
        breach(folder)

for folder in site.getsitepackages():
    plant(folder)
""",
        stops="OSError PermissionError FileNotFoundError",
    ),
    _forge(
        "environment",
        "The environment of later processes is poisoned.",
        """\
import os

os.environ.update(
    PYTHONPATH=os.getcwd(), PYTHONSTARTUP="x.py", PYTHONINSPECT="1", BASH_ENV="x",
    PYTEST_ADDOPTS="-p no:junitxml", IPYTHONDIR=os.getcwd(), JUPYTER_PATH="/tmp",
    LD_PRELOAD="/tmp/x.so", PYTHONHOME="/tmp", COURSEKIT_NO_FORK="1",
)
""",
        q2=_ZERO,
    ),
    _forge(
        "compiled-modules",
        "Compiled code is put where the grader's modules are loaded from.",
        """\
import importlib.util, coursekit.exercises.evidence as writer

with open(importlib.util.cache_from_source(writer.__file__), "wb") as file:
    file.write(b"@TOKEN@")
breach("__pycache__")
""",
        stops="OSError PermissionError FileNotFoundError",
    ),
    _forge(
        "sources",
        "The grader's own source is changed.",
        """\
import coursekit.compare

with open(coursekit.compare.__file__, "a") as file:
    breach("compare.py")
""",
        stops="OSError PermissionError",
    ),
    _forge(
        "fake-replies",
        "Replies of the runner are written into every pipe and socket.",
        """\
import os, stat

lines = [
    b'{"outputs": [], "failure": null}',
    b'{"done": true, "earned": 8, "evidence": {"q2": {}}}',
    b'{"evidence": {"q2": {"manifest.json": "e30="}}, "errors": [], "limits": []}',
]
for name in os.listdir("/proc/self/fd"):
    try:
        kind = os.fstat(int(name)).st_mode
        if int(name) > 2 and (stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind)):
            os.set_blocking(int(name), False)
            os.write(int(name), b"\\n".join(lines) + b"\\n")
    except OSError:
        pass
""",
        q2=_ZERO,
        spoils=True,
        stops="WorkerEnded",  # where the runner finds its socket not to wait
    ),
    _forge(
        "stolen-orders",
        "What the runner is told is read away from its pipes, which are then shut.",
        """\
import os

for number in range(3, 256):
    try:
        os.set_blocking(number, False)
        os.read(number, 1_000_000)
        os.close(number)
    except OSError:
        pass
""",
        q2=_ZERO,
        spoils=True,
        stops="WorkerEnded",
    ),
]

FORGING = [
    *_COMPARISONS,
    *_VALUES,
    *_WRITER,
    *_HOOKS,
    *_LOOKING,
    *_BYTES,
    *_FILES,
    *_PLANTING,
]
