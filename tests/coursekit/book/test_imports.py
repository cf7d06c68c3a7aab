import pytest

from coursekit.book.imports import Resolver, exports_only, parse


@pytest.fixture
def resolver(tmp_path):
    files = {
        "lib/__init__.py": '"""Lib."""\nfrom lib.a import f\nfrom lib.b import g\n',
        "lib/a.py": "import numpy\nfrom lib import low\n\ndef f():\n    import scipy\n",
        "lib/b.py": "import pandas\n",
        "lib/low.py": "",
        "lib/sub/__init__.py": "from .deep import h as renamed\nMADE = 1\n",
        "lib/sub/deep.py": "from ..low import x\n",
        "lib/sub/other.py": "from . import deep\n",
        "lib/lazy/__init__.py": (
            "import importlib\n\ndef __getattr__(name):\n"
            "    return importlib.import_module('lib.lazy.late')\n"
        ),
        "lib/lazy/late.py": "",
        "lib/busy/__init__.py": "from lib.b import g\n\ng()\n",
        "lib/busy/x.py": "",
        "app/__init__.py": "",
        "app/serve.py": "from lib import f\n",
        "app/__main__.py": "import app.serve\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Resolver({"lib": tmp_path / "lib", "app": tmp_path / "app"})


def modules(resolver, *code):
    return {
        name for name in resolver.uses(code).modules if not name.endswith("__init__.py")
    }


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import numpy", set()),
        ("from lib.b import g", {"lib/b.py"}),
        ("from lib import b", {"lib/b.py"}),
        ("import lib.b", {"lib/b.py"}),
        ("import lib.b as bee", {"lib/b.py"}),
        ("import lib.b\nlib.f()", {"lib/b.py", "lib/a.py", "lib/low.py"}),
        ("from lib import f", {"lib/a.py", "lib/low.py"}),
        ("from lib import *", {"lib/a.py", "lib/low.py", "lib/b.py"}),
        ("import lib", {"lib/a.py", "lib/low.py", "lib/b.py"}),
        ("from lib.sub import renamed", {"lib/sub/deep.py", "lib/low.py"}),
        (
            "from lib.sub import other",
            {"lib/sub/other.py", "lib/sub/deep.py", "lib/low.py"},
        ),
        ("def later():\n    from lib import b", {"lib/b.py"}),
        ("from lib.lazy import anything", {"lib/lazy/late.py"}),
        ("from lib.busy import x", {"lib/busy/x.py", "lib/b.py"}),
        ("serve('app.serve:make')", {"app/serve.py", "lib/a.py", "lib/low.py"}),
        (
            "run([sys.executable, '-m', 'app'])",
            {"app/__main__.py", "app/serve.py", "lib/a.py", "lib/low.py"},
        ),
        ("find_spec('app')", set()),
        ("%timeit 1\n!ls\nfrom lib import b", {"lib/b.py"}),
        ("from lib import b\nthis is not Python", {"lib/b.py"}),
        ("if TYPE_CHECKING:\n    from lib import b", set()),
        ("await x\nfrom lib import b", {"lib/b.py"}),
    ],
)
def test_exactly_the_modules_that_a_piece_of_code_reaches_are_found(
    resolver, code, expected
):
    assert modules(resolver, code) == expected


def test_a_docstring_that_mentions_a_module_does_not_use_it(resolver):
    assert modules(resolver, 'def f():\n    """See lib.b."""') == set()


def test_packages_of_others_are_found_through_ours_but_python_is_not(resolver):
    uses = resolver.uses(["import os, sklearn.svm\nfrom lib.a import f"])
    assert uses.others == {"sklearn", "numpy", "scipy"}


def test_a_new_export_does_not_change_a_package_that_only_exports(resolver, tmp_path):
    before = resolver.uses(["from lib import b"]).modules
    init = tmp_path / "lib" / "__init__.py"
    init.write_text(init.read_text() + "from lib.low import x\n__all__ = ['x']\n")
    again = Resolver({"lib": tmp_path / "lib"})
    assert again.uses(["from lib import b"]).modules == before


def test_what_a_package_makes_itself_is_part_of_it(tmp_path, resolver):
    before = resolver.uses(["from lib.sub import MADE"]).modules
    init = tmp_path / "lib" / "sub" / "__init__.py"
    init.write_text(init.read_text().replace("MADE = 1", "MADE = 2"))
    again = Resolver({"lib": tmp_path / "lib"})
    assert again.uses(["from lib.sub import MADE"]).modules != before


def test_an_init_that_calls_something_does_more_than_export():
    assert exports_only(parse('"""Doc."""\nfrom a import b\nX = [1]\n'))
    assert not exports_only(parse("from a import b\nb()\n"))


def test_the_real_library_is_followed_one_module_at_a_time():
    from coursekit.book.layout import here

    uses = Resolver(here().packages).uses(["from ml_from_scratch import numeric"])
    assert "ml_from_scratch/numeric.py" in uses.modules
    assert "ml_from_scratch/drift.py" not in uses.modules
    inside = Resolver(here().packages).uses(["from ml_from_scratch.optim import Adam"])
    assert "ml_from_scratch/optim/optimizers.py" in inside.modules
    assert "ml_from_scratch/optim/curvature.py" not in inside.modules
